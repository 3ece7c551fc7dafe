"""One call of apply at work: what it saw, whose it is, and the notes that it alone may write."""

from __future__ import annotations

from dataclasses import dataclass, replace

from prorata.provisioning.drivers.base import Applied, StaleFence
from prorata.provisioning.drivers.kvm.lanes import Call
from prorata.provisioning.drivers.kvm.machine import Machine, look
from prorata.provisioning.drivers.kvm.notes import Notes, read_notes, write_notes
from prorata.provisioning.drivers.kvm.settings import Component
from prorata.provisioning.drivers.kvm.sight import MemoryFigures, Sight

DONE = Applied("done")


@dataclass
class Work:
    """Bring one component to its target. `notes` are those in the machine's metadata, as we wrote them last."""

    call: Call
    sight: Sight
    figures: MemoryFigures
    component: Component
    target: int
    key: str
    fence: int
    may_restart: bool
    notes: Notes

    def keep(self, notes: Notes) -> None:
        """Write the notes, unless somebody newer has written. Raises StaleFence, MachineBusy, DriverUnreachable."""
        found = self.still_ours()
        # What a customer deletes meanwhile is no run's business, and must not be forgotten.
        mine = replace(notes, deleted=found.deleted)
        self.notes = write_notes(self.call, self.sight.machine.domain, mine)

    def still_ours(self) -> Notes:
        """Asked right before everything that is done. Raises StaleFence if another run has written meanwhile.

        libvirt cannot compare and write in one go: between two runs that are both awake, what is left is the time of
        one call. The lease of the job keeps them apart before that.
        """
        found = read_notes(self.call, self.sight.machine.domain)
        if (found.fence, found.operations) != (self.notes.fence, self.notes.operations):
            raise StaleFence("another run has written to the machine meanwhile")
        return found

    def machine_now(self) -> Machine:
        """The machine, looked at again."""
        return look(self.call, self.sight.machine.uuid)

    def reached(self, machine: Machine | None = None) -> bool:
        """Read back: whether the machine has the value."""
        seen = replace(self.sight, machine=machine or self.machine_now(), notes=self.notes)
        return seen.value(self.component) == self.target

    def done(self) -> Applied:
        """The value was read back: repeating the key has no effect any more."""
        self.keep(self.notes.end(self.key))
        return DONE
