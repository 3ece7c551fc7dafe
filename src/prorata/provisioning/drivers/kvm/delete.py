"""Delete one snapshot or backup, once."""

from __future__ import annotations

from dataclasses import replace

from prorata.provisioning.drivers.base import MachineBusy, StepRefused
from prorata.provisioning.drivers.kvm.lanes import Call
from prorata.provisioning.drivers.kvm.notes import read_notes, write_notes
from prorata.provisioning.drivers.kvm.sight import Sight


def delete_stored(call: Call, sight: Sight, object_id: str) -> None:
    """Written down before it is done, so that a repeat knows that there was one.

    Raises StepRefused, MachineBusy, DriverUnreachable.
    """
    if sight.busy_with:
        raise MachineBusy(sight.busy_with)
    found = next((one for one in sight.stored if one.facts.id == object_id), None)
    if found is None:
        if object_id in sight.notes.deleted:
            return
        raise StepRefused("this machine has no such object")
    if object_id not in sight.notes.deleted:
        # Read anew: a step may have begun since.
        notes = read_notes(call, sight.machine.domain)
        deleted = (*notes.deleted, object_id)
        write_notes(call, sight.machine.domain, replace(notes, deleted=deleted))
    call.effect(found.delete)
