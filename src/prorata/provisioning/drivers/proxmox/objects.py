"""The snapshots and backups of one machine: listed, counted, deleted."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from prorata.provisioning.drivers.base import DriverUnreachable, MachineBusy, StepRefused, StoredObject
from prorata.provisioning.drivers.proxmox.api import Api, sentence
from prorata.provisioning.drivers.proxmox.machine import Component, Machine

ID = re.compile(r"(snapshot|backup)-(\d+)-([A-Za-z0-9_-]{1,64})")
CENT = Decimal("0.01")


@dataclass(frozen=True)
class Found:
    """One stored object and its place in the API."""

    stored: StoredObject
    path: tuple[str | int, ...]


def find_objects(api: Api, machine: Machine, components: tuple[Component, ...]) -> list[Found]:
    """What is stored of the machine and counts against a component, the oldest first."""
    found: list[Found] = []
    for component in components:
        if component.means == "snapshots":
            found += snapshots(api, machine, component.code)
        elif component.is_limit:
            found += backups(api, machine, component.code)
    return sorted(found, key=lambda one: (one.stored.kind, one.stored.created_at, one.stored.id))


def snapshots(api: Api, machine: Machine, code: str) -> list[Found]:
    """Proxmox does not tell what a snapshot holds: its size is 0."""
    return [
        Found(
            StoredObject(
                id=f"snapshot-{machine.vmid}-{row['name']}",
                kind=code,
                name=str(row["name"]),
                created_at=instant(row.get("snaptime")),
                size_gb=Decimal(0),
            ),
            (*machine.path, "snapshot", str(row["name"])),
        )
        for row in api.get(*machine.path, "snapshot")
        if row["name"] != "current"  # the machine as it is
    ]


def backups(api: Api, machine: Machine, code: str) -> list[Found]:
    """The backups on every storage of the node that holds some.

    A storage that is away hides what it has, and so does one of which the token may see nothing: DriverUnreachable.
    """
    found = []
    storages = api.get("nodes", machine.node, "storage", content="backup", enabled=1)
    if not storages and not api.may("/storage", "Datastore.Audit"):
        raise DriverUnreachable("the token sees no storage: what backups there are is not known")
    for storage in storages:
        name = str(storage["storage"])
        if not storage.get("active"):
            raise DriverUnreachable(f"the backup storage {name} is away: what it holds is not known")
        place = ("nodes", machine.node, "storage", name, "content")
        rows = api.get(*place, content="backup", vmid=machine.vmid)
        if not rows and not _sees_backups(api, machine, name):
            raise DriverUnreachable(f"the token may not see the machine's backups on {name}")
        for row in rows:
            volume = str(row["volid"])
            found.append(
                Found(
                    StoredObject(
                        id=f"backup-{machine.vmid}-{hashlib.sha256(volume.encode()).hexdigest()[:16]}",
                        kind=code,
                        name=volume.rsplit("/", 1)[-1],
                        created_at=instant(row.get("ctime")),
                        size_gb=max((Decimal(int(row["size"])) / (1 << 30)).quantize(CENT), CENT),
                    ),
                    (*place, volume),
                )
            )
    return found


def _sees_backups(api: Api, machine: Machine, storage: str) -> bool:
    """Whether an empty list means that there are none."""
    here = f"/storage/{storage}"
    own = api.may(here, "Datastore.AllocateSpace") and api.may(f"/vms/{machine.vmid}", "VM.Backup")
    return own or api.may(here, "Datastore.Allocate")


def delete(
    api: Api, machine: Machine, components: tuple[Component, ...], object_id: str, patience: float
) -> None:
    """Delete one; what is gone already is fine. See Driver.delete_object."""
    said = ID.fullmatch(object_id)
    if not said or int(said[2]) != machine.vmid:
        raise StepRefused("this machine never had such an object")
    if machine.busy_with:
        raise MachineBusy(f"the machine is busy ({machine.busy_with})")
    there = {one.stored.id: one for one in find_objects(api, machine, components)}
    if object_id not in there:
        return
    ended = api.wait(api.delete(*there[object_id].path), patience)
    if ended is None:
        raise DriverUnreachable(f"{there[object_id].stored.name} is still being deleted")
    if not ended.well:
        raise sentence(ended.words) or DriverUnreachable(f"deleting failed: {ended.words}")


def instant(seconds: Any) -> datetime:
    """Seconds since 1970 as an instant."""
    return datetime.fromtimestamp(int(seconds or 0), UTC)
