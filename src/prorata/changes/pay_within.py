"""How long a change waits for its money, by payment method; never past the end of the term."""

from __future__ import annotations

from datetime import datetime, timedelta

from prorata.invoices.models import Invoice
from prorata.payments.bank.accounts import account_for
from prorata.payments.methods import method

# A card answers while the customer looks.
AT_ONCE = timedelta(hours=1)


def pay_within(method_code: str, seller_id: int, currency: str) -> timedelta:
    """From the submit on. A transfer takes the days that are written with the seller's account."""
    chosen = method(method_code)
    account = account_for(seller_id, currency) if chosen is not None and chosen.is_transfer else None
    return timedelta(days=account.pay_within_days) if account else AT_ONCE


def deadline_by(invoice: Invoice, method_code: str) -> datetime:
    """Until when an open invoice would wait if this method were chosen now: as if it had been chosen at Submit, and never
    sooner than it waits already."""
    until = invoice.created_at + pay_within(method_code, invoice.seller_id, invoice.currency)
    if invoice.service is not None:
        until = min(until, invoice.service.term_ends_at)
    return max(until, invoice.pay_until)
