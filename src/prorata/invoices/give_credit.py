"""Write a credit note and put what it gives into the customer's purses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal

from prorata.credit.move import Movement, move
from prorata.credit.purse import account_purse, gifted_purse
from prorata.customers.lock import assert_locked
from prorata.customers.models import Customer
from prorata.events.publish import publish
from prorata.invoices.line_facts import LineFacts
from prorata.invoices.models import CreditNote, CreditNoteLine, Invoice, Seller
from prorata.invoices.numbers import take
from prorata.invoices.parties import parties
from prorata.invoices.sources import Layers, keep_sources
from prorata.ledger import accounts
from prorata.pricing.funding import Returned
from prorata.services.models import Service

# Gifted credit that returns is usable for at least this long, even if its own time is nearly over.
GRACE = timedelta(days=14)


@dataclass(frozen=True, kw_only=True)
class NoteLine(LineFacts):
    """Amounts given back, positive, in minor units; `exact` in major units."""

    component: str
    text: str
    exact: Decimal
    net_minor: int
    tax_minor: int


def give_credit(
    *,
    seller: Seller,
    buyer: Customer,
    service: Service,
    invoice: Invoice | None,
    origin: str,
    reason: Literal["reduced", "reversed"],
    lines: Sequence[NoteLine],
    layers: Layers,
    tax_rate: Decimal,
    tax_label: str,
    returned: Returned,
    gifted_expires_at: datetime | None,
    at: datetime,
    actor: str,
) -> CreditNote:
    """Book `lines` back to the customer: cash to account credit, gifted to gifted credit. Publishes credit.booked.

    `layers` are the paid layers that were taken back, per component; none where a paid change was not delivered.
    """
    assert_locked(service.customer_id)
    assert buyer.pk == service.customer_id, f"{buyer.pk} does not own service {service.pk}"
    net, tax = sum(line.net_minor for line in lines), sum(line.tax_minor for line in lines)
    assert net + tax == returned.cash_minor + returned.gifted_minor, (
        f"{origin}: {net}+{tax} is not {returned}"
    )
    currency = service.currency
    transfer = move(
        customer_id=service.customer_id, currency=currency,
        movements=_into_purses(service, returned, gifted_expires_at, origin, at), key=f"credit:{reason}:{origin}",
        what=reason,
        against=[
            (accounts.deferred_revenue(currency), net),
            (accounts.tax_payable(f"{tax_rate.normalize():f}", currency), tax),
        ],
        origin=origin, at=at, actor=actor,
    )  # fmt: skip
    note = CreditNote.objects.create(
        seller=seller, customer=buyer, **parties(seller, buyer), service=service, invoice=invoice,
        origin=origin, reason=reason, currency=currency,
        net_minor=net, tax_minor=tax, gross_minor=net + tax, tax_rate=tax_rate, tax_label=tax_label, at=at,
        cash_minor=returned.cash_minor, gifted_minor=returned.gifted_minor, transfer_id=transfer,
        number=take(seller.pk, "credit_note"),
    )  # fmt: skip
    written = CreditNoteLine.objects.bulk_create(
        CreditNoteLine(credit_note=note, position=position, **vars(line))
        for position, line in enumerate(lines, start=1)
    )
    keep_sources(note, written, layers)
    publish("credit.booked", id=note.pk)
    return note


def _into_purses(
    service: Service, returned: Returned, gifted_expires_at: datetime | None, origin: str, at: datetime
) -> list[Movement]:
    customer, currency, movements = service.customer_id, service.currency, []
    if returned.cash_minor:
        movements.append(Movement(account_purse(customer, currency).pk, returned.cash_minor))
    if returned.gifted_minor:
        until = max(gifted_expires_at or at, at + GRACE)
        movements.append(Movement(gifted_purse(customer, currency, until, origin).pk, returned.gifted_minor))
    return movements
