"""One virtual machine as Proxmox VE describes it: what it has, what it gets at its next start, what runs on it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from prorata.provisioning.drivers.base import MachineState
from prorata.provisioning.drivers.proxmox.record import Record

MIB_PER_GIB = 1024
DEFAULT_HOTPLUG = "network,disk,usb"
UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
CONSOLES = {
    "vncproxy",
    "vncshell",
    "termproxy",
    "spiceproxy",
    "spiceshell",
}  # someone looks; nothing is being done
DRIVE = re.compile(r"(?:scsi|virtio|sata|ide)\d{1,2}")
# live     the running machine gets it at once
# pending  written down now, it holds from the next start
# cold     Proxmox would take it from the running guest at once, which guests do not survive: set while it is off
How = Literal["live", "pending", "cold"]
Config = Mapping[str, Any]


@dataclass(frozen=True)
class Component:
    """What a component code stands for here: cpu, memory, snapshots, backups, retention, or the name of a disk.

    unset  the limit of a machine for which none was ever set (snapshots, backups)
    """

    code: str
    means: str
    unset: int = 0

    @property
    def is_disk(self) -> bool:
        """Whether it is the size of a disk, in GiB."""
        return bool(DRIVE.fullmatch(self.means))

    @property
    def is_limit(self) -> bool:
        """Whether it says how many objects may be stored."""
        return self.means in ("snapshots", "backups", "retention")


@dataclass(frozen=True)
class Machine:
    """A machine as looked at. `config` is what it runs with, `pending` what its next start changes (None: it goes)."""

    vmid: int
    node: str
    status: Mapping[str, Any]
    config: Config
    pending: Mapping[str, Any]
    tasks: tuple[str, ...]
    record: Record
    keeps: int | None = None  # how many backups its own backup job keeps; None without such a job
    started_since: bool = False  # whether it was started after the last restart of ours had begun

    @property
    def path(self) -> tuple[str | int, ...]:
        """Where it stands in the API."""
        return ("nodes", self.node, "qemu", self.vmid)

    @property
    def running(self) -> bool:
        """Whether the guest runs (or is paused)."""
        return self.status.get("status") == "running"

    @property
    def busy_with(self) -> str:
        """The lock or the task that keeps everyone else out; "" when nothing does."""
        lock = self.status.get("lock") or self.config.get("lock")
        return str(lock or next(iter(self.tasks), ""))

    @property
    def state(self) -> MachineState:
        """For a reading."""
        return "busy" if self.busy_with else "running" if self.running else "stopped"

    @property
    def coming(self) -> Config:
        """The configuration of its next start."""
        after = {**self.config, **self.pending}
        return {name: value for name, value in after.items() if value is not None}

    @property
    def owed_a_start(self) -> bool:
        """Whether it is off because Prorata restarts it, and not because someone wants it off."""
        begun = self.record.restarting
        if self.running or begun is None:
            return False
        if begun.cold:
            return begun.component in self.record.waiting or not self.started_since
        return bool(self.pending)

    def now(self, component: Component) -> int | None:
        """What it has. A machine that is off has what it starts with; while we restart it, the change is not made yet."""
        if component.is_limit:
            return self.limit(component)
        begun = self.record.restarting
        if begun and begun.component == component.code and self.owed_a_start:
            return begun.before
        return measure(component, self.config if self.running else self.coming)

    def then(self, component: Component) -> int | None:
        """What it has from its next start."""
        if component.is_limit:
            return self.limit(component)
        return self.record.waiting.get(component.code, measure(component, self.coming))

    def limit(self, component: Component) -> int | None:
        """How many objects may be stored."""
        if component.means == "retention":
            return self.keeps
        return self.record.limits.get(component.code, component.unset)

    def how(self, component: Component, target: int) -> How:
        """How a running machine comes to a new value."""
        if component.is_disk or component.is_limit:
            return "live"
        if not self.plugs(component.means):
            return "pending"
        if component.means == "cpu":
            return "live" if (self.now(component) or 0) <= target <= most_cpus(self.config) else "cold"
        return "live" if target >= (self.now(component) or 0) else "cold"

    def plugs(self, means: str) -> bool:
        """Whether Proxmox gives to and takes from the running guest. Memory needs NUMA for it."""
        features = str(self.config.get("hotplug", "1"))
        if means not in re.split(r"[;,\s]+", DEFAULT_HOTPLUG if features == "1" else features):
            return False
        return means != "memory" or str(self.config.get("numa", "0")) == "1"

    def change(self, component: Component, target: int) -> dict[str, Any]:
        """The options that bring it to a value; none for what is no option."""
        if component.means == "cpu":
            return self._cpus(target)
        return self._memory(target * MIB_PER_GIB) if component.means == "memory" else {}

    def _cpus(self, target: int) -> dict[str, Any]:
        """Virtual CPUs up to sockets times cores; more cores only where they do not do."""
        config = self.coming
        sockets = int(config.get("sockets", 1))
        if "vcpus" not in config and not self.plugs("cpu") and target % sockets == 0:
            return {"cores": target // sockets}
        more = {"cores": math.ceil(target / sockets)} if target > most_cpus(config) else {}
        return {**more, "vcpus": target}

    def _memory(self, mib: int) -> dict[str, Any]:
        """The balloon's lower bound goes along where it was the whole memory, and is never above it."""
        balloon = self.coming.get("balloon")
        lower = int(balloon) if balloon is not None else 0
        moved = lower and (lower == memory_mib(self.coming) or lower > mib)
        return {"memory": mib, **({"balloon": mib} if moved else {})}


def measure(component: Component, config: Config) -> int | None:
    """A value out of a configuration, in whole units; None if there is no such disk."""
    if component.means == "cpu":
        return int(config.get("vcpus") or most_cpus(config))
    if component.means == "memory":
        return memory_mib(config) // MIB_PER_GIB
    size = disk_bytes(config, component.means)
    return None if size is None else size >> 30


def most_cpus(config: Config) -> int:
    """How many CPUs the machine was started for."""
    return int(config.get("sockets", 1)) * int(config.get("cores", 1))


def memory_mib(config: Config) -> int:
    """The memory in MiB: "8192", or "current=8192"."""
    said = re.fullmatch(r"(?:current=)?(\d+)", str(config.get("memory", 512)))
    if not said:
        raise ValueError("no memory size")
    return int(said[1])


def disk_bytes(config: Config, drive: str) -> int | None:
    """The size of a disk: "local-lvm:vm-101-disk-0,size=100G"."""
    said = re.search(r"(?:^|,)size=(\d+(?:\.\d+)?)([KMGT]?)(?:,|$)", str(config.get(drive, "")))
    return int(float(said[1]) * UNITS[said[2]]) if said else None


def storage_of(config: Config, drive: str) -> str:
    """The storage that a disk is on."""
    return str(config.get(drive, "")).split(":", 1)[0]


def running_tasks(tasks: Any) -> tuple[str, ...]:
    """The kinds of the tasks that have not ended."""
    return tuple(
        str(task["type"]) for task in tasks if not task.get("endtime") and task.get("type") not in CONSOLES
    )


def read_pending(rows: Any) -> dict[str, Any]:
    """What differs from the next start: option -> new value, None where it goes."""
    return {
        str(row["key"]): None if row.get("delete") else row["pending"]
        for row in rows
        if row.get("delete") or "pending" in row
    }
