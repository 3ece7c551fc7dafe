"""Look at a gateway's truth about one attempt and act on it. Every road leads here: redirect, webhook, poller, staff."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from prorata import clock
from prorata.customers.lock import lock_customer
from prorata.events.publish import publish
from prorata.invoices.models import Invoice
from prorata.payments.bank import BANK
from prorata.payments.book_money_back import book_money_back
from prorata.payments.complete import complete
from prorata.payments.gateways.base import Completion, GatewayPayment, GatewayRefused, GatewayUnreachable
from prorata.payments.models import PaymentAttempt
from prorata.payments.record_capture import Mismatch, record_captures
from prorata.payments.registry import gateway
from prorata.payments.saved_methods import keep

State = PaymentAttempt.State
# A call of ours may still be on its way to the gateway for so long; before that, "never heard of it" proves nothing.
ON_ITS_WAY = timedelta(minutes=1)
# A later look never moves an attempt back: the gateway's answers may arrive in any order.
FORWARD = {
    "open": (State.CREATED, State.UNKNOWN),
    "processing": (State.CREATED, State.REDIRECTED, State.UNKNOWN),
    "failed": PaymentAttempt.OPEN,
    "cancelled": PaymentAttempt.OPEN,
}


def look(attempt_id: uuid.UUID | str) -> PaymentAttempt:
    """Fetch the payment of one attempt and record what is new; returns the attempt as it stands then.

    A gateway that does not answer leaves the attempt as it is: unknown is never final. Raises Mismatch, DoesNotExist.
    """
    try:
        return look_now(attempt_id)
    except GatewayUnreachable:
        return PaymentAttempt.objects.select_related("invoice").get(pk=attempt_id)


def look_now(attempt_id: uuid.UUID | str) -> PaymentAttempt:
    """As `look`, for a caller that comes again by itself: raises GatewayUnreachable when nothing was learned."""
    attempt = PaymentAttempt.objects.select_related("invoice").get(pk=attempt_id)
    if attempt.gateway == BANK:
        return attempt  # nobody can be asked: its statements tell by themselves
    adapter = gateway(attempt.gateway)
    PaymentAttempt.objects.filter(pk=attempt.pk).update(
        checked_at=clock.machine_now(), checks=attempt.checks + 1
    )
    try:
        payment = (
            adapter.fetch(attempt.gateway_ref)
            if attempt.gateway_ref
            else adapter.find(str(attempt.pk), since=_made(attempt))
        )
    except GatewayRefused:
        if not attempt.gateway_ref or not isinstance(adapter, Completion):
            raise
        return _vanished(attempt)
    if payment is None:
        return _never_arrived(attempt)
    assert_ours(attempt, payment, adapter.payee)
    try:
        taken = complete(attempt, payment, adapter)
    except GatewayUnreachable:
        PaymentAttempt.objects.filter(pk=attempt.pk).update(checks=0)  # perhaps taken: looked at again soon
        raise
    return record(attempt, taken or payment, payee=adapter.payee, taken=taken is not None)


def _made(attempt: PaymentAttempt) -> datetime:
    """The machine's time before which our call was not made. The business clock is never slower, so this is no later."""
    return clock.machine_now() - (clock.now() - attempt.created_at)


def assert_ours(found: PaymentAttempt, payment: GatewayPayment, payee: str) -> None:
    """The payment is the one this attempt asked for, of our account, of our kind of money. Raises Mismatch."""
    if payment.attempt_id != str(found.pk) or payment.payee != payee:
        raise Mismatch(
            f"payment {payment.ref} is of attempt {payment.attempt_id}, payee {payment.payee}: not ours"
        )
    if payment.live == settings.PRORATA_SANDBOXES_ALLOWED:
        raise Mismatch(f"payment {payment.ref} is {'real' if payment.live else 'test'} money: not ours")


