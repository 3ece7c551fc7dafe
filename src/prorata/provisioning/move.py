"""Bring a machine whose host is full to a host with room for what is still to grow."""

from __future__ import annotations

from prorata.provisioning.drivers.base import (
    DriverUnreachable,
    HostFull,
    MachineBusy,
    MachineUnknown,
    Moving,
    StaleFence,
    StepRefused,
)
from prorata.provisioning.lease import LostLease, Run
from prorata.provisioning.models import Job, JobEvent, JobStep
from prorata.provisioning.reserve import hosts_held_on, take_along
from prorata.provisioning.step import NeedsPerson, Wait, read

What = JobEvent.What
OPEN = (JobStep.State.PENDING, JobStep.State.DOING)


def may_move(run: Run) -> bool:
    """Whether product and driver let the machine go, and its own host had time to make room: the job waited for it."""
    waited = run.job.reason in ("host_full", "no_host")
    return waited and run.job.may_move and isinstance(run.machine, Moving)


def move(run: Run) -> None:
    """Returns when the machine stands where there is room. Raises Wait where no host has it, or when it is on its way."""
    assert isinstance(run.machine, Moving)
    seen = read(run)
    wanted = _still_to_grow(run, seen.configuration)
    if not wanted:
        raise Wait("host_full", f"host {seen.host} is full, and what is wanted cannot be counted")
    if seen.state == "busy":
        raise Wait("busy", seen.busy_with)
    # A move that is known to have happened has its own key; one that may have happened keeps the key it was asked with.
    key = f"{run.job.origin}/move/{1 + run.job.events.filter(what=What.MOVED).count()}"
    with run.writing():
        named = ", ".join(f"{n} {code}" for code, n in sorted(wanted.items()))
        run.note(What.INTENDED, f"another host than {seen.host}, with room for {named}")
    try:
        said = run.machine.move(
            run.external_id, wanted, key=key, fence=run.fence, may_restart=run.job.may_restart
        ).state
    except DriverUnreachable as silence:
        raise _waits(run, f"no answer: {silence.reason}", Wait("unreachable", silence.reason)) from silence
    except StaleFence as newer:
        raise LostLease(newer.reason) from newer
    except MachineBusy as busy:
        raise _waits(run, f"not now: {busy.reason}", Wait("busy", busy.reason)) from busy
    except HostFull as full:
        raise _waits(run, f"not now: {full.reason}", Wait("no_host", full.reason)) from full
    except StepRefused as refusal:
        raise _waits(run, f"refused: {refusal.reason}", Wait("host_full", refusal.reason)) from refusal
    except MachineUnknown as missing:
        raise NeedsPerson("machine_unknown", missing.reason) from missing
    if said != "done":
        raise _waits(run, said, Wait("moving", f"from {seen.host}"))
    _moved(run, seen.host)


def arrived(run: Run) -> None:
    """A move whose end no run saw, because its answer was lost or it took longer than a call: what is held goes along."""
    moves = run.job.events.filter(step=None, what__in=(What.INTENDED, What.MOVED))
    last = moves.order_by("-id").first()
    if last is None or last.what == What.MOVED:
        return
    host = read(run).host
    left = hosts_held_on(run.job.origin) - {host}
    if left:
        with run.writing() as job:
            _goes_along(run, job, ", ".join(sorted(left)), host)


def _still_to_grow(run: Run, configuration: dict[str, int | str]) -> dict[str, int]:
    """Component -> how many units more than the machine has now."""
    found = {}
    for step in run.steps(JobStep.Kind.GROW):
        there = configuration.get(step.component)
        if step.state in OPEN and isinstance(there, int) and isinstance(step.to_value, int):
            found[step.component] = max(step.to_value - there, 0)
    return {code: more for code, more in found.items() if more}


def _waits(run: Run, said: str, wait: Wait) -> Wait:
    with run.writing():
        run.note(What.ANSWERED, said)
    return wait


def _moved(run: Run, before: str) -> None:
    host = read(run).host
    with run.writing() as job:
        run.note(What.ANSWERED, "done")
        _goes_along(run, job, before, host)


def _goes_along(run: Run, job: Job, before: str, host: str) -> None:
    """The room that is held for the change goes where the machine went; within `writing`."""
    run.note(What.MOVED, f"{before} \u2192 {host}")
    take_along(job.origin, driver=job.service.driver, host=host)
