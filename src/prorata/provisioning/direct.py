"""What staff may tell a job: go on, also over what was made by hand, or give up and undo what can be undone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from prorata import clock
from prorata.customers.lock import assert_locked
from prorata.events.publish import publish
from prorata.provisioning.by_hand import may_be_replaced
from prorata.provisioning.drivers.base import Value
from prorata.provisioning.models import Job
from prorata.provisioning.reserve import prolong


class NotWaiting(Exception):
    """The job is being worked on, or has ended."""


def _waiting(origin: str) -> Job:
    job = (
        Job.objects.select_for_update(of=("self",), no_key=True).select_related("service").get(origin=origin)
    )
    assert_locked(job.service.customer_id)
    if job.state not in (Job.State.PARKED, Job.State.ATTENTION, Job.State.QUEUED):
        raise NotWaiting("The machine is being worked on right now. Try again in a minute.")
    return job


def go_on(origin: str, *, until: datetime) -> datetime:
    """Try again now. A step that failed for good stays failed; one that could not be decided is taken up again.

    Where the time for it is over it has time again, until then. The deadline from now on.
    """
    return _go_on(_waiting(origin), until)


def give_up(origin: str) -> None:
    """Do nothing more that was wanted; put back what was reduced, and end."""
    _wake(_waiting(origin), giving_up=True)


def go_on_over(origin: str, found: Mapping[str, Value], *, until: datetime) -> datetime:
    """As `go_on`, and replace these values that were made by hand: component -> what staff have seen there."""
    job = _waiting(origin)
    may_be_replaced(job, found)
    return _go_on(job, until)


def _go_on(job: Job, until: datetime) -> datetime:
    if not job.giving_up and job.deadline <= clock.now():
        job.deadline = max(job.deadline, until)
        prolong(job.origin, job.deadline)
    _wake(job, giving_up=False)
    return job.deadline


def _wake(job: Job, *, giving_up: bool) -> None:
    assert transaction.get_connection().in_atomic_block
    # Parked, not queued: the worker tells the change that the job resumed.
    job.state, job.retry_at, job.giving_up = Job.State.PARKED, clock.now(), job.giving_up or giving_up
    job.broken = 0
    job.save(update_fields=["state", "retry_at", "giving_up", "broken", "deadline"])
    publish("provisioning.queued", id=job.pk, lock=f"service:{job.service_id}")
