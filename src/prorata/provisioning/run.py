"""Work on one job until it ends or has to wait.

The order is fixed: reductions first, each read back; if one fails for good, nothing grows and what was reduced is put
back. Then growth; a step that fails for good stays behind alone. Every call to a machine stands between two short
transactions, its intent committed before it, its result read back after it. A job may run twice at any time: targets are
absolute, operation keys are the steps' own, and a run that lost its lease writes nothing more.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from prorata import clock
from prorata.customers.lock import lock_customer
from prorata.events.publish import publish
from prorata.provisioning.drivers import base
from prorata.provisioning.drivers.base import (
    DriverUnreachable,
    HostFull,
    MachineBusy,
    MachineUnknown,
    StepRefused,
)
from prorata.provisioning.measure import keep
from prorata.provisioning.models import Job, JobStep
from prorata.provisioning.registry import driver

log = logging.getLogger(__name__)
# How long a job is left to a run that says nothing: longer than two calls to a machine may take. A worker that was killed is
# replaced after that; one that was only slow finds its fence outdated. The setting PRORATA_LEASE_SECONDS is for tests.
LEASE_SECONDS = 30.0
LOOKS, LOOK_EVERY_SECONDS = 60, 0.5  # how long a step that was accepted is watched before the job waits
RENEW_EVERY = 4  # looks: the lease is kept while a slow step is watched
PAUSES = [timedelta(seconds=n) for n in (5, 15, 30, 60, 120, 300)]
State = Job.State
StepState = JobStep.State


class LostLease(Exception):
    """Another run works on this job now; this one must not write any more."""


class Wait(Exception):
    """The job cannot go on now; `reason` is a key the customer's page puts into words."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.reason, self.detail = reason, detail


