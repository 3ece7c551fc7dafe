"""Attempts whose end should be known by now become somebody's task: unknown is never final."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from prorata import clock
from prorata.events.publish import publish
from prorata.invoices.models import Invoice
from prorata.payments.gateways.base import GatewayError, GatewayUnreachable
from prorata.payments.look import look_now
from prorata.payments.models import PaymentAttempt
from prorata.payments.record_capture import Mismatch
from prorata.payments.registry import UnknownGateway
from prorata.trail.write import note

State = PaymentAttempt.State
# An answer that was lost is found within minutes. Money on its way between banks takes days. A page whose invoice is closed
# is closed with it.
UNKNOWN_FOR = timedelta(hours=1)
PROCESSING_FOR = timedelta(days=14)


class CannotClose(Exception):
    """One line that says why an attempt is not closed by hand; nothing was changed."""


def assign_overdue() -> int:
    """Mark what is over its deadline, once each; publishes payment.overdue. Returns how many."""
    now = clock.now()
    late = _late(now).filter(overdue_at=None).order_by("created_at")
    count = 0
    for pk in late.values_list("pk", flat=True)[:200]:
        with transaction.atomic():
            attempt = PaymentAttempt.objects.select_for_update(no_key=True).get(pk=pk)
            if attempt.state in PaymentAttempt.OPEN and attempt.overdue_at is None:
                attempt.overdue_at = now
                attempt.save(update_fields=["overdue_at"])
                publish("payment.overdue", id=attempt.invoice_id)
                count += 1
    return count


def overdue() -> int:
    """How many wait for somebody now."""
    return PaymentAttempt.objects.filter(state__in=PaymentAttempt.OPEN, overdue_at__isnull=False).count()


def close_by_hand(attempt: PaymentAttempt, *, reason: str, actor: str, actor_name: str) -> PaymentAttempt:
    """Staff know from the payment service itself that nothing was taken: the attempt has failed, and another may begin.

    The gateway is asked once more. Money that comes in spite of it is booked when it shows, as account credit.
    Raises CannotClose where the attempt is not overdue or the gateway knows better.
    """
    try:
        attempt = look_now(attempt.pk)
    except (GatewayUnreachable, UnknownGateway):
        pass  # that is what it waited for; or the gateway was taken out of the configuration, and nobody can be asked
    except (Mismatch, GatewayError) as problem:
        raise CannotClose(f"The payment service says: {problem}") from problem
    with transaction.atomic():
        attempt = PaymentAttempt.objects.select_for_update(no_key=True).get(pk=attempt.pk)
        if attempt.state not in PaymentAttempt.OPEN:
            raise CannotClose(f"It ended meanwhile: {attempt.get_state_display().lower()}.")
        if attempt.overdue_at is None:
            raise CannotClose("It is not overdue: the payment service is still being asked by itself.")
        if attempt.state == State.PROCESSING:
            raise CannotClose("The payment service says that money is on its way. Wait, or ask it there.")
        before, attempt.state, attempt.ended_at = attempt.state, State.FAILED, clock.now()
        attempt.reason = "Nothing was taken. You can pay again."
        attempt.save(update_fields=["state", "ended_at", "reason"])
        publish("payment.failed", id=attempt.invoice_id)
        note(
            "payment.closed", attempt, actor=actor, actor_name=actor_name, customer_id=attempt.invoice.customer_id,
            reason=reason, changed={"state": (before, attempt.state)},
        )  # fmt: skip
    return attempt


def _late(now: datetime) -> QuerySet[PaymentAttempt]:
    closed = [Invoice.Status.CANCELLED, Invoice.Status.EXPIRED, Invoice.Status.PAID]
    return PaymentAttempt.objects.filter(
        Q(state__in=[State.CREATED, State.UNKNOWN], created_at__lt=now - UNKNOWN_FOR)
        | Q(state=State.PROCESSING, created_at__lt=now - PROCESSING_FOR)
        | Q(state=State.REDIRECTED, invoice__status__in=closed, created_at__lt=now - UNKNOWN_FOR)
    )
