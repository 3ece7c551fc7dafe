"""One step on one machine: compare, intend, call, read back, record.

The intent is committed before the call, and only the machine itself says whether the step is done.
"""

from __future__ import annotations

import time

from django.db.models import F
from django.db.models.functions import Coalesce

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
from prorata.provisioning.measure import keep
from prorata.provisioning.models import JobEvent, JobStep

LOOKS, LOOK_EVERY_SECONDS = 60, 0.5  # how long a step that was accepted is watched before the job waits
RENEW_EVERY = 4  # looks: the lease is kept while a slow step is watched
StepState = JobStep.State
What = JobEvent.What


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
    asked_at = clock.now()
    seen = read(run)
    if _stands_at(step, seen):
        _record(run, step, StepState.DONE)
        return
    unknown = step.state == StepState.DOING and not step.reason
    if seen.state == "busy" and unknown:
        raise Wait("busy", seen.busy_with)  # it may be this very step that runs
    if run.job.giving_up and step.kind != JobStep.Kind.UNDO:
        _give_up(run, step, _shut_out(run, step, seen) if unknown else seen)
        return
    if step.state == StepState.PENDING and not expected(step, seen):
        raise NeedsPerson(
            "drift",
            f"{step.component} is {seen.configuration.get(step.component)} on the machine, {step.from_value} was expected",
        )
    if seen.state == "busy":
        raise Wait("busy", seen.busy_with)
    with run.writing() as job:
        keep(job.service, seen, asked_at)  # what the step stood on
        JobStep.objects.filter(pk=step.pk).update(
            state=StepState.DOING,
            attempts=step.attempts + 1,
            started_at=step.started_at or clock.now(),
            reason="",
        )
        run.note(What.INTENDED, f"{step.component} to {step.to_value}, try {step.attempts + 1}", step)
    _call(run, step)


def _give_up(run: Run, step: JobStep, seen: base.Reading) -> None:
    if step.kind == JobStep.Kind.GROW and step.attempts and step.component in seen.restart_pending:
        seen = _withdraw(run, step, seen)
    if _stands_at(step, seen):
        _record(run, step, StepState.DONE)
        return
    over = clock.now() >= run.job.deadline
    _record(run, step, StepState.FAILED, "the time for it was over" if over else "given up by staff")


def _shut_out(run: Run, step: JobStep, seen: base.Reading) -> base.Reading:
    """The machine as it is once no older call can change it: one of this step may still be on its way, sent by a run that
    sleeps. Told with the fence of this run what it has already, the machine refuses the older call from then on."""
    component = _what_stays(step, seen)
    value = seen.configuration[component]
    meant = f"{component} stays {value}: no call of an older run counts any more"
    return _tell(run, step, base.Step(component, value, value), "shut", meant)


def _withdraw(run: Run, step: JobStep, seen: base.Reading) -> base.Reading:
    """The machine as it is once it no longer waits to grow at its next restart: what is given back must not come later."""
    component, before = step.component, step.from_value if step.overwrites is None else step.overwrites
    back = base.Step(component, seen.configuration[component], before)
    seen = _tell(run, step, back, "withdrawn", f"{component} is {before} after the next restart as well")
    if component in seen.restart_pending and seen.configuration.get(component) == before:
        raise NeedsPerson("undo_failed", f"{component} still waits for the next restart to grow")
    return seen


def _tell(run: Run, step: JobStep, wanted: base.Step, why: str, meant: str) -> base.Reading:
    """One more call for a step that is given up, without a restart; then the machine as it is."""
    with run.writing():
        run.note(What.INTENDED, meant, step)
    said: str
    try:
        said = run.machine.apply(
            run.external_id, wanted, fence=run.fence, may_restart=False,
            key=f"{run.job.origin}/{step.position}/{why}/{run.fence}",
        ).state  # fmt: skip
    except DriverUnreachable as silence:
        raise Wait("unreachable", silence.reason) from silence
    except StaleFence as newer:
        raise LostLease(newer.reason) from newer
    except MachineBusy as busy:
        raise Wait("busy", busy.reason) from busy
    except (HostFull, StepRefused, MachineUnknown) as refusal:
        said = f"refused: {refusal.reason}"
    _answered(run, step, said)
    return read(run)