class NeedsPerson(Exception):
    """The job must not go on by itself."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.reason, self.detail = reason, detail


class Gone(Exception):
    """The hypervisor has no such machine any more, and nothing is wanted of it: the job ends without it."""


@dataclass
class Run:
    job: Job
    fence: int
    machine: base.Driver

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

    def steps(self, *kinds: str) -> list[JobStep]:
        return list(self.job.steps.filter(kind__in=kinds).order_by("position"))


def run(job_id: int) -> None:
    """Entry action of the worker. Harmless to repeat."""
    mine = _lease(job_id)
    if mine is None:
        return
    try:
        _work(mine)
    except LostLease:
        log.info("job %s is worked on by another run", job_id)
    except Wait as wait:
        _settle(mine, State.PARKED, wait.reason, wait.detail)
    except NeedsPerson as stuck:
        _settle(mine, State.ATTENTION, stuck.reason, stuck.detail)
    except Gone as gone:
        _end_without_machine(mine, str(gone))


def _lease_end() -> datetime:
    return clock.machine_now() + timedelta(seconds=getattr(settings, "PRORATA_LEASE_SECONDS", LEASE_SECONDS))


@transaction.atomic
def _lease(job_id: int) -> Run | None:
    """Take the job if nobody else works on it; the fence rises, so that a run that wakes up late is refused."""
    found = Job.objects.select_related("service").get(pk=job_id)
    lock_customer(found.service.customer_id)
    job = Job.objects.select_for_update(of=("self",), no_key=True).select_related("service").get(pk=job_id)
    busy = (
        job.state == State.RUNNING and job.lease_until is not None and job.lease_until > clock.machine_now()
    )
    if job.state in (State.ENDED, State.ATTENTION) or busy:
        return None
    resumed = job.state == State.PARKED
    job.state, job.fence, job.attempts = State.RUNNING, job.fence + 1, job.attempts + 1
    job.lease_until = _lease_end()
    job.save()
    if resumed:
        publish("provisioning.moved", id=job.pk)
    return Run(job=job, fence=job.fence, machine=driver(job.service.driver))


def _work(run: Run) -> None:
    giving_up = run.job.giving_up or clock.now() >= run.job.deadline
    if giving_up and not run.job.giving_up:
        with run.writing() as job:
            job.giving_up = True
    if _reduce(run):
        _grow(run)
    else:
        _skip_rest(run)
        _put_back(run)
    _end(run)


def _reduce(run: Run) -> bool:
    """The reductions, one after another; False as soon as one has failed for good."""
    for step in run.steps(JobStep.Kind.REDUCE):
        _do(run, step)
        if run.job.steps.filter(kind=JobStep.Kind.REDUCE, state=StepState.FAILED).exists():
            return False
    return True


def _grow(run: Run) -> None:
    """The growth. What the host has no room for does not keep the rest waiting."""
    full: Wait | None = None
    for step in run.steps(JobStep.Kind.GROW):
        try:
            _do(run, step)
        except Wait as wait:
            if wait.reason != "host_full":
                raise
            full = full or wait
    if full is not None:
        raise full


def _do(run: Run, step: JobStep) -> None:
    """One step: compare, intend, call, read back, record. Raises Wait or NeedsPerson when it cannot be decided now."""
    if step.state not in (StepState.PENDING, StepState.DOING):
        return
    seen = _read(run)
    if _stands_at(step, seen):
        _record(run, step, _waits_for_restart(run, step, seen))
        return
    if seen.state == "busy" and step.state == StepState.DOING and not step.reason:
        raise Wait("busy", seen.busy_with)  # it may be this very step that runs
    if run.job.giving_up and step.kind != JobStep.Kind.UNDO:
        _record(
            run,
            step,
            StepState.FAILED,
            "the time for it was over" if clock.now() >= run.job.deadline else "given up by staff",
        )
        return
    if step.state == StepState.PENDING and not _expected(step, seen.configuration.get(step.component)):
        raise NeedsPerson(
            "drift",
            f"{step.component} is {seen.configuration.get(step.component)} on the machine, {step.from_value} was expected",
        )
    if seen.state == "busy":
        raise Wait("busy", seen.busy_with)
    with run.writing():
        JobStep.objects.filter(pk=step.pk).update(
            state=StepState.DOING,
            attempts=step.attempts + 1,
            started_at=step.started_at or clock.now(),
            reason="",
        )
    _call(run, step)


def _stands_at(step: JobStep, seen: base.Reading) -> bool:
    """Whether the machine has the value. What is put back must not have another value waiting for a restart either."""
    there = seen.configuration.get(step.component) == step.to_value
    return there and not (step.kind == JobStep.Kind.UNDO and step.component in seen.restart_pending)


def _expected(step: JobStep, value: base.Value | None) -> bool:
    """Whether a step that was not begun finds what it was planned on; a reduction that stopped may stand in between."""
    if step.kind == JobStep.Kind.UNDO and isinstance(value, int) and isinstance(step.to_value, int):
        return bool(step.from_value <= value <= step.to_value)
    return value in (
        (step.from_value, step.to_value) if step.kind == JobStep.Kind.UNDO else (step.from_value,)
    )


def _call(run: Run, step: JobStep) -> None:
    wanted = base.Step(step.component, step.from_value, step.to_value)
    may_restart = run.job.may_restart or step.kind == JobStep.Kind.UNDO
    try:
        run.machine.apply(
            run.external_id, wanted, key=f"{run.job.origin}/{step.position}", may_restart=may_restart
        )
    except DriverUnreachable as silence:
        # It may have happened. Only the machine itself can tell.
        if _reached(run, step):
            return
        raise Wait("unreachable", silence.reason) from silence
    except MachineBusy as busy:
        _not_begun(run, step, busy.reason)
        raise Wait("busy", busy.reason) from busy
    except HostFull as full:
        _not_begun(run, step, full.reason)
        if step.kind == JobStep.Kind.UNDO:
            raise NeedsPerson("undo_failed", full.reason) from full
        raise Wait("host_full", full.reason) from full
    except (StepRefused, MachineUnknown) as refusal:
        _record(run, step, StepState.FAILED, refusal.reason)
        return
    if not _reached(run, step):
        raise Wait("not_reached", f"{step.component} is not {step.to_value} after the hypervisor said so")


def _not_begun(run: Run, step: JobStep, reason: str) -> None:
    """The machine said for certain that it did nothing: whatever keeps it busy now is not this step."""
    with run.writing():
        JobStep.objects.filter(pk=step.pk).update(reason=reason)


def _reached(run: Run, step: JobStep) -> bool:
    """Read back until the machine has the value, or is idle without it, or we have looked long enough."""
    for look in range(1, LOOKS + 1):
        seen = _read(run)
        if _stands_at(step, seen):
            _record(run, step, _waits_for_restart(run, step, seen))
            return True
        if step.component in seen.restart_pending and not run.job.may_restart and seen.state != "busy":
            if step.kind == JobStep.Kind.GROW:
                _record(run, step, StepState.RESTART)
                return True
            raise Wait("restart", f"{step.component} shrinks when the machine restarts")
        if seen.state != "busy":
            return False
        if look % RENEW_EVERY == 0:
            with run.writing():
                pass
        time.sleep(LOOK_EVERY_SECONDS)
    raise Wait("slow", f"{step.component} is still being changed")


def _waits_for_restart(run: Run, step: JobStep, seen: base.Reading) -> StepState:
    return StepState.RESTART if step.component in seen.restart_pending else StepState.DONE


def _read(run: Run) -> base.Reading:
    try:
        seen = run.machine.read(run.external_id)
    except DriverUnreachable as silence:
        raise Wait("unreachable", silence.reason) from silence
    except MachineUnknown as missing:
        if run.job.giving_up:
            raise Gone(missing.reason) from missing
        raise NeedsPerson("machine_unknown", missing.reason) from missing
    return seen


def _record(run: Run, step: JobStep, state: StepState, reason: str = "") -> None:
    with run.writing():
        JobStep.objects.filter(pk=step.pk).update(
            state=state, reason=reason, ended_at=clock.now(), started_at=step.started_at or clock.now()
        )


def _skip_rest(run: Run) -> None:
    with run.writing():
        run.job.steps.filter(state=StepState.PENDING).exclude(kind=JobStep.Kind.UNDO).update(
            state=StepState.SKIPPED, ended_at=clock.now(), reason="an earlier step failed"
        )


def _put_back(run: Run) -> None:
    """Undo what was reduced before the failure. If that fails too, a person must look: money stays frozen."""
    waiting = run.job.steps.filter(kind=JobStep.Kind.UNDO).exclude(state=StepState.FAILED)
    known = set(waiting.values_list("component", flat=True))
    # An undoing that was refused is tried anew, as a step of its own, when staff send the job on.
    missing = [step for step in _reduced(run) if step.component not in known]
    if missing:
        with run.writing():
            last = run.job.steps.count()
            JobStep.objects.bulk_create(
                JobStep(
                    job=run.job, position=last + n, kind=JobStep.Kind.UNDO, component=s.component, from_value=s.to_value,
                    to_value=s.from_value,
                )
                for n, s in enumerate(missing, start=1)
            )  # fmt: skip
    for step in run.steps(JobStep.Kind.UNDO):
        _do(run, step)
    if stuck := _reduced(run):
        names = ", ".join(step.component for step in stuck)
        raise NeedsPerson("undo_failed", f"not put back: {names}")


def _reduced(run: Run) -> list[JobStep]:
    """Reductions of ours that still show on the machine, whole, half done, or waiting for its next restart."""
    seen = _read(run)
    begun = [
        step for step in run.steps(JobStep.Kind.REDUCE) if step.attempts and step.state != StepState.SKIPPED
    ]
    return [
        step for step in begun
        if seen.configuration.get(step.component) != step.from_value or step.component in seen.restart_pending
    ]  # fmt: skip


def _end_without_machine(run: Run, why: str) -> None:
    try:
        with run.writing() as job:
            open_steps = job.steps.filter(state__in=[StepState.PENDING, StepState.DOING])
            open_steps.update(state=StepState.FAILED, reason=why, ended_at=clock.now())
            _ended(job)
    except LostLease:
        log.info("job %s was taken over", run.job.pk)


def _end(run: Run) -> None:
    seen = _read(run)
    with run.writing() as job:
        keep(job.service, seen)
        _ended(job)


def _ended(job: Job) -> None:
    job.state, job.ended_at, job.reason, job.detail, job.retry_at = State.ENDED, clock.now(), "", "", None
    publish("provisioning.moved", id=job.pk, lock=f"service:{job.service_id}")


def _next_try(job: Job, pause: timedelta) -> datetime:
    """After the pause; but when the deadline comes first, then."""
    now = clock.now()
    return min(now + pause, job.deadline) if job.deadline > now else now + pause


def _settle(run: Run, state: Job.State, reason: str, detail: str) -> None:
    """Park the job, or put it before a person; the change follows."""
    try:
        with run.writing() as job:
            pause = PAUSES[min(job.attempts, len(PAUSES)) - 1]
            job.state, job.reason, job.detail, job.lease_until = state, reason, detail, None
            job.retry_at = _next_try(job, pause) if state == State.PARKED else None
            publish("provisioning.moved", id=job.pk, lock=f"service:{job.service_id}")
    except LostLease:
        log.info("job %s was taken over", run.job.pk)