def record(
    found: PaymentAttempt, payment: GatewayPayment, *, payee: str, taken: bool = False
) -> PaymentAttempt:
    """Second transaction: lock from the top, then book captures and move the attempt forward.

    `taken`: this is the answer to our taking approved money, so its end is known. Raises Mismatch: for a payment that is
    not ours before anything is booked, for money that went back and does not fit our books once all that fits is.
    """
    assert_ours(found, payment, payee)
    attempt, strange = _record(found, payment, taken=taken)
    if strange:
        raise Mismatch(f"payment {payment.ref}: {'; '.join(strange)}")
    return attempt


@transaction.atomic
def _record(
    found: PaymentAttempt, payment: GatewayPayment, *, taken: bool
) -> tuple[PaymentAttempt, list[str]]:
    lock_customer(found.invoice.customer_id)
    invoice = (
        Invoice.objects.select_for_update(of=("self",), no_key=True)
        .select_related("service")
        .get(pk=found.invoice_id)
    )
    attempt = PaymentAttempt.objects.select_for_update(no_key=True).get(pk=found.pk)
    if not attempt.gateway_ref:
        attempt.gateway_ref = payment.ref
    if taken or payment.state not in ("open", "cancelled") or not _being_taken(attempt):
        attempt.taking_at = None
    if payment.captures:
        if payment.state == "succeeded" and attempt.state != State.SUCCEEDED:
            attempt.state, attempt.ended_at, attempt.reason = State.SUCCEEDED, clock.now(), ""
    elif payment.state == "cancelled" and attempt.taking_at is not None:
        pass  # our call to take it may still arrive; the sweep closes it when that is known
    elif attempt.state in FORWARD.get(payment.state, ()):
        _forward(attempt, payment)
    elif payment.reason and attempt.state in PaymentAttempt.OPEN:
        attempt.reason = payment.reason[:200]  # a declined card: the page stays open for another one
    attempt.save(update_fields=["state", "ended_at", "gateway_ref", "reason", "taking_at"])
    record_captures(attempt, invoice, payment)  # may take a legal number: last
    strange = book_money_back(attempt, invoice, payment)
    keep(attempt, payment)
    return attempt, strange


def _forward(attempt: PaymentAttempt, payment: GatewayPayment) -> None:
    attempt.state = State.REDIRECTED if payment.state == "open" else State(payment.state)
    attempt.reason = payment.reason[:200]
    if attempt.state not in PaymentAttempt.OPEN:
        attempt.ended_at = clock.now()
    if attempt.state == State.FAILED:
        publish("payment.failed", id=attempt.invoice_id)


def _being_taken(attempt: PaymentAttempt) -> bool:
    """Whether a call of ours to take the money may still be on its way."""
    return attempt.taking_at is not None and clock.machine_now() - attempt.taking_at < ON_ITS_WAY


@transaction.atomic
def _vanished(attempt: PaymentAttempt) -> PaymentAttempt:
    """The gateway forgot a payment that nobody took the money of, and nothing can come of it any more."""
    if not _being_taken(attempt):
        waiting = [State.CREATED, State.REDIRECTED, State.UNKNOWN]
        ended = PaymentAttempt.objects.filter(pk=attempt.pk, state__in=waiting).update(
            state=State.FAILED, ended_at=clock.now(), taking_at=None, reason="It was not paid in time."
        )
        if ended:
            publish("payment.failed", id=attempt.invoice_id)
        attempt.refresh_from_db()
    return attempt


@transaction.atomic
def _never_arrived(attempt: PaymentAttempt) -> PaymentAttempt:
    """The gateway has no such payment: our call never reached it, and after a while nothing can come of it any more."""
    if clock.now() - attempt.created_at < ON_ITS_WAY:
        return attempt
    if PaymentAttempt.objects.filter(pk=attempt.pk, state__in=[State.CREATED, State.UNKNOWN]).update(
        state=State.FAILED,
        ended_at=clock.now(),
        reason="The payment service never received it; nothing was taken.",
    ):
        publish("payment.failed", id=attempt.invoice_id)
    attempt.refresh_from_db()
    return attempt
