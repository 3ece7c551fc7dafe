"""Settle an invoice that is covered: the ledger entries, its legal number, and the news that it is paid."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from prorata.credit.models import Purse
from prorata.credit.move import Movement, move
from prorata.credit.pledge import post_held
from prorata.customers.lock import assert_locked
from prorata.events.publish import publish
from prorata.invoices.models import Invoice
from prorata.invoices.numbers import settle_with_number
from prorata.ledger import accounts
from prorata.ledger.post import Legs, post


def earned(invoice: Invoice) -> Legs:
    """What a settled invoice credits: revenue for time not yet served, and tax."""
    return [
        (accounts.deferred_revenue(invoice.currency), -invoice.net_minor),
        (accounts.tax_payable(f"{invoice.tax_rate.normalize():f}", invoice.currency), -invoice.tax_minor),
    ]


def settle_from_purses(
    invoice: Invoice, parts: Sequence[tuple[Purse, int]], *, at: datetime, actor: str
) -> None:
    """Settle an invoice that purses cover wholly, in the transaction that wrote it."""
    assert_locked(invoice.customer_id)
    move(
        customer_id=invoice.customer_id, currency=invoice.currency, movements=[Movement(p.pk, -n) for p, n in parts],
        against=earned(invoice), key=f"settle:{invoice.reference}", what="spent", origin=invoice.origin, at=at, actor=actor,
    )  # fmt: skip
    settle_with_number(invoice.pk, invoice.seller_id, at)


def settle(invoice: Invoice, *, at: datetime, actor: str) -> None:
    """Settle an open invoice whose pledges and received money cover it; publishes invoice.paid.

    The money received stands as a credit on the customer's receivable already; pledges are posted here.
    """
    assert_locked(invoice.customer_id)
    assert invoice.due_minor == 0, f"{invoice.reference} is not covered: {invoice.due_minor} are due"
    pledged = post_held(origin=invoice.origin, at=at) if invoice.credit_minor else 0
    assert pledged == invoice.credit_minor, (
        f"{invoice.reference}: {pledged} pledged, {invoice.credit_minor} expected"
    )
    legs = [
        (accounts.pledged(invoice.customer_id, invoice.currency), pledged),
        (accounts.receivable(invoice.customer_id, invoice.currency), invoice.received_minor),
        *earned(invoice),
    ]
    post(
        key=f"settle:{invoice.reference}",
        kind="settled",
        origin=invoice.origin,
        legs=legs,
        at=at,
        actor=actor,
    )
    publish("invoice.paid", id=invoice.pk)
    settle_with_number(invoice.pk, invoice.seller_id, at)
