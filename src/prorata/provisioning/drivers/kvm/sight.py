"""A machine with all that a decision about it needs, seen at one moment; and the reading that is made of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_UP, Decimal
from fractions import Fraction
from typing import Any

from prorata.provisioning.drivers.base import MachineState, Reading
from prorata.provisioning.drivers.kvm.lanes import Call
from prorata.provisioning.drivers.kvm.machine import Machine, Size, look
from prorata.provisioning.drivers.kvm.notes import Notes, read_notes
from prorata.provisioning.drivers.kvm.room import headroom
from prorata.provisioning.drivers.kvm.settings import Component, HostSettings
from prorata.provisioning.drivers.kvm.stored import Stored, stored_objects

NEVER_SMALLER = "A disk is not made smaller: the hypervisor would cut off what is written at its end."
STALE_SECONDS = 300  # a guest that tells nothing new for so long tells nothing

# The guest's own figures about its memory (libvirt's memoryStats, in KiB), while it runs.
MemoryFigures = Callable[[Call, Machine], dict[str, int]]


def guest_figures(call: Call, machine: Machine) -> dict[str, int]:
    """What the guest's balloon driver tells; empty where it tells nothing that is fresh."""
    unless = ("VIR_ERR_NO_SUPPORT", "VIR_ERR_OPERATION_INVALID")
    figures: dict[str, Any] = call.ask(machine.domain.memoryStats, unless=unless) or {}
    return figures if time.time() - figures.get("last_update", 0) < STALE_SECONDS else {}


@dataclass(frozen=True)
class Sight:
    """One machine, seen once. `memory_used` in bytes; None where nobody tells."""

    machine: Machine
    notes: Notes
    stored: tuple[Stored, ...]
    headroom: dict[str, int]
    memory_used: int | None
    host: str
    settings: HostSettings

    @property
    def restarting(self) -> bool:
        """Whether a restart that Prorata began has not ended: the machine's old run goes on, or it is still off."""
        begun = self.notes.restart
        return begun is not None and self.machine.process in (begun.process, -1)

    @property
    def busy_with(self) -> str:
        """What keeps the machine, Prorata's own restart among it; "" for nothing."""
        begun = self.notes.restart
        if self.restarting and self.machine.running and begun and time.time() < begun.until:
            return "restart"
        return self.machine.busy_with

    def value(self, component: Component) -> int | None:
        """What the machine has, in whole units; None where it has no such thing."""
        begun = self.notes.restart
        if self.restarting and begun and begun.component == component.code:
            return begun.was // component.unit
        return self._value(component, self.machine.now)

    def next_value(self, component: Component) -> int | None:
        """What it has from its next start on."""
        return self._value(component, self.machine.next)

    def count(self, code: str) -> int:
        """How many objects are stored of a kind."""
        return sum(one.facts.kind == code for one in self.stored)

    def used(self, component: Component) -> Decimal | None:
        """How much of it is used, in its unit; None where nobody tells."""
        if component.counts_objects:
            return Decimal(self.count(component.code))
        if component.kind == "memory" and self.memory_used is not None:
            return rounded_up(Fraction(self.memory_used, component.unit))
        return None

    def reading(self, external_id: str) -> Reading:
        """As the provisioning room wants it."""
        components = self.settings.components.values()
        values = {component.code: self.value(component) for component in components}
        used = {component.code: self.used(component) for component in components}
        state: MachineState = "running" if self.machine.running else "stopped"
        return Reading(
            external_id=external_id,
            taken_at=datetime.now(UTC),
            state="busy" if self.busy_with else state,
            busy_with=self.busy_with,
            configuration={code: value for code, value in values.items() if value is not None},
            usage={code: amount for code, amount in used.items() if amount is not None},
            objects=tuple(one.facts for one in self.stored),
            headroom=self.headroom,
            host=self.host,
            restart_pending=frozenset(
                component.code
                for component in components
                if self.value(component) != self.next_value(component)
            ),
            fixed={
                c.code: NEVER_SMALLER for c in components if c.kind == "disk" and c.disk in self.machine.disks
            },
        )

    def _value(self, component: Component, size: Size) -> int | None:
        if component.counts_objects:
            # Until Prorata has written a limit, the machine may keep what it has.
            return self.notes.limits.get(component.code, self.count(component.code))
        if component.kind == "cpu":
            return size.cpus
        if component.kind == "memory":
            return size.memory // component.unit
        bytes_now = self.machine.disks.get(component.disk)
        return None if bytes_now is None else bytes_now // component.unit


def see(call: Call, external_id: str, settings: HostSettings, figures: MemoryFigures) -> Sight:
    """Look at everything. Raises MachineUnknown, DriverUnreachable."""
    machine = look(call, external_id)
    return Sight(
        machine=machine,
        notes=read_notes(call, machine.domain) if machine.persistent else Notes(),
        stored=stored_objects(call, machine, settings),
        headroom=headroom(call, machine, settings),
        memory_used=memory_used(call, machine, figures),
        host=call.ask(call.connection.getHostname),
        settings=settings,
    )


def memory_used(call: Call, machine: Machine, figures: MemoryFigures) -> int | None:
    """Bytes that the guest cannot do without: all it has, less what it says is free or could be freed at once.

    Without "usable" (old guests) what is merely free counts, so caches count as used: rather too much than too little.
    """
    if not machine.running or machine.busy_with:
        return None
    told = figures(call, machine)
    free = told.get("usable", told.get("unused"))
    return None if free is None or "actual" not in told else max(0, told["actual"] - free) * 1024


def rounded_up(amount: Fraction) -> Decimal:
    """To a thousandth, never below."""
    return (Decimal(amount.numerator) / amount.denominator).quantize(Decimal("0.001"), ROUND_UP)
