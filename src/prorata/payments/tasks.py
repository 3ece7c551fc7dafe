"""Jobs of the payments room. Each is a wake-up: what there is to do stands in our own rows."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from prorata import clock
from prorata.events.defer import defer, defer_once
from prorata.payments.handle_event import handle_event as handle
from prorata.payments.models import InboxEvent
from prorata.payments.overdue import assign_overdue
from prorata.payments.reconcile import reconcile
from prorata.payments.sweep import codes, has_work, sweep_gateway

# A gateway that is down is asked again soon, then less and less often, for about an hour; the sweep goes on after that.
PATIENT = RetryStrategy(max_attempts=10, exponential_wait=2)
# By then the job of a webhook has tried for the last time.
GIVEN_UP = timedelta(hours=1)


@app.task(name="payments.handle_event", retry=PATIENT)
def handle_event(id: int) -> None:
    handle(id)


@app.periodic(cron="13 3 * * *")
@app.task(name="payments.reconcile", queueing_lock="payments.reconcile", retry=PATIENT)
def reconcile_all(timestamp: int) -> None:
    """Every gateway's own list of what happened, against our books; one job for each, as in a sweep."""
    for code in settings.PRORATA_GATEWAYS:
        defer_once("payments.reconcile_gateway", lock=f"payments.reconcile:{code}", code=code)


@app.task(name="payments.reconcile_gateway", retry=PATIENT)
def reconcile_one(code: str) -> None:
    reconcile(code)


@app.periodic(cron="*/5 * * * *")
@app.task(name="payments.assign_overdue", queueing_lock="payments.assign_overdue")
def hand_over(timestamp: int) -> None:
    """Attempts whose end should be known by now become somebody's task."""
    assign_overdue()


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
    """Where something's time has come, one job for each gateway: nobody waits for another's silence."""
    for code in filter(has_work, codes()):
        defer_once("payments.sweep_gateway", lock=f"payments.sweep:{code}", code=code)


@app.task(name="payments.sweep_gateway")
def sweep_one(code: str) -> None:
    sweep_gateway(code)
