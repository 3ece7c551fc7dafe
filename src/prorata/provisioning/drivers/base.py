"""What every hypervisor driver offers to the provisioning room, and nothing else.

A machine has components ("cpu", "memory_gb", "snapshots", "instance_type"): whole numbers in the component's own
unit, or words for components that are chosen from options. Targets are absolute ("memory_gb = 8"), so a repeat is
harmless. Nothing counts as done until read() shows it.

Errors, which decide what may be done next:
    DriverUnreachable  we do not know whether the call had an effect: read, then repeat with the same key
    MachineBusy        certainly not done now; try later          HostFull     certainly not done: no room on this host
    StepRefused        certainly not done, and never will be as it stands
    StaleFence         certainly not done: a newer run has written to the machine; this one must stop
    MachineUnknown     the hypervisor has no such machine

What only some hypervisors can do is an ability of its own, below the Driver: Moving.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Literal, Protocol, runtime_checkable

MachineState = Literal["running", "stopped", "busy"]
StepMode = Literal["live", "restart"]
AppliedState = Literal["done", "restart_pending", "accepted"]
Value = int | str


class DriverError(Exception):
    """Common parent of the driver errors; `reason` is one line fit for staff and logs."""

    def __init__(self, reason: str = "") -> None:
        super().__init__(reason)
        self.reason = reason


class DriverUnreachable(DriverError):
    """No usable answer came: the outcome is UNKNOWN."""


class MachineBusy(DriverError):
    """Something else runs on the machine (backup, migration, another step). Nothing was done; later it may go."""


class HostFull(DriverError):
    """The machine's host has no room for the growth. Nothing was done; another host or another time may do."""


class StepRefused(DriverError):
    """A refusal for good: below what is used, shrinking not supported, no such component. Nothing was done."""


class StaleFence(DriverError):
    """The machine has seen a higher fence than the caller's: another run took over. Nothing was done."""


class MachineUnknown(DriverError):
    """The hypervisor has no machine of this id."""


@dataclass(frozen=True)
class StoredObject:
    """A thing that takes a place: a snapshot, a backup. `kind` is the component code it counts against.

    size_gb is 0 where the hypervisor does not tell.
    """

    id: str
    kind: str
    name: str
    created_at: datetime
    size_gb: Decimal


@dataclass(frozen=True)
class Reading:
    """One machine as measured at `taken_at` (timezone-aware UTC).

    configuration    what the machine really has now, not what was asked for
    usage            how much of a component is used, in its own unit, at its peak; a reduction may not go below
    objects          what is stored and counts against a component
    headroom         how many more units the host can give this machine now; a code that is absent has no limit
    restart_pending  components whose new value waits for a restart
    fixed            components this machine never makes smaller, with the reason in one sentence; the price list
                     cannot make them smaller either
    uncounted        components whose stored objects could not be listed now: `objects` says nothing of them
    """

    external_id: str
    taken_at: datetime
    state: MachineState
    busy_with: str
    configuration: dict[str, int | str]
    usage: dict[str, Decimal]
    objects: tuple[StoredObject, ...]
    headroom: dict[str, int]
    host: str
    restart_pending: frozenset[str]
    fixed: Mapping[str, str] = field(default_factory=dict)
    uncounted: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Step:
    """Bring one component to `target`. `current` is what the planner saw; the driver aims at the target only."""

    component: str
    current: int | str
    target: int | str


@dataclass(frozen=True)
class StepPlan:
    """How a step would be done: without interruption ("live") or with a restart, and if at all.

    `reason` says in one sentence why it is not possible; empty when it is.
    """

    mode: StepMode
    possible: bool
    reason: str


@dataclass(frozen=True)
class Applied:
    """What the hypervisor says it did. Only read() proves it.

    done             the machine has the new value
    restart_pending  recorded; it holds from the next restart, which was not allowed in this call
    accepted         begun and still running; repeat the same call or read until the machine is no longer busy
    """

    state: AppliedState
    reason: str = ""


class Driver(Protocol):
    """One hypervisor, or one cluster of them, reached with one set of credentials."""

    @property
    def code(self) -> str:
        """Short name stored with each service ("sandbox")."""
        ...

    def read(self, external_id: str) -> Reading:
        """Measure the machine. Changes nothing. Raises MachineUnknown, DriverUnreachable (nothing learned)."""
        ...

    def plan(self, external_id: str, step: Step) -> StepPlan:
        """Say how the step would be done now. Changes nothing, promises nothing: the host may fill up meanwhile.

        Raises MachineUnknown, DriverUnreachable.
        """
        ...

    def apply(self, external_id: str, step: Step, *, key: str, fence: int, may_restart: bool) -> Applied:
        """Bring the component to its absolute target.

        `key` names this operation for ever. Repeating a call with its key is harmless: it never has effect twice
        and tells how the operation stands. The same key with another machine, component or target is refused.
        `fence` (1 or more) rises with every run that works on the machine. The machine's side keeps the highest it
        has seen and refuses a lower one, so that a run that was thought dead changes nothing when it wakes up.
        What is used is looked at again in the same breath as a reduction: less than that is refused.
        With may_restart=False the machine keeps running, and a value that needs a restart waits for it; a later
        repeat with may_restart=True restarts the machine and finishes.
        Raises DriverUnreachable (it may have happened), MachineBusy, HostFull, StepRefused, StaleFence,
        MachineUnknown (these five: certainly nothing happened, and the key may be used again).
        """
        ...

    def delete_object(self, external_id: str, object_id: str) -> None:
        """Delete one stored object of this machine. Repeating is harmless.

        Raises DriverUnreachable (it may be gone: read), MachineBusy, StepRefused (never was one of this
        machine), MachineUnknown.
        """
        ...

    def list_machines(self) -> list[str]:
        """External ids of all machines, sorted. Raises DriverUnreachable."""
        ...


@runtime_checkable
class Moving(Protocol):
    """A hypervisor that can bring a machine to another of its hosts."""

    def move(
        self, external_id: str, room: Mapping[str, int], *, key: str, fence: int, may_restart: bool
    ) -> Applied:
        """Bring the machine to a host with room for so many more of each component (code -> units), or leave it.

        The driver chooses the host; read() tells which. Repeating a call with its key is harmless and moves once.
        With may_restart=False the machine moves only if it can keep running.
        Raises HostFull (no host has the room, or none that it can go to while it runs: nothing happened),
        DriverUnreachable (it may be on its way), MachineBusy, StepRefused (this machine cannot be moved),
        StaleFence, MachineUnknown.
        """
        ...
