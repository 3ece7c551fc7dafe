"""The cluster in one look: where each machine runs, what each node has, and how much of it is given away."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from prorata.provisioning.drivers.base import MachineUnknown
from prorata.provisioning.drivers.proxmox.machine import Component, Machine, most_cpus, storage_of
from prorata.provisioning.drivers.proxmox.record import tag

GIB = 1 << 30


@dataclass(frozen=True)
class Overcommit:
    """How much of a node is sold: virtual CPUs per CPU of the node, memory sold per memory of the node."""

    cpu: Decimal = Decimal(4)
    memory: Decimal = Decimal(1)


@dataclass(frozen=True)
class Cluster:
    """The rows of /cluster/resources."""

    rows: tuple[dict[str, Any], ...]
    overcommit: Overcommit

    def machines(self) -> list[int]:
        """The ids of the virtual machines, without templates and containers."""
        return sorted(
            int(row["vmid"]) for row in self._guests() if row["type"] == "qemu" and not row.get("template")
        )

    def node_of(self, vmid: int) -> str:
        """The node on which the machine is now. Raises MachineUnknown."""
        for row in self._guests():
            if row["type"] == "qemu" and int(row["vmid"]) == vmid and not row.get("template"):
                return str(row["node"])
        raise MachineUnknown("Proxmox VE has no virtual machine of this id")

    def nodes(self) -> list[str]:
        """The nodes that are there."""
        return sorted(
            str(row["node"]) for row in self.rows if row["type"] == "node" and row.get("status") == "online"
        )

    def used_elsewhere(self, vmid: int, key: str) -> bool:
        """Whether another machine's last operation has this key."""
        return any(
            int(row["vmid"]) != vmid and tag(int(row["vmid"]), key) in str(row.get("tags", "")).split(";")
            for row in self._guests()
        )

    def headroom(self, machine: Machine, component: Component, node: str) -> int | None:
        """How many more units the machine could have if it were on that node; None where nothing limits it.

        Below zero: the machine as it is does not fit there.
        """
        has = machine.then(component) or 0
        if component.means == "cpu":
            return self._cpus(machine, node, has)
        if component.means == "memory":
            row = self._node(node)
            sold = int(Decimal(row.get("maxmem", 0)) * self.overcommit.memory) - self._given(
                machine, node, "maxmem"
            )
            return sold // GIB - has
        return self._disk(machine, component, node) if component.is_disk else None

    def _cpus(self, machine: Machine, node: str, has: int) -> int:
        """What is left to sell, and never more than the node has: Proxmox starts no larger machine."""
        real = int(self._node(node).get("maxcpu", 0))
        sold = int(real * self.overcommit.cpu) - self._given(machine, node, "maxcpu")
        if node != machine.node and most_cpus(machine.coming) > real:
            return -1
        return min(sold, real) - has

    def _disk(self, machine: Machine, component: Component, node: str) -> int:
        """What is free on the disk's storage. Another node's own storage must take the whole disk."""
        name = storage_of(machine.config, component.means)
        for row in self.rows:
            if row["type"] == "storage" and (row.get("node"), row.get("storage")) == (node, name):
                free = (int(row.get("maxdisk", 0)) - int(row.get("disk", 0))) // GIB
                there = node == machine.node or row.get("shared")
                return free if there else free - (machine.now(component) or 0)
        return -1 if node != machine.node else 0

    def _given(self, machine: Machine, node: str, what: str) -> int:
        """What the other guests of a node have, running or not: each may be started."""
        return sum(
            int(row.get(what) or 0)
            for row in self._guests()
            if row["node"] == node and int(row["vmid"]) != machine.vmid and not row.get("template")
        )

    def _node(self, node: str) -> dict[str, Any]:
        return next((row for row in self.rows if row["type"] == "node" and row.get("node") == node), {})

    def _guests(self) -> list[dict[str, Any]]:
        return [row for row in self.rows if row["type"] in ("qemu", "lxc")]
