"""Close an invoice that will not be paid: pledges go back, money that had come becomes account credit."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from prorata.credit.move import Movement, move
from prorata.credit.pledge import void
from prorata.credit.purse import account_purse
from prorata.customers.lock import assert_locked
from prorata.invoices.models import Invoice
from prorata.ledger import accounts


def close(invoice: Invoice, status: Literal["cancelled", "expired"], *, at: datetime, actor: str) -> None:
    """Cancel or expire an open invoice. Partial money that waited on it is credited to the customer at once."""
    assert_locked(invoice.customer_id)
    void(
        customer_id=invoice.customer_id, currency=invoice.currency, origin=invoice.origin, at=at, actor=actor
    )
    if invoice.received_minor:
        purse = account_purse(invoice.customer_id, invoice.currency)
        receivable = accounts.receivable(invoice.customer_id, invoice.currency)
        move(
            customer_id=invoice.customer_id, currency=invoice.currency,
            movements=[Movement(purse.pk, invoice.received_minor)], against=[(receivable, invoice.received_minor)],
            key=f"partial:{invoice.reference}", what="returned", origin=invoice.origin, at=at, actor=actor,
        )  # fmt: skip
    invoice.status, invoice.closed_at = status, at
    invoice.save(update_fields=["status", "closed_at"])
