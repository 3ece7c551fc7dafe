"""Jobs of the provisioning room: wake-ups; what there is to do stands in our own rows."""

from __future__ import annotations

from datetime import timedelta

from django.db import connection
from django.db.models import Exists, OuterRef, Q
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from prorata import clock
from prorata.events.defer import defer_once
from prorata.provisioning import run as runner
from prorata.provisioning.models import Job
from prorata.provisioning.round import hypervisors, offset, round_at
from prorata.services.models import Reading

KEEP_READINGS = timedelta(days=30)
# Whatever waits for a worker comes before measuring.
BEHIND_MONEY = -10


@app.task(name="provisioning.run", retry=RetryStrategy(max_attempts=20, exponential_wait=2))
def run(id: int) -> None:
    runner.run(id)


@app.periodic(cron="* * * * * */5")
@app.task(name="provisioning.sweep", queueing_lock="provisioning.sweep")
def sweep(timestamp: int) -> None:
    """Wake parked jobs whose time has come (at the deadline at the latest), and jobs whose run has died."""
    business, machine = clock.now(), clock.machine_now()
    due = Job.objects.filter(
        Q(state=Job.State.PARKED, retry_at__lte=business)
        | Q(state=Job.State.RUNNING, lease_until__lte=machine)
        | Q(state=Job.State.QUEUED, created_at__lte=business - timedelta(seconds=30))
    )
    for job in due[:200]:
        # What waits for a worker already is not put there again: a hypervisor that is away must not fill the queue.
        defer_once("provisioning.run", lock=f"service:{job.service_id}", id=job.pk)


@app.periodic(cron="* * * * *")
@app.task(name="provisioning.measure_all", queueing_lock="provisioning.measure_all")
def measure_all(timestamp: int) -> None:
    """Every minute a round at each hypervisor; one that is still at its last round is not asked for two more."""
    for driver in hypervisors():
        defer_once(
            "provisioning.measure", lock=f"readings:{driver}", seconds=offset(driver), priority=BEHIND_MONEY,
            queue="readings", driver=driver,
        )  # fmt: skip


@app.task(name="provisioning.measure", queue="readings")
def measure(driver: str) -> None:
    round_at(driver)


@app.periodic(cron="41 3 * * *")
@app.task(name="provisioning.forget_old_readings", queueing_lock="provisioning.forget_old_readings")
def forget_old_readings(timestamp: int) -> None:
    """Readings are kept for a month, those that a quote stands on and each machine's newest for ever."""
    old = Reading.objects.filter(taken_at__lt=clock.now() - KEEP_READINGS, quotes=None)
    newer = Reading.objects.filter(service=OuterRef("service"), taken_at__gt=OuterRef("taken_at"))
    # By PostgreSQL alone: a day's readings of many machines are more than a worker can hold.
    old.filter(Exists(newer))._raw_delete(connection.alias)
