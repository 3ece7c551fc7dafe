"""The lease of a job: one run at a time may work on it, and a run that wakes up late may not write any more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from django.conf import settings
from django.db import transaction
from django.db.models import Max

from prorata import clock
from prorata.customers.lock import lock_customer
from prorata.events.publish import publish
from prorata.provisioning.drivers import base
from prorata.provisioning.models import Job, JobEvent, JobStep
from prorata.provisioning.registry import driver
from prorata.services.models import Service

# How long a job is left to a run that says nothing: longer than two calls to a machine may take. A worker that was killed is
# replaced after that; one that was only slow finds its fence outdated. The setting PRORATA_LEASE_SECONDS is for tests.
LEASE_SECONDS = 30.0
# So many runs of a job may break or die one after another; then a person looks.
BROKEN_TRIES = 8
State = Job.State


class LostLease(Exception):
    """Another run works on this job now; this one must not write any more."""


@dataclass
class Run:
    job: Job
    fence: int

    @cached_property
    def machine(self) -> base.Driver:
        """Raises LookupError where this installation has no such driver."""
        return driver(self.job.service.driver)

    @property
    def external_id(self) -> str:
        return self.job.service.external_id

    @contextmanager
    def writing(self) -> Iterator[Job]:
        """A short transaction that only the newest run of the job may make: the fencing token is compared under its lock."""
        with transaction.atomic():
            job = Job.objects.select_for_update(no_key=True).get(pk=self.job.pk)
            if job.fence != self.fence or job.state == State.ENDED:
                raise LostLease(str(job))
            job.lease_until = _lease_end()
            yield job
            job.save()
            self.job = Job.objects.select_related("service").get(pk=job.pk)

    def note(self, what: JobEvent.What, detail: str = "", step: JobStep | None = None) -> None:
        """One more line of the journal; only within `writing`."""
        JobEvent.objects.create(
            job=self.job, step=step, fence=self.fence, what=what, detail=detail, at=clock.now()
        )

    def steps(self, *kinds: str) -> list[JobStep]:
        return list(self.job.steps.filter(kind__in=kinds).order_by("position"))


@transaction.atomic
def lease(job_id: int) -> Run | None:
    """Take the job if nobody else works on it; the fence rises, so that a run that wakes up late is refused."""
    found = Job.objects.select_related("service").get(pk=job_id)
    lock_customer(found.service.customer_id)
    job = Job.objects.select_for_update(of=("self",), no_key=True).select_related("service").get(pk=job_id)
    busy = (
        job.state == State.RUNNING and job.lease_until is not None and job.lease_until > clock.machine_now()
    )
    if job.state in (State.ENDED, State.ATTENTION) or busy:
        return None
    if job.state == State.RUNNING and _died_again(job):
        return None
    resumed = job.state == State.PARKED
    job.state, job.fence, job.attempts = State.RUNNING, _next_fence(job.service), job.attempts + 1
    job.lease_until = _lease_end()
    job.save()
    if resumed:
        publish("provisioning.moved", id=job.pk)
    return Run(job=job, fence=job.fence)


def _died_again(job: Job) -> bool:
    """Its last run ended without a word, as when a worker is killed. Too often, and the job is put before a person."""
    job.broken += 1
    if job.broken < BROKEN_TRIES:
        return False
    job.state, job.reason, job.lease_until = State.ATTENTION, "broken", None
    job.detail = f"{job.broken} runs one after another ended without a word"
    job.save()
    Run(job=job, fence=job.fence).note(JobEvent.What.ATTENTION, job.detail)
    publish("provisioning.moved", id=job.pk, lock=f"service:{job.service_id}")
    return True


def _next_fence(service: Service) -> int:
    """Higher than any run ever had on this machine, whichever job and service it worked for: the machine remembers it.

    Runs of one service follow each other under its customer's lock; a machine is sold to one service at a time.
    """
    there = Job.objects.filter(service__driver=service.driver, service__external_id=service.external_id)
    return 1 + (there.aggregate(highest=Max("fence"))["highest"] or 0)


def _lease_end() -> datetime:
    return clock.machine_now() + timedelta(seconds=getattr(settings, "PRORATA_LEASE_SECONDS", LEASE_SECONDS))
