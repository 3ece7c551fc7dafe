"""What needs the machine off: write its definition, let it shut down, start it, read back.

One call waits a few seconds only, because a run that says nothing for long is taken for dead. A guest that needs longer
goes on shutting down meanwhile; the next call of the same key goes on from there. That a restart is under way stands in
the machine's metadata, so that whoever comes next, after a crash too, starts a machine that is still off.
"""

from __future__ import annotations

import contextlib
import time
from dataclasses import replace

from prorata.provisioning.drivers.base import (
    Applied,
    DriverError,
    DriverUnreachable,
    HostFull,
    MachineBusy,
    StepRefused,
)
from prorata.provisioning.drivers.kvm.decide import may_shrink
from prorata.provisioning.drivers.kvm.definition import keep_for_next_start
from prorata.provisioning.drivers.kvm.notes import Restart
from prorata.provisioning.drivers.kvm.sight import memory_used
from prorata.provisioning.drivers.kvm.work import Work

LOOK_EVERY = 0.1
START_NEEDS_SECONDS = 6.0  # of a call's time, kept for switching off and starting
SETTLE_SECONDS = 3.0


def change_cold(work: Work) -> Applied:
    """Bring vCPUs or memory to the target with the machine off in between, if that is allowed."""
    keep_for_next_start(work, work.component, work.target * work.component.unit)
    if not work.sight.restarting:
        if not work.sight.machine.running:
            return done_if_shown(work)
        if not work.may_restart:
            return Applied("restart_pending", "it holds from the next start of the machine on")
        begin_restart(work)
    return done_if_shown(work) if restart(work) else Applied("accepted", "the machine is shutting down")


def begin_restart(work: Work) -> None:
    """Write down that a restart is under way. What is used is looked at once more. Raises StepRefused, MachineBusy."""
    machine = work.sight.machine
    amount = machine.now.cpus if work.component.kind == "cpu" else machine.now.memory
    if work.target * work.component.unit < amount:
        used = memory_used(work.call, machine, work.figures)
        may_shrink(replace(work.sight, memory_used=used), work.component, work.target)
    until = time.time() + work.sight.settings.shutdown_seconds
    work.keep(replace(work.notes, restart=Restart(work.component.code, amount, machine.process, until)))


def restart(work: Work) -> bool:
    """Off and on again; False if the guest needs more time to shut down. Raises HostFull, StepRefused."""
    if not is_off(work):
        return False
    start(work)
    work.keep(replace(work.notes, restart=None))
    return True


def is_off(work: Work) -> bool:
    """Ask the guest to shut down, once a call; switch it off when its time is over. Whether it is off."""
    begun = work.notes.restart
    assert begun is not None
    domain, asked = work.sight.machine.domain, False
    while process(work) == begun.process:
        work.still_ours()
        if time.time() >= begun.until:
            with contextlib.suppress(MachineBusy):  # it has just ended by itself
                work.call.effect(domain.destroy)
        elif not asked:
            asked = True
            # What cannot be asked is switched off at the end of its time.
            with contextlib.suppress(MachineBusy, StepRefused):
                work.call.effect(domain.shutdown)
        elif work.call.seconds_left < START_NEEDS_SECONDS:
            return False
        else:
            time.sleep(LOOK_EVERY)
    return True


def start(work: Work) -> None:
    """Start what is off. If it cannot start as it should be, it starts as it was, and the step is refused."""
    work.still_ours()
    try:
        if process(work) < 0:
            work.call.effect(work.sight.machine.domain.create)
    except DriverError as failure:
        if process(work) < 0:
            start_as_it_was(work, failure)
    settle(work)


def start_as_it_was(work: Work, failure: DriverError) -> None:
    """Raises HostFull or StepRefused: it runs as before. DriverUnreachable: it does not; a repeat tries again."""
    put_back_definition(work)
    try:
        work.call.effect(work.sight.machine.domain.create)
    except DriverError as error:
        raise DriverUnreachable(f"the machine does not start: {error.reason}") from error
    work.keep(replace(work.notes.without(work.key), restart=None))
    kind = HostFull if "memory" in failure.reason.lower() else StepRefused
    raise kind(f"the machine did not start with it and runs as before: {failure.reason}") from failure


def put_back_definition(work: Work) -> None:
    """As it was before the restart was begun, and before this call where that was about another component."""
    begun, component, before = work.notes.restart, work.component, work.sight.machine.next
    assert begun is not None
    if begun.component != component.code:
        keep_for_next_start(work, component, before.cpus if component.kind == "cpu" else before.memory)
    first = work.sight.settings.components.get(begun.component)
    if first is not None:
        keep_for_next_start(work, first, begun.was)


def settle(work: Work) -> None:
    """A guest begins with all the memory it may have and gives back at once what is not its own; wait for that a little."""
    ends = time.monotonic() + min(SETTLE_SECONDS, work.call.seconds_left / 2)
    while time.monotonic() < ends:
        machine = work.machine_now()
        if machine.now.memory == machine.next.memory:
            return
        time.sleep(LOOK_EVERY)


def process(work: Work) -> int:
    """libvirt's number of the machine's run, asked anew: its objects remember it."""
    call = work.call
    return int(call.ask(call.ask(call.connection.lookupByUUIDString, work.sight.machine.uuid).ID))


def done_if_shown(work: Work) -> Applied:
    """Read back. Raises DriverUnreachable: it is not what was asked for."""
    if not work.reached():
        raise DriverUnreachable(f"the machine does not show {work.target} of {work.component.code}")
    return work.done()
