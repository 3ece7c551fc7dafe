"""Book by itself what cannot be mistaken: the money carries the reference of exactly one awaited transfer, and is one
payment: of a sum of several, one reference says nothing about the rest."""

from __future__ import annotations

import logging

from prorata.payments.bank import BANK
from prorata.payments.bank.allocate import CannotAssign, to_invoice
from prorata.payments.bank.models import Allocation, BankAccount, StatementLine
from prorata.payments.bank.reference import found_in, shown
from prorata.payments.models import PaymentAttempt

log = logging.getLogger(__name__)


def attempt_of(text: str, account: BankAccount) -> PaymentAttempt | None:
    """The one attempt, open or ended, whose reference stands in the text, and whose invoice is of the seller and in the
    currency of the account."""
    references = found_in(text)
    if not references:
        return None
    found = list(
        PaymentAttempt.objects.filter(gateway=BANK, gateway_ref__in=references).select_related(
            "invoice__customer"
        )[:2]
    )
    if len(found) != 1 or found[0].invoice.seller_id != account.seller_id:
        return None
    return found[0] if found[0].currency == account.currency else None


def match(line_id: int) -> Allocation | None:
    """Assign a line that was never assigned, if its reference says to what. Repeat-safe."""
    line = StatementLine.objects.select_related("account").get(pk=line_id)
    if line.amount_minor < 0 or line.several or line.allocations.exists():
        return None
    attempt = attempt_of(line.text, line.account)
    if attempt is None:
        return None
    try:
        return to_invoice(
            line, attempt.invoice_id, attempt_id=attempt.pk, automatic=True,
            reason=f"reference {shown(attempt.gateway_ref)}",
        )  # fmt: skip
    except CannotAssign as taken:  # somebody was faster
        log.info("line %s: %s", line_id, taken)
        return None
