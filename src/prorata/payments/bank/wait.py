"""The attempt that waits for a transfer: begun when the customer chooses it, ended when he pays otherwise or too late."""

from __future__ import annotations

import uuid

from django.db import transaction

from prorata import clock
from prorata.customers.lock import assert_locked, lock_customer
from prorata.events.publish import publish
from prorata.invoices.models import Invoice
from prorata.payments.bank import BANK
from prorata.payments.bank.reference import new_reference
from prorata.payments.models import PaymentAttempt

State = PaymentAttempt.State


def transfer_page(invoice: Invoice) -> str:
    """Where the portal tells the customer what to type at the bank."""
    return f"/invoices/{invoice.reference}/transfer"


def begin_waiting(attempt: PaymentAttempt, invoice: Invoice) -> None:
    """Give a fresh attempt its reference. There is nobody to call: it waits from this moment on."""
    assert_locked(invoice.customer_id)
    attempt.gateway_ref, attempt.redirect_url = new_reference(), transfer_page(invoice)
    attempt.state = State.REDIRECTED
    attempt.save(update_fields=["gateway_ref", "redirect_url", "state"])
    publish("transfer.awaited", id=invoice.pk)


def waiting(invoice: Invoice) -> PaymentAttempt | None:
    """The attempt that waits for a transfer, if one does."""
    return PaymentAttempt.objects.filter(invoice=invoice, gateway=BANK, state__in=PaymentAttempt.OPEN).first()


def is_awaited(attempt: PaymentAttempt) -> bool:
    """Whether this attempt waits for a transfer."""
    return attempt.gateway == BANK and attempt.state in PaymentAttempt.OPEN


def stop_waiting(attempt: PaymentAttempt) -> None:
    """End it, whether a part has come or nothing. The customer must be locked. Its reference stays known: money that comes
    with it later is booked as money for this invoice, or becomes account credit."""
    if attempt.state not in PaymentAttempt.OPEN:
        return
    attempt.state = State.SUCCEEDED if attempt.captures.exists() else State.CANCELLED
    attempt.ended_at = clock.now()
    attempt.save(update_fields=["state", "ended_at"])


@transaction.atomic
def stop_waiting_for(attempt_id: uuid.UUID) -> None:
    """As `stop_waiting`, as an entry action that locks."""
    found = PaymentAttempt.objects.select_related("invoice").get(pk=attempt_id)
    lock_customer(found.invoice.customer_id)
    stop_waiting(PaymentAttempt.objects.select_for_update(no_key=True).get(pk=found.pk))
