"""What Prorata keeps in a machine's own metadata: the highest fence, its operations, limits, and a restart under way.

It stays with the machine when the daemon or the host restarts, and moves with the machine's definition. It is one small
XML element in a name space of our own, which `virsh metadata MACHINE urn:x-prorata:machine:1 --config` shows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

from defusedxml.ElementTree import ParseError, fromstring

from prorata.provisioning.drivers.base import DriverUnreachable
from prorata.provisioning.drivers.kvm.lanes import Call
from prorata.provisioning.drivers.kvm.library import library

SPACE, PREFIX = "urn:x-prorata:machine:1", "prorata"
# A call that is repeated after so many later ones comes from a run whose fence is long outdated.
KEPT = 500


@dataclass(frozen=True)
class Operation:
    """One key: what it wants, and whether it may still have an effect."""

    key: str
    component: str
    target: int
    over: bool = False


@dataclass(frozen=True)
class Restart:
    """A machine that is being switched off and on again, written before it is.

    component, was   what it had before, in vCPUs or bytes; a reading says so until it is on again
    process          libvirt's number of the run that is to end
    until            seconds since 1970: from then on it is switched off
    """

    component: str
    was: int
    process: int
    until: float


@dataclass(frozen=True)
class Notes:
    """All of it. Keys are kept as digests, oldest first."""

    fence: int = 0
    limits: Mapping[str, int] = field(default_factory=dict)
    operations: tuple[Operation, ...] = ()
    restart: Restart | None = None
    deleted: tuple[str, ...] = ()

    def operation(self, key: str) -> Operation | None:
        """The operation of a key."""
        return next((known for known in self.operations if known.key == digest(key)), None)

    def begin(self, key: str, component: str, target: int) -> Notes:
        """With this operation begun. What was begun on the same component before it is over: it came too late."""
        begun = Operation(digest(key), component, target)
        others = [
            replace(known, over=True) if known.component == component else known
            for known in self.without(key).operations
        ]
        return replace(self, operations=(*others, begun)[-KEPT:])

    def end(self, key: str) -> Notes:
        """With this operation over."""
        mine = digest(key)
        return replace(
            self,
            operations=tuple(
                replace(known, over=True) if known.key == mine else known for known in self.operations
            ),
        )

    def without(self, key: str) -> Notes:
        """As if the key had never been used."""
        mine = digest(key)
        return replace(self, operations=tuple(known for known in self.operations if known.key != mine))


def digest(key: str) -> str:
    """A key as it is kept."""
    return hashlib.sha256(key.encode()).hexdigest()[:24]


def read_notes(call: Call, domain: Any) -> Notes:
    """What the machine's metadata says; nothing yet is empty. Raises DriverUnreachable: it cannot be understood."""
    text = call.ask(
        domain.metadata,
        library().VIR_DOMAIN_METADATA_ELEMENT,
        SPACE,
        library().VIR_DOMAIN_AFFECT_CONFIG,
        unless=("VIR_ERR_NO_DOMAIN_METADATA", "VIR_ERR_OPERATION_INVALID"),
    )
    return understand(text) if text else Notes()


def write_notes(call: Call, domain: Any, notes: Notes) -> Notes:
    """Keep them with the machine's definition. Raises DriverUnreachable, MachineBusy, StepRefused."""
    call.effect(
        domain.setMetadata,
        library().VIR_DOMAIN_METADATA_ELEMENT,
        put(notes),
        PREFIX,
        SPACE,
        library().VIR_DOMAIN_AFFECT_CONFIG,
    )
    return notes


def understand(text: str) -> Notes:
    """Out of the XML."""
    try:
        tree = fromstring(text)
        restart = tree.find("restart")
        return Notes(
            fence=int(tree.get("fence", "0")),
            limits={str(limit.get("component")): int(limit.get("value")) for limit in tree.findall("limit")},
            operations=tuple(
                Operation(
                    one.get("key"), one.get("component"), int(one.get("target")), one.get("over") == "yes"
                )
                for one in tree.findall("operation")
            ),
            restart=None
            if restart is None
            else Restart(
                restart.get("component"),
                int(restart.get("was")),
                int(restart.get("process")),
                float(restart.get("until")),
            ),
            deleted=tuple(str(one.get("id")) for one in tree.findall("deleted")),
        )
    except (ParseError, TypeError, ValueError) as error:
        raise DriverUnreachable("Prorata's notes in the machine's metadata cannot be understood") from error


def put(notes: Notes) -> str:
    """As XML."""
    tree = Element("machine", fence=str(notes.fence))
    for component, value in notes.limits.items():
        SubElement(tree, "limit", component=component, value=str(value))
    for one in notes.operations:
        told = SubElement(tree, "operation", key=one.key, component=one.component, target=str(one.target))
        if one.over:
            told.set("over", "yes")
    if notes.restart:
        facts = notes.restart
        SubElement(
            tree,
            "restart",
            component=facts.component,
            was=str(facts.was),
            process=str(facts.process),
            until=f"{facts.until:.3f}",
        )
    for id in notes.deleted[-KEPT:]:
        SubElement(tree, "deleted", id=id)
    return tostring(tree, encoding="unicode")
