"""Look at a machine: where it is, what it has, what runs on it; and the reading that Prorata keeps of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import TypeVar

from prorata.provisioning.drivers.base import DriverUnreachable, MachineUnknown, Reading, StepRefused
from prorata.provisioning.drivers.proxmox.api import Api
from prorata.provisioning.drivers.proxmox.cluster import Cluster, Overcommit
from prorata.provisioning.drivers.proxmox.machine import Component, Machine, read_pending, running_tasks
from prorata.provisioning.drivers.proxmox.objects import Found, find_objects
from prorata.provisioning.drivers.proxmox.record import Record, read_record
from prorata.provisioning.drivers.proxmox.retention import kept_by_job
from prorata.provisioning.drivers.proxmox.usage import used

VMID = re.compile(r"[1-9]\d{2,8}")
NEVER_SMALLER = "Proxmox VE makes no disk smaller."
Seen = TypeVar("Seen")


@dataclass(frozen=True)
class Site:
    """One cluster as the installation describes it.

    components        what the codes of the price list stand for here
    shutdown_seconds  how long a guest may take to shut down before its restart is given up
    patience_seconds  how long one call waits for a task before it says "accepted"
    """

    api: Api
    components: tuple[Component, ...]
    overcommit: Overcommit
    shutdown_seconds: int
    patience_seconds: float

    def component(self, code: str) -> Component:
        """Raises StepRefused for a code that stands for nothing here."""
        for component in self.components:
            if component.code == code:
                return component
        raise StepRefused(f"machines on Proxmox VE have no {code!r} here")


def look_at_cluster(site: Site) -> Cluster:
    """All machines, nodes and storages in one call."""
    return Cluster(tuple(site.api.get("cluster", "resources")), site.overcommit)


def look(site: Site, external_id: str) -> tuple[Machine, Cluster]:
    """The machine, wherever it has moved to. Raises MachineUnknown, DriverUnreachable."""
    if not VMID.fullmatch(external_id):
        raise MachineUnknown("there is no machine of this id: Proxmox VE counts them from 100")
    vmid = int(external_id)
    return understand(lambda: _look(site, vmid))


def _look(site: Site, vmid: int) -> tuple[Machine, Cluster]:
    cluster = look_at_cluster(site)
    if vmid not in cluster.machines() and not site.api.may(f"/vms/{vmid}", "VM.Audit"):
        raise DriverUnreachable(f"the token may not see machine {vmid}: whether it exists is not known")
    node = cluster.node_of(vmid)
    try:
        return look_on(site, vmid, node), cluster
    except DriverUnreachable:
        # A migration may have ended between the two looks; then the machine is to be found elsewhere by now.
        again = look_at_cluster(site)
        if vmid not in again.machines() or again.node_of(vmid) == node:
            raise
        return look_on(site, vmid, again.node_of(vmid)), again


def look_on(site: Site, vmid: int, node: str) -> Machine:
    """The machine on a node, without another look at the cluster."""
    path = ("nodes", node, "qemu", vmid)
    status = site.api.get(*path, "status", "current")
    config = site.api.get(*path, "config", current=1)  # without it pending values are mixed in
    tasks = site.api.get("nodes", node, "tasks", vmid=vmid, source="active")
    record = read_record(str(config.get("description", "")), vmid)
    with_job = any(component.means == "retention" for component in site.components)
    return Machine(
        vmid=vmid,
        node=node,
        status=status,
        config=config,
        pending=read_pending(site.api.get(*path, "pending")),
        tasks=running_tasks(tasks),
        record=record,
        keeps=kept_by_job(site.api, vmid) if with_job else None,
        started_since=status.get("status") != "running" and started_since(site, vmid, node, record),
    )


def started_since(site: Site, vmid: int, node: str, record: Record) -> bool:
    """Whether the machine was started after the last cold restart of ours had begun; asked only if it is off."""
    if record.restarting is None or not record.restarting.cold:
        return False
    since = record.restarting.since
    tasks = site.api.get("nodes", node, "tasks", vmid=vmid, since=since, typefilter="qmstart")
    return any(
        task["type"] == "qmstart" and int(task["starttime"]) >= since and task.get("status") == "OK"
        for task in tasks
    )


def understand(looking: Callable[[], Seen]) -> Seen:
    """What makes no sense tells us nothing: DriverUnreachable."""
    try:
        return looking()
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DriverUnreachable("Proxmox VE's answer cannot be understood") from error


def reading(site: Site, machine: Machine, cluster: Cluster) -> Reading:
    """See Reading. A backup storage that is away leaves the count of backups unknown."""
    has = {component: machine.now(component) for component in site.components}
    present = tuple(component for component, value in has.items() if value is not None)
    objects, usage = _stored(site, machine, present)
    for component in present:
        if (amount := used(site.api, machine, component)) is not None:
            usage[component.code] = amount
    room = {component.code: cluster.headroom(machine, component, machine.node) for component in present}
    return Reading(
        external_id=str(machine.vmid),
        taken_at=datetime.now(UTC),
        state=machine.state,
        busy_with=machine.busy_with,
        configuration={component.code: value for component, value in has.items() if value is not None},
        usage=usage,
        objects=tuple(found.stored for found in objects),
        headroom={code: max(units, 0) for code, units in room.items() if units is not None},
        host=machine.node,
        restart_pending=waits(machine, present),
        fixed={component.code: NEVER_SMALLER for component in present if component.is_disk},
        uncounted=frozenset(one.code for one in present if one.is_limit and one.code not in usage),
    )


def waits(machine: Machine, components: tuple[Component, ...]) -> frozenset[str]:
    """The components whose next value is another one."""
    return frozenset(one.code for one in components if machine.now(one) != machine.then(one))


def _stored(
    site: Site, machine: Machine, components: tuple[Component, ...]
) -> tuple[list[Found], dict[str, Decimal]]:
    """The objects, and how many count against each limit."""
    objects: list[Found] = []
    counted: dict[str, Decimal] = {}
    for component in components:
        if not component.is_limit:
            continue
        try:
            found = find_objects(site.api, machine, (component,))
        except DriverUnreachable:
            if component.means == "snapshots":
                raise
            continue
        objects += found
        counted[component.code] = Decimal(len(found))
    return objects, counted
