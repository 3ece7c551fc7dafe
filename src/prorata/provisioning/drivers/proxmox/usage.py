"""How much of a component the guest uses, where the guest says so. What is not known is left out."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from prorata.provisioning.drivers.base import DriverUnreachable
from prorata.provisioning.drivers.proxmox.api import Api
from prorata.provisioning.drivers.proxmox.machine import Component, Machine

HUNDREDTH = Decimal("0.01")


def used(api: Api, machine: Machine, component: Component) -> Decimal | None:
    """In GiB, at its peak; None if not known."""
    if component.means == "memory":
        return memory(api, machine)
    return disk(api, machine, component.means) if component.is_disk else None


def memory(api: Api, machine: Machine) -> Decimal | None:
    """What the guest itself reports through its balloon, and the day's peak. Without it Proxmox shows the process's size."""
    if not machine.running or "freemem" not in machine.status:
        return None
    days = api.get(*machine.path, "rrddata", timeframe="day", cf="MAX")
    peak = max((int(row["mem"]) for row in days if row.get("mem")), default=0)
    return gib(max(int(machine.status["mem"]), peak))


def disk(api: Api, machine: Machine, drive: str) -> Decimal | None:
    """What the file systems on the disk hold, as the guest's agent says."""
    if not machine.running or not machine.status.get("agent"):
        return None
    try:
        answer = api.get(*machine.path, "agent", "get-fsinfo")
    except DriverUnreachable:  # no agent in the guest, or a silent one
        return None
    on_it = {
        system["name"]: int(system["used-bytes"])
        for system in answer.get("result") or []
        if system.get("used-bytes") is not None and _is_on(system, drive)
    }
    return gib(sum(on_it.values())) if on_it else None


def _is_on(system: Any, drive: str) -> bool:
    """Whether a file system is on this disk: QEMU gives the disk's name as its serial."""
    return any(str(part.get("serial", "")).endswith(f"drive-{drive}") for part in system.get("disk") or [])


def gib(size: int) -> Decimal:
    """Bytes as GiB, in hundredths."""
    return (Decimal(size) / (1 << 30)).quantize(HUNDREDTH)
