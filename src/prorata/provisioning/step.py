"""One step on one machine: compare, intend, call, read back, record.

The intent is committed before the call, and only the machine itself says whether the step is done.
"""

from __future__ import annotations

import time

from prorata import clock
from prorata.provisioning.drivers import base
from prorata.provisioning.drivers.base import (
    DriverUnreachable,
    HostFull,
    MachineBusy,
    MachineUnknown,
    StaleFence,
    StepRefused,
)
from prorata.provisioning.lease import LostLease, Run
from prorata.provisioning.models import JobStep

LOOKS, LOOK_EVERY_SECONDS = 60, 0.5  # how long a step that was accepted is watched before the job waits
RENEW_EVERY = 4  # looks: the lease is kept while a slow step is watched
StepState = JobStep.State


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


def do(run: Run, step: JobStep) -> None:
    """One step: compare, intend, call, read back, record. Raises Wait or NeedsPerson when it cannot be decided now."""
    if step.state not in (StepState.PENDING, StepState.DOING):
        return
    seen = read(run)
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
    if step.state == StepState.PENDING and not expected(step, seen.configuration.get(step.component)):
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


def expected(step: JobStep, value: base.Value | None) -> bool:
    """Whether a step that was not begun finds what it was planned on; a reduction that stopped may stand in between.

    What was made by hand is replaced only where staff have seen that very value and said so.
    """
    if step.overwrites is not None and value == step.overwrites:
        return True
    if step.kind == JobStep.Kind.UNDO and isinstance(value, int) and isinstance(step.to_value, int):
        return bool(step.from_value <= value <= step.to_value)
    return value in (
        (step.from_value, step.to_value) if step.kind == JobStep.Kind.UNDO else (step.from_value,)
    )


def _call(run: Run, step: JobStep) -> None:
    current = step.from_value if step.overwrites is None else step.overwrites
    wanted = base.Step(step.component, current, step.to_value)
    may_restart = run.job.may_restart or step.kind == JobStep.Kind.UNDO
    try:
        run.machine.apply(
            run.external_id,
            wanted,
            key=f"{run.job.origin}/{step.position}",
            fence=run.fence,
            may_restart=may_restart,
        )
    except DriverUnreachable as silence:
        # It may have happened. Only the machine itself can tell.
        if _reached(run, step):
            return
        raise Wait("unreachable", silence.reason) from silence
    except StaleFence as newer:
        raise LostLease(newer.reason) from newer
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
        seen = read(run)
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


def read(run: Run) -> base.Reading:
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