def _what_stays(step: JobStep, seen: base.Reading) -> str:
    """Another component than the step's, so that a call which comes through in this moment is not taken back; none that
    waits for a restart, because that is somebody's change."""
    others = (c for c in sorted(seen.configuration) if c != step.component and c not in seen.restart_pending)
    return next(others, step.component)


def _stands_at(step: JobStep, seen: base.Reading) -> bool:
    """Whether the machine has the value, and no other one waits for its next restart."""
    there = seen.configuration.get(step.component) == step.to_value
    return there and step.component not in seen.restart_pending


def in_the_way(step: JobStep, seen: base.Reading) -> bool:
    """Whether a step that was not begun finds what nobody of us made."""
    return not _stands_at(step, seen) and not expected(step, seen)


def expected(step: JobStep, seen: base.Reading) -> bool:
    """Whether a step that was not begun finds what it was planned on; a reduction that stopped may stand in between.

    What was made by hand is replaced only where staff have seen that very value and said so.
    """
    value = seen.configuration.get(step.component)
    if step.overwrites is not None and value == step.overwrites:
        return True
    if step.kind == JobStep.Kind.UNDO and isinstance(value, int) and isinstance(step.to_value, int):
        return bool(step.from_value <= value <= step.to_value)
    planned = (step.from_value, step.to_value) if step.kind == JobStep.Kind.UNDO else (step.from_value,)
    return value in planned or (step.component in seen.restart_pending and _left_to_a_restart(step, value))


def _left_to_a_restart(step: JobStep, value: base.Value | None) -> bool:
    """Whether the machine still has the value of before changes whose restart was left to the customer."""
    wanted = step.from_value
    left = JobStep.objects.filter(
        job__service=step.job.service_id, component=step.component, state=StepState.RESTART
    )
    for before in left.order_by("-ended_at", "-pk"):
        if before.to_value != wanted:
            return False
        if before.from_value == value:
            return True
        wanted = before.from_value
    return False


def _call(run: Run, step: JobStep) -> None:
    current = step.from_value if step.overwrites is None else step.overwrites
    wanted = base.Step(step.component, current, step.to_value)
    may_restart = run.job.may_restart or step.kind == JobStep.Kind.UNDO
    try:
        answer = run.machine.apply(
            run.external_id,
            wanted,
            key=f"{run.job.origin}/{step.position}",
            fence=run.fence,
            may_restart=may_restart,
        )
    except DriverUnreachable as silence:
        # It may have happened. Only the machine itself can tell.
        _answered(run, step, f"no answer: {silence.reason}")
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
        _answered(run, step, f"refused: {refusal.reason}")
        if isinstance(refusal, StepRefused) and _stands_at(step, read(run)):
            _record(run, step, StepState.DONE)
        else:
            _record(run, step, StepState.FAILED, refusal.reason)
        return
    _answered(run, step, f"{answer.state} {answer.reason}".strip())
    if not _reached(run, step):
        raise Wait("not_reached", f"{step.component} is not {step.to_value} after the hypervisor said so")


def _answered(run: Run, step: JobStep, said: str) -> None:
    """Kept before anything is read: what was said and what is so are two things."""
    with run.writing():
        run.note(What.ANSWERED, said, step)


def _not_begun(run: Run, step: JobStep, reason: str) -> None:
    """The machine said for certain that it did nothing: whatever keeps it busy now is not this step."""
    with run.writing():
        JobStep.objects.filter(pk=step.pk).update(reason=reason)
        run.note(What.ANSWERED, f"not now: {reason}", step)


def _reached(run: Run, step: JobStep) -> bool:
    """Read back until the machine has the value, or is idle without it, or we have looked long enough."""
    for look in range(1, LOOKS + 1):
        seen = read(run)
        if _stands_at(step, seen):
            _record(run, step, StepState.DONE)
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
    with run.writing() as job:
        job.broken = 0  # it came a step further
        came_to(run, step, state, reason)


def came_to(run: Run, step: JobStep, state: StepState, reason: str = "") -> None:
    """A step has ended, within `writing`."""
    now = clock.now()
    JobStep.objects.filter(pk=step.pk).update(
        state=state, reason=reason, ended_at=now,
        started_at=F("started_at") if state == StepState.SKIPPED else Coalesce("started_at", now),
    )  # fmt: skip
    run.note(What.RECORDED, f"{state}: {reason}" if reason else str(state), step)
