"""Jobs of the payments room. Each is a wake-up: what there is to do stands in our own rows."""

from __future__ import annotations

import logging
from datetime import timedelta

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from prorata import clock
from prorata.invoices.models import Invoice
from prorata.payments.expire import expire_checkouts
from prorata.payments.handle_event import handle_event as handle
from prorata.payments.look import look
from prorata.payments.models import PaymentAttempt, Refund
from prorata.payments.reconcile import reconcile_all
from prorata.payments.record_capture import Mismatch
from prorata.payments.refund import settle_refund

log = logging.getLogger(__name__)
# A gateway that is down is asked again soon, then less and less often, for about an hour; the sweep goes on after that.
PATIENT = RetryStrategy(max_attempts=10, exponential_wait=2)
# An attempt is looked at by itself after so many seconds without news, doubled with each look up to an hour.
FIRST_LOOK = 20.0


@app.task(name="payments.handle_event", retry=PATIENT)
def handle_event(id: int) -> None:
    handle(id)


@app.periodic(cron="* * * * * */10")
@app.task(name="payments.sweep", queueing_lock="payments.sweep")
def sweep(timestamp: int) -> None:
    """A webhook may never come, and a customer may never return: open attempts are looked at until they are known."""
    now = clock.machine_now()
    for attempt in PaymentAttempt.objects.filter(state__in=PaymentAttempt.OPEN).order_by("checked_at")[:200]:
        wait = timedelta(seconds=min(FIRST_LOOK * 2 ** min(attempt.checks, 8), 3600))
        if attempt.checked_at is None or now - attempt.checked_at >= wait:
            try:
                seen = look(attempt.pk)
                if seen.invoice.status != Invoice.Status.OPEN:
                    expire_checkouts(seen.invoice)  # its page could not be closed when the invoice was
            except Mismatch as problem:
                log.error("attempt %s: %s", attempt.pk, problem)
            except Exception:  # one bad payment must not keep the others waiting
                log.exception("attempt %s could not be looked at", attempt.pk)
    for refund in Refund.objects.filter(state__in=Refund.OPEN).order_by("checked_at")[:50]:
        wait = timedelta(seconds=min(FIRST_LOOK * 2 ** min(refund.checks, 8), 3600))
        if refund.checked_at is None or now - refund.checked_at >= wait:
            try:
                settle_refund(refund.pk)
            except Exception:  # one bad refund must not keep the others waiting
                log.exception("refund %s could not be looked at", refund.pk)


@app.periodic(cron="41 3 * * *")
@app.task(name="payments.reconcile", queueing_lock="payments.reconcile", retry=PATIENT)
def reconcile_daily(timestamp: int) -> None:
    """What happened at the gateways in the last days and no webhook told."""
    reconcile_all()
