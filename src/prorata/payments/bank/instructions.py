"""What a customer must type at the bank, and where the transfer stands."""

from __future__ import annotations

from dataclasses import dataclass

from prorata.invoices.models import Invoice
from prorata.payments.bank.accounts import account_for
from prorata.payments.bank.models import BankAccount
from prorata.payments.bank.reference import shown
from prorata.payments.bank.wait import waiting
from prorata.payments.models import PaymentAttempt


@dataclass(frozen=True, kw_only=True)
class Instructions:
    """`amount_minor` is what is still due; a part that has come is taken off already."""

    attempt: PaymentAttempt
    account: BankAccount
    reference: str
    amount_minor: int


def instructions(invoice: Invoice) -> Instructions | None:
    """None where no transfer is awaited, or the account was closed to customers meanwhile."""
    attempt = waiting(invoice)
    account = account_for(invoice.seller_id, invoice.currency) if attempt else None
    if attempt is None or account is None or invoice.due_minor <= 0:
        return None
    return Instructions(
        attempt=attempt, account=account, reference=shown(attempt.gateway_ref), amount_minor=invoice.due_minor
    )
