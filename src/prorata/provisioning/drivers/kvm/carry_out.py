"""The effect of a step that nothing speaks against."""

from __future__ import annotations

from prorata.provisioning.drivers.base import (
    Applied,
    DriverUnreachable,
    HostFull,
    MachineBusy,
    StepRefused,
)
from prorata.provisioning.drivers.kvm.begin import forget
from prorata.provisioning.drivers.kvm.cold import change_cold, restart
from prorata.provisioning.drivers.kvm.decide import mode
from prorata.provisioning.drivers.kvm.definition import keep_as_it_is
from prorata.provisioning.drivers.kvm.grow import give_memory, grow_disk, plug_cpus, set_limit
from prorata.provisioning.drivers.kvm.work import Work


def carry_out(work: Work) -> Applied:
    """Do it, as plan has said. Raises all that apply raises; what libvirt refuses has left no trace."""
    try:
        return effect(work)
    except (MachineBusy, StepRefused, HostFull) as no:
        if work.notes.restart is not None:
            raise DriverUnreachable(f"in the middle of a restart: {no.reason}") from no
        forget(work)
        raise


def effect(work: Work) -> Applied:
    """By component and by what the machine can take while it runs."""
    sight, component = work.sight, work.component
    if component.counts_objects:
        return set_limit(work)
    if component.kind == "disk":
        if sight.restarting:
            restart(work)  # of an earlier step, which has not come to its end
            return Applied("accepted", "the machine restarts first")
        return work.done() if sight.value(component) == work.target else grow_disk(work)
    if sight.restarting or mode(sight, component, work.target) == "restart" or not sight.machine.running:
        return change_cold(work)
    if sight.value(component) == work.target:
        keep_as_it_is(work)
        return work.done()
    if component.kind == "cpu":
        return plug_cpus(work)
    if give_memory(work):
        return work.done()
    if work.may_restart:
        return change_cold(work)
    return Applied("restart_pending", "the guest has not taken the memory; it has it from its next start on")
