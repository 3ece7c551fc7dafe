"""Snapshots, which are libvirt's own, and backups, which are volumes of a pool named MACHINE@LABEL."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_UP, Decimal
from typing import Any

from defusedxml.ElementTree import fromstring

from prorata.provisioning.drivers.base import DriverUnreachable, StoredObject
from prorata.provisioning.drivers.kvm.lanes import Call
from prorata.provisioning.drivers.kvm.machine import Machine
from prorata.provisioning.drivers.kvm.settings import HostSettings

GONE = ("VIR_ERR_NO_DOMAIN_SNAPSHOT", "VIR_ERR_NO_STORAGE_VOL")


@dataclass(frozen=True)
class Stored:
    """One stored object, and the libvirt call that deletes it."""

    facts: StoredObject
    delete: Callable[[], Any]


def stored_objects(call: Call, machine: Machine, settings: HostSettings) -> tuple[Stored, ...]:
    """All of them, oldest first. Raises DriverUnreachable."""
    found: list[Stored] = []
    for component in settings.components.values():
        if component.kind == "snapshots":
            found += snapshots(call, machine, component.code)
        if component.kind == "backups":
            found += backups(call, machine, component.code, settings.backup_pool)
    return tuple(sorted(found, key=lambda one: (one.facts.created_at, one.facts.id)))


def snapshots(call: Call, machine: Machine, code: str) -> Iterator[Stored]:
    """libvirt does not tell how much of a disk a snapshot inside it takes: their size is 0."""
    known = call.ask(machine.domain.listAllSnapshots, unless=("VIR_ERR_NO_SUPPORT",)) or []
    for snapshot in known:
        text = call.ask(snapshot.getXMLDesc, unless=GONE)
        if text:
            tree = fromstring(text)
            name, made = tree.findtext("name") or "", tree.findtext("creationTime") or "0"
            yield Stored(stored(code, name, made, Decimal(0)), snapshot.delete)


def backups(call: Call, machine: Machine, code: str, pool_name: str) -> Iterator[Stored]:
    """The volumes that begin with the machine's name or UUID and an @. A label holds no @, a machine's name may."""
    pool = call.ask(call.connection.storagePoolLookupByName, pool_name, unless=("VIR_ERR_NO_STORAGE_POOL",))
    if pool is None or not call.ask(pool.isActive):
        raise DriverUnreachable(f"the storage pool {pool_name!r} for backups is not there or not started")
    # Backups are written by other programs. While libvirt itself writes a volume, it does not look.
    call.ask(pool.refresh, unless=("VIR_ERR_OPERATION_INVALID", "VIR_ERR_INTERNAL_ERROR"))
    for volume in call.ask(pool.listAllVolumes):
        name = volume.name()
        owner, _, label = name.rpartition("@")
        if owner in (machine.name, machine.uuid) and label:
            text = call.ask(volume.XMLDesc, unless=GONE)
            if text:
                tree = fromstring(text)
                made = tree.findtext("target/timestamps/mtime") or "0"
                size = Decimal(tree.findtext("allocation") or 0) / 2**30
                yield Stored(stored(code, label, made, size, of=name), volume.delete)


def stored(code: str, name: str, made: str, size: Decimal, *, of: str = "") -> StoredObject:
    """The id changes with the instant: a deletion that is repeated late never hits a newer one of the same name."""
    mark = hashlib.sha256(f"{of or name}\0{made}".encode()).hexdigest()[:24]
    return StoredObject(
        id=f"{code}-{mark}",
        kind=code,
        name=name,
        created_at=datetime.fromtimestamp(float(made), UTC),
        size_gb=size.quantize(Decimal("0.001"), ROUND_UP),
    )
