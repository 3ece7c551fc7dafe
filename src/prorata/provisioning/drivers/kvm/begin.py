"""The beginning of a step: fence and key, then all that may be refused, then the intent in the machine's metadata.

The intent stands there before anything is touched. A crash at any point is harmless: the target is absolute, and a
repeat goes on where the machine is.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

from prorata.provisioning.drivers.base import Applied, HostFull, MachineBusy, StaleFence, Step, StepRefused
from prorata.provisioning.drivers.kvm.decide import component_of, decide, whole_number
from prorata.provisioning.drivers.kvm.definition import keep_as_it_is
from prorata.provisioning.drivers.kvm.lanes import Call
from prorata.provisioning.drivers.kvm.library import library
from prorata.provisioning.drivers.kvm.machine import SHUTTING_DOWN
from prorata.provisioning.drivers.kvm.notes import SPACE, Notes, Operation, digest
from prorata.provisioning.drivers.kvm.sight import MemoryFigures, Sight
from prorata.provisioning.drivers.kvm.work import DONE, Work


def begin(
    call: Call, sight: Sight, figures: MemoryFigures, step: Step, *, key: str, fence: int, may_restart: bool
) -> Work | Applied:
    """The work that is to be done now, its intent written; or its outcome where nothing is left to do.

    Raises StaleFence, StepRefused, MachineBusy, HostFull (nothing happened), DriverUnreachable.
    """
    known = known_operation(sight.notes, step, key, fence)
    going_on = known is not None and not known.over
    in_our_restart = going_on and sight.restarting
    if sight.busy_with and not (in_our_restart and sight.machine.busy_with in ("", SHUTTING_DOWN)):
        raise MachineBusy(sight.busy_with)
    component, target = component_of(sight, step), whole_number(step)
    work = Work(call, sight, figures, component, target, key, fence, may_restart, sight.notes)
    if fence > sight.notes.fence and sight.machine.persistent:
        work.keep(replace(sight.notes, fence=fence))
    if known and known.over:
        return DONE
    if known is None and used_elsewhere(call, sight.machine.uuid, key):
        raise StepRefused("this key belongs to a step of another machine")
    if not in_our_restart:  # which was decided before it began, and has to come to its end
        may_begin(work, step)
    if not going_on:
        work.keep(work.notes.begin(key, component.code, target))
    work.still_ours()
    return work


def may_begin(work: Work, step: Step) -> None:
    """Raises StepRefused, HostFull, MachineBusy; then the key is free again."""
    try:
        decide(work.sight, step)
    except (StepRefused, HostFull, MachineBusy):
        forget(work)
        raise


def known_operation(notes: Notes, step: Step, key: str, fence: int) -> Operation | None:
    """What the machine knows of the key. Raises StaleFence, StepRefused."""
    if fence < notes.fence:
        raise StaleFence(f"the machine has seen run {notes.fence}, and this is run {fence}")
    known = notes.operation(key)
    if known and (known.component, known.target) != (step.component, step.target):
        raise StepRefused("this key belongs to another step")
    return known


def used_elsewhere(call: Call, uuid: str, key: str) -> bool:
    """Whether the key stands in another machine's metadata. Asked once for each operation."""
    return cast(bool, call.ask(is_in_another, call.connection, uuid, digest(key)))


def is_in_another(connection: Any, uuid: str, mark: str) -> bool:
    kind, where = library().VIR_DOMAIN_METADATA_ELEMENT, library().VIR_DOMAIN_AFFECT_CONFIG
    for domain in connection.listAllDomains():
        if domain.UUIDString() == uuid:
            continue
        try:
            text = domain.metadata(kind, SPACE, where)
        except library().libvirtError as error:
            if error.get_error_code() in without_notes():
                continue
            raise
        if mark in text:
            return True
    return False


def without_notes() -> tuple[int, ...]:
    """libvirt's answers about a machine that has no notes of ours, keeps none, or was just removed."""
    libvirt = library()
    return (libvirt.VIR_ERR_NO_DOMAIN_METADATA, libvirt.VIR_ERR_OPERATION_INVALID, libvirt.VIR_ERR_NO_DOMAIN)


def forget(work: Work) -> None:
    """A certain no: the key may be used again, and a value that waits for a restart waits no more."""
    if work.notes.operation(work.key) is not None:
        keep_as_it_is(work)
        work.keep(work.notes.without(work.key))
