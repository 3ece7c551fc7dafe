"""What invoice and change page show of a payment: its state, the way to pay, and what came."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from prorata import clock
from prorata.changes.models import SoldTerm
from prorata.customers.models import User
from prorata.customers.scope import may
from prorata.invoices.models import Invoice
from prorata.payments.bank.instructions import instructions
from prorata.payments.receipts import Receipt, captures, receipts
from prorata.portal.pay_choice import pay_choice
from prorata.portal.payment_words import Bought, told


def payment_part(request: HttpRequest, invoice: Invoice, term: SoldTerm | None = None) -> dict[str, Any]:
    """The context of the payment's parts. The invoice comes with its seller, customer and attempts, newest first."""
    assert isinstance(request.user, User)
    pay = told(invoice, clock.now(), bought(term))
    came = receipts(list(captures().filter(attempt__invoice=invoice))) if _tried(invoice) else []
    return {
        "pay": pay, "choice": pay_choice(request.session, invoice, pay.state), "receipts": came,
        "transfer": instructions(invoice) if pay.state.key == "transfer" else None,
        "may_pay": may(request.user, invoice.customer_id, "pay"),
        # What did not simply pay the invoice is told in a sentence of its own.
        "astray": [one for one in came if not one.taken_back_at and _astray(one)],
    }  # fmt: skip


def bought(term: SoldTerm | None) -> Bought:
    """What an invoice is for: a term that was sold, or a change."""
    if term is None:
        return "change"
    return "renewal" if term.kind == "renewal" else "purchase"


def _astray(one: Receipt) -> bool:
    return bool(one.to_credit_minor or one.held_minor or one.returned_line)


def _tried(invoice: Invoice) -> bool:
    return bool(invoice.attempts.all())
