"""Jobs of the payments room. Each is a wake-up: what there is to do stands in our own rows."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from prorata import clock
from prorata.events.defer import defer
from prorata.invoices.models import Invoice
from prorata.payments.bank import BANK
from prorata.payments.expire import expire_checkouts
from prorata.payments.handle_event import handle_event as handle
from prorata.payments.look import look
from prorata.payments.models import InboxEvent, PaymentAttempt, Refund, SavedMethod
from prorata.payments.overdue import assign_overdue
from prorata.payments.reconcile import reconcile
from prorata.payments.record_capture import Mismatch
from prorata.payments.refund import settle_refund
from prorata.payments.saved_methods import tell_gateway

log = logging.getLogger(__name__)
# A gateway that is down is asked again soon, then less and less often, for about an hour; the sweep goes on after that.
PATIENT = RetryStrategy(max_attempts=10, exponential_wait=2)
# What is open is looked at by itself after so many seconds without news, doubled with each look up to an hour.
WAITS = [timedelta(seconds=min(20 * 2**checks, 3600)) for checks in range(9)]
# So many in one sweep; the next one goes on.
MOST_ATTEMPTS, MOST_METHODS, MOST_REFUNDS = 200, 20, 50
# By then the job of a webhook has tried for the last time.
GIVEN_UP = timedelta(hours=1)


@app.task(name="payments.handle_event", retry=PATIENT)
def handle_event(id: int) -> None:
    handle(id)


@app.periodic(cron="13 3 * * *")
@app.task(name="payments.reconcile", queueing_lock="payments.reconcile", retry=PATIENT)
def reconcile_all(timestamp: int) -> None:
    """Every gateway's own list of what happened, against our books."""
    for code in settings.PRORATA_GATEWAYS:
        reconcile(code)


@app.periodic(cron="*/5 * * * *")
@app.task(name="payments.assign_overdue", queueing_lock="payments.assign_overdue")
def hand_over(timestamp: int) -> None:
    """Attempts whose end should be known by now become somebody's task."""
    assign_overdue()


def _worth_a_look() -> QuerySet[PaymentAttempt]:
    """Open attempts, but a transfer only once its invoice is closed: for as long as it is awaited there is nobody to ask.
    Nobody can be asked either of a gateway that was taken out of the configuration."""
    unasked = Q(gateway=BANK, invoice__status=Invoice.Status.OPEN)
    asked = PaymentAttempt.objects.filter(
        state__in=PaymentAttempt.OPEN, gateway__in=[*settings.PRORATA_GATEWAYS, BANK]
    )
    return asked.exclude(unasked)


def _due(now: datetime) -> Q:
    """Whose time to be looked at has come. What need not be looked at yet must not take the places of what must."""
    due = Q(checked_at=None)
    for checks, wait in enumerate(WAITS[:-1]):
        due |= Q(checks=checks, checked_at__lte=now - wait)
    return due | Q(checks__gte=len(WAITS) - 1, checked_at__lte=now - WAITS[-1])


@app.periodic(cron="7 * * * *")
@app.task(name="payments.take_up", queueing_lock="payments.take_up")
def take_up(timestamp: int) -> None:
    """A webhook that still waits after its job gave up gets another one: none is forgotten."""
    waiting = InboxEvent.objects.filter(
        state=InboxEvent.State.WAITING, received_at__lt=clock.machine_now() - GIVEN_UP
    )
    with transaction.atomic():
        for pk, ref in waiting.order_by("received_at").values_list("pk", "gateway_ref")[:500]:
            defer("payments.handle_event", lock=f"payment:{ref}", id=pk)


@app.periodic(cron="* * * * * */10")
@app.task(name="payments.sweep", queueing_lock="payments.sweep")
def sweep(timestamp: int) -> None:
    """A webhook may never come, and a customer may never return: open attempts are looked at until they are known."""
    due, longest_ago = _due(clock.machine_now()), F("checked_at").asc(nulls_first=True)
    for attempt in _worth_a_look().filter(due).order_by(longest_ago)[:MOST_ATTEMPTS]:
        try:
            seen = look(attempt.pk)
            if seen.invoice.status != Invoice.Status.OPEN:
                expire_checkouts(seen.invoice)  # its page could not be closed when the invoice was
        except Mismatch as problem:
            log.error("attempt %s: %s", attempt.pk, problem)
        except Exception:  # one bad payment must not keep the others waiting
            log.exception("attempt %s could not be looked at", attempt.pk)
    removed = SavedMethod.objects.filter(gateway__in=settings.PRORATA_GATEWAYS, removed_at__isnull=False)
    for method in removed.filter(forgotten_at=None).order_by("removed_at")[:MOST_METHODS]:
        tell_gateway(method)
    for refund in Refund.objects.filter(due, state__in=Refund.OPEN).order_by(longest_ago)[:MOST_REFUNDS]:
        try:
            settle_refund(refund.pk)
        except Exception:  # one bad refund must not keep the others waiting
            log.exception("refund %s could not be looked at", refund.pk)
