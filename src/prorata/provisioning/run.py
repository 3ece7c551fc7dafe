"""Work on one job until it ends or has to wait.

The order is fixed: reductions first, each read back; if one fails for good, nothing grows and what was reduced is put
back. Then growth; a step that fails for good stays behind alone. Every call to a machine stands between two short
transactions, its intent committed before it, its result read back after it. A job may run twice at any time: targets are
absolute, operation keys are the steps' own, and a run that lost its lease writes nothing more.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import Error as DatabaseError

from prorata import clock
from prorata.events.publish import publish
from prorata.provisioning.lease import BROKEN_TRIES, LostLease, Run, lease
from prorata.provisioning.measure import keep
from prorata.provisioning.models import Job, JobEvent, JobStep
from prorata.provisioning.move import arrived, may_move, move
from prorata.provisioning.put_back import put_back, skip_rest
from prorata.provisioning.step import Gone, NeedsPerson, Wait, came_to, do, read

log = logging.getLogger(__name__)
PAUSES = [timedelta(seconds=n) for n in (5, 15, 30, 60, 120, 300)]
State = Job.State
StepState = JobStep.State
What = JobEvent.What


def run(job_id: int) -> None:
    """Entry action of the worker. Harmless to repeat."""
    mine = lease(job_id)
    if mine is None:
        return
    try:
        _work(mine)
    except LostLease:
        log.info("job %s is worked on by another run", job_id)
    except Wait as wait:
        if wait.reason == "unreachable" and mine.job.giving_up and _never_called(mine):
            _end_without_machine(mine, "the machine could not be reached in the time for it")
        else:
            _settle(mine, State.PARKED, wait.reason, wait.detail)
    except NeedsPerson as stuck:
        _settle(mine, State.ATTENTION, stuck.reason, stuck.detail)
    except Gone as gone:
        _end_without_machine(mine, str(gone))
    except DatabaseError:
        raise  # nothing can be written down now; the lease ends, and another run finds what is so
    except Exception as error:
        log.exception("job %s broke", job_id)
        _broke(mine, error)


def _work(run: Run) -> None:
    giving_up = run.job.giving_up or clock.now() >= run.job.deadline
    if giving_up and not run.job.giving_up:
        with run.writing() as job:
            job.giving_up = True
    if _reduce(run):
        _grow(run)
    else:
        skip_rest(run)
        put_back(run)
    _end(run)


def _reduce(run: Run) -> bool:
    """The reductions, one after another; False as soon as one has failed for good."""
    for step in run.steps(JobStep.Kind.REDUCE):
        do(run, step)
        if run.job.steps.filter(kind=JobStep.Kind.REDUCE, state=StepState.FAILED).exists():
            return False
    return True


def _grow(run: Run) -> None:
    """The growth; where the host has no room for it, on another host if there is one."""
    arrived(run)
    full = _grow_here(run)
    if full is not None and may_move(run):
        move(run)
        full = _grow_here(run)
    if full is not None:
        raise full


def _grow_here(run: Run) -> Wait | None:
    """What the host has no room for does not keep the rest waiting; it is what is returned."""
    full: Wait | None = None
    for step in run.steps(JobStep.Kind.GROW):
        try:
            do(run, step)
        except Wait as wait:
            if wait.reason != "host_full":
                raise
            full = full or wait
    return full


def _never_called(run: Run) -> bool:
    """Nothing was ever asked of the machine, so nothing can have become of it: the money need not wait for its answer."""
    return not run.job.steps.filter(attempts__gt=0).exists()


def _end_without_machine(run: Run, why: str) -> None:
    try:
        with run.writing() as job:
            for step in job.steps.filter(state__in=[StepState.PENDING, StepState.DOING]):
                came_to(run, step, StepState.FAILED, why)
            _ended(run, job)
    except LostLease:
        log.info("job %s was taken over", run.job.pk)


def _end(run: Run) -> None:
    asked_at = clock.now()
    seen = read(run)
    with run.writing() as job:
        keep(job.service, seen, asked_at)
        _ended(run, job)


def _ended(run: Run, job: Job) -> None:
    job.state, job.ended_at, job.reason, job.detail, job.retry_at = State.ENDED, clock.now(), "", "", None
    run.note(What.ENDED)
    publish("provisioning.moved", id=job.pk, lock=f"service:{job.service_id}")


def _next_try(job: Job, pause: timedelta) -> datetime:
    """After the pause; but when the deadline comes first, then."""
    now = clock.now()
    return min(now + pause, job.deadline) if job.deadline > now else now + pause


def _broke(run: Run, error: Exception) -> None:
    """A mistake of ours in this job. It is tried again with pauses, and then it is a person's: no other job waits for it."""
    last = run.job.broken + 1 >= BROKEN_TRIES
    said = " ".join(f"{type(error).__name__}: {error}".split())[:500]
    _settle(run, State.ATTENTION if last else State.PARKED, "broken", said)


def _settle(run: Run, state: Job.State, reason: str, detail: str) -> None:
    """Park the job, or put it before a person; the change follows."""
    try:
        with run.writing() as job:
            pause = PAUSES[min(job.attempts, len(PAUSES)) - 1]
            job.broken = job.broken + 1 if reason == "broken" else 0
            job.state, job.reason, job.detail, job.lease_until = state, reason, detail, None
            job.retry_at = _next_try(job, pause) if state == State.PARKED else None
            waits = What.WAITS if state == State.PARKED else What.ATTENTION
            run.note(waits, f"{reason}: {detail}" if detail else reason)
            publish("provisioning.moved", id=job.pk, lock=f"service:{job.service_id}")
    except LostLease:
        log.info("job %s was taken over", run.job.pk)
