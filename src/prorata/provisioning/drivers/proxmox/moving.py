"""Bring a machine to another node of its cluster, once per key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from prorata.provisioning.drivers.base import Applied, HostFull, MachineBusy, StepRefused
from prorata.provisioning.drivers.proxmox.cluster import Cluster
from prorata.provisioning.drivers.proxmox.looking import Site, look
from prorata.provisioning.drivers.proxmox.machine import Component, Machine
from prorata.provisioning.drivers.proxmox.steps import admit
from prorata.provisioning.drivers.proxmox.writing import write

MOVE = "(move)"  # no component's code


def move(site: Site, external_id: str, room: Mapping[str, int], *, key: str, fence: int) -> Applied:
    """See Moving.move. A machine that runs keeps running; one that is off moves as it is."""
    machine, cluster = look(site, external_id)
    known = admit(machine, cluster, MOVE, None, key, fence)
    if known and known.target == machine.node:
        return Applied("done")
    if machine.busy_with:
        if known:
            return Applied("accepted", machine.busy_with)
        raise MachineBusy(f"the machine is busy ({machine.busy_with})")
    wanted = {site.component(code): units for code, units in room.items()}
    target = (
        machine.node
        if fits(cluster, machine, wanted, machine.node)
        else choose(site, machine, cluster, wanted)
    )
    if not known or known.target != target or fence > machine.record.fence:
        machine = _write_down(site, machine, target, key, fence)
    return Applied("done") if target == machine.node else _migrate(site, machine, target)


def fits(cluster: Cluster, machine: Machine, room: Mapping[Component, int], node: str) -> bool:
    """Whether the machine and so much more of each component have room on a node."""
    for component in room:
        free = cluster.headroom(machine, component, node)
        if free is not None and free < room[component]:
            return False
    return True


def choose(site: Site, machine: Machine, cluster: Cluster, room: Mapping[Component, int]) -> str:
    """The node with the most room of those the machine can go to. The whole machine must fit, not only what grows."""
    state = site.api.get(*machine.path, "migrate")
    if state.get("local_resources"):
        raise StepRefused(
            f"the machine cannot be moved: it uses {', '.join(state['local_resources'])} of its node"
        )
    whole = {one: room.get(one, 0) for one in site.components if machine.now(one) is not None}
    allowed = _allowed(state, cluster)
    there = [
        node
        for node in cluster.nodes()
        if node != machine.node and node in allowed and fits(cluster, machine, whole, node)
    ]
    if not there:
        raise HostFull(f"no other node has room for {', '.join(f'{u} of {c.code}' for c, u in room.items())}")
    return max(there, key=lambda node: [cluster.headroom(machine, one, node) or 0 for one in whole])


def _allowed(state: Mapping[str, Any], cluster: Cluster) -> set[str]:
    """The nodes that Proxmox lets it go to. Before version 9 it names those only that it does not, if the machine runs."""
    named = state.get("allowed_nodes")
    if named is not None:
        return set(named)
    return set(cluster.nodes()) - set(state.get("not_allowed_nodes") or {})


def _write_down(site: Site, machine: Machine, target: str, key: str, fence: int) -> Machine:
    """The operation first: whoever repeats it after a lost answer goes on with it."""
    begun = machine.record.begun(key, MOVE, target, fence, machine.node)
    return write(site, machine, begun, key=key)


def _migrate(site: Site, machine: Machine, target: str) -> Applied:
    """Migrate and follow the task. A migration that fails leaves the machine where it was."""
    state = site.api.get(*machine.path, "migrate")
    own_disks = any(not disk.get("cdrom") for disk in state.get("local_disks") or [])
    upid = site.api.post(
        *machine.path,
        "migrate",
        target=target,
        **({"online": 1} if machine.running else {}),
        **({"with-local-disks": 1} if own_disks and machine.running else {}),
    )
    ended = site.api.wait(upid, site.patience_seconds)
    if ended is None:
        return Applied("accepted", f"the machine moves to {target}")
    after, _ = look(site, str(machine.vmid))
    if after.node == target:
        return Applied("done")
    if ended.well:  # a machine under high availability: its manager moves it a little later
        return Applied("accepted", f"the machine moves to {target}")
    raise HostFull(f"the machine could not go to {target}: {ended.words}")
