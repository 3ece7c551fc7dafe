"""Bring one component of one machine to an absolute target, once per key."""

from __future__ import annotations

from dataclasses import replace

from prorata.provisioning.drivers.base import (
    Applied,
    DriverUnreachable,
    HostFull,
    MachineBusy,
    StaleFence,
    Step,
    StepPlan,
    StepRefused,
    Value,
)
from prorata.provisioning.drivers.proxmox.api import sentence
from prorata.provisioning.drivers.proxmox.cluster import Cluster
from prorata.provisioning.drivers.proxmox.looking import Site, look, look_on
from prorata.provisioning.drivers.proxmox.machine import Component, Machine, measure
from prorata.provisioning.drivers.proxmox.objects import find_objects
from prorata.provisioning.drivers.proxmox.record import Operation
from prorata.provisioning.drivers.proxmox.restart import restart, set_while_off
from prorata.provisioning.drivers.proxmox.retention import keep
from prorata.provisioning.drivers.proxmox.usage import used
from prorata.provisioning.drivers.proxmox.writing import config_of, write

DONE = Applied("done")


def plan(site: Site, machine: Machine, cluster: Cluster, step: Step) -> StepPlan:
    """How it would be done now, or why not."""
    try:
        component, target = wanted(site, machine, step)
        allowed(site, machine, cluster, component, target)
    except (StepRefused, HostFull) as why:
        return StepPlan("restart", False, why.reason)
    live = not machine.running or machine.how(component, target) == "live"
    return StepPlan("live" if live else "restart", True, "")


def apply(site: Site, external_id: str, step: Step, *, key: str, fence: int, may_restart: bool) -> Applied:
    """See Driver.apply."""
    machine, cluster = look(site, external_id)
    known = admit(machine, cluster, step.component, step.target, key, fence)
    if known and known is not machine.record.newest(step.component):
        return DONE  # what came later stands
    if machine.busy_with:
        if known:
            return Applied("accepted", machine.busy_with)
        raise MachineBusy(f"the machine is busy ({machine.busy_with})")
    component, target = wanted(site, machine, step)
    if not known:
        allowed(site, machine, cluster, component, target)
        machine = begin(site, machine, component, target, key, fence)
    elif fence > machine.record.fence:
        machine = write(site, machine, replace(machine.record, fence=fence), key=key)
    return carry_on(site, machine, component, target, may_restart)


def admit(
    machine: Machine, cluster: Cluster, component: str, target: Value | None, key: str, fence: int
) -> Operation | None:
    """What the machine knows of the key. `target` None: any. Raises StaleFence, StepRefused."""
    if fence < machine.record.fence:
        raise StaleFence(
            f"the machine has seen fence {machine.record.fence}; {fence} is from a run that was replaced"
        )
    known = machine.record.find(key)
    if known and (known.component != component or target not in (None, known.target)):
        raise StepRefused("this key belongs to another change of this machine")
    if not known and cluster.used_elsewhere(machine.vmid, key):
        raise StepRefused("this key belongs to another machine")
    return known


def wanted(site: Site, machine: Machine, step: Step) -> tuple[Component, int]:
    """The component and a target that makes sense. Raises StepRefused."""
    component = site.component(step.component)
    if machine.now(component) is None:
        raise StepRefused(f"this machine has no {component.means} for {component.code}")
    target = step.target
    if type(target) is not int or target < (0 if component.means in ("snapshots", "backups") else 1):
        raise StepRefused(f"{component.code} cannot be {target!r}: it is a whole number")
    return component, target


def allowed(site: Site, machine: Machine, cluster: Cluster, component: Component, target: int) -> None:
    """Look again at what is used, stored and free. Raises StepRefused, HostFull."""
    has, then = machine.now(component) or 0, machine.then(component) or 0
    if target < max(has, then) and component.is_disk:
        raise StepRefused(f"{component.code} cannot shrink: Proxmox VE makes no disk smaller")
    if target < has:
        _not_below(site, machine, component, target)
    room = cluster.headroom(machine, component, machine.node)
    if room is not None and target > then and target - then > room:
        raise HostFull(
            f"{machine.node} has room for {max(room, 0)} more of {component.code}, not {target - then}"
        )


def _not_below(site: Site, machine: Machine, component: Component, target: int) -> None:
    """Not below what is stored or used. A guest that does not say what it uses keeps what it has."""
    if component.is_limit:
        stored = [found.stored.name for found in find_objects(site.api, machine, (component,))]
        if len(stored) > target:
            raise StepRefused(f"{len(stored)} of {component.code} are stored: {', '.join(stored)}")
    elif component.means == "memory" and machine.running:
        amount = used(site.api, machine, component)
        if amount is None:
            raise StepRefused(f"the guest does not tell how much of {component.code} it uses")
        if amount > target:
            raise StepRefused(f"{amount} of {component.code} are in use")


def begin(site: Site, machine: Machine, component: Component, target: int, key: str, fence: int) -> Machine:
    """Write the operation down, and in the same call whatever can be set now."""
    has = machine.now(component)
    record = machine.record.begun(key, component.code, target, fence, has)
    options: dict[str, object] = {}
    if component.is_limit:
        record = replace(record, limits={**record.limits, component.code: target})
    elif target != has and machine.running and machine.how(component, target) == "cold":
        record = replace(record, waiting={**record.waiting, component.code: target})
    elif target != measure(component, machine.coming):
        options = machine.change(component, target)
    return write(site, machine, record, key=key, **options)


def carry_on(site: Site, machine: Machine, component: Component, target: int, may_restart: bool) -> Applied:
    """From wherever the operation stands to its end, or to where it must wait."""
    if component.is_limit:
        if component.means == "retention" and machine.keeps != target:
            keep(site.api, machine.vmid, target)
        return DONE
    if component.is_disk:
        return grow(site, machine, component, target)
    if not machine.running and not machine.owed_a_start and component.code in machine.record.waiting:
        machine = set_while_off(site, machine, component, target)
    if machine.now(component) == machine.then(component):
        return DONE  # or changed by hand since: the reading shows it, and nothing is overwritten
    if machine.then(component) != target:
        return DONE
    if machine.running and not may_restart:
        return Applied("restart_pending", f"{component.code} changes when the machine restarts")
    if machine.running and target < (machine.now(component) or 0):
        still_not_below(site, machine, component, target)
    return restart(site, machine, component, target)


def still_not_below(site: Site, machine: Machine, component: Component, target: int) -> None:
    """Use may have grown since the reduction was written down: then it is withdrawn. Raises StepRefused."""
    try:
        _not_below(site, machine, component, target)
    except StepRefused:
        has = machine.now(component) or 0
        withdrawn = machine.record.without(component.code)
        write(site, machine, withdrawn, **machine.change(component, has))
        raise


def grow(site: Site, machine: Machine, component: Component, target: int) -> Applied:
    """A disk to an absolute size; Proxmox itself refuses to shrink, and so did we before."""
    if (machine.now(component) or 0) >= target:
        return DONE
    options = config_of(machine, disk=component.means, size=f"{target}G")
    upid = site.api.put(*machine.path, "resize", **options)
    ended = site.api.wait(upid, site.patience_seconds)
    if ended is None:
        return Applied("accepted", "the disk grows")
    if (look_on(site, machine.vmid, machine.node).now(component) or 0) >= target:
        return DONE
    raise sentence(ended.words) or DriverUnreachable(f"the disk did not grow: {ended.words}")
