"""Hosts and machines as the store holds them, and the reading the API gives."""

from __future__ import annotations

import json
import sqlite3
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from prorata.sandbox.problem import Problem

Value = int | str


@dataclass(frozen=True)
class Component:
    """One component of one machine; see schema.py."""

    code: str
    value: Value
    pending: Value | None
    usage: Decimal | None
    grow: str
    shrink: str
    options: list[str] | None
    seconds: float | None
    refuses: str

    @property
    def held(self) -> int:
        """What it takes of its host: a larger value that waits for a restart is already reserved."""
        return max(value for value in (self.value, self.pending, 0) if isinstance(value, int))


@dataclass(frozen=True)
class StoredObject:
    """A snapshot, a backup: it counts against the component named by `kind`."""

    id: str
    kind: str
    name: str
    size_gb: str
    created_at: float


@dataclass(frozen=True)
class Machine:
    """One machine with everything on it, at one instant."""

    id: str
    name: str
    host: str
    power: str
    busy_with: str
    restart_seconds: float | None
    restarts: int
    components: dict[str, Component]
    objects: tuple[StoredObject, ...]
    headroom: dict[str, int]
    host_full: bool

    def used(self, code: str) -> Decimal | None:
        """How much of a component is used: measured, or the number of stored objects, whichever is more."""
        stored = sum(1 for stored in self.objects if stored.kind == code)
        measured = self.components[code].usage
        return max(Decimal(stored), measured or Decimal(0)) if stored or measured is not None else None


def load(db: sqlite3.Connection, machine_id: str) -> Machine:
    """The machine as it stands in the store. Callers advance it first (operations.py)."""
    row = db.execute("SELECT * FROM machine WHERE id = ?", (machine_id,)).fetchone()
    if not row:
        raise Problem(404, "unknown_machine", "there is no machine of this id")
    host = db.execute("SELECT * FROM host WHERE id = ?", (row["host"],)).fetchone()
    components = load_components(db, machine_id)
    return Machine(
        id=row["id"],
        name=row["name"],
        host=row["host"],
        power=row["power"],
        busy_with=busy_with(db, row),
        restart_seconds=row["restart_seconds"],
        restarts=row["restarts"],
        components=components,
        objects=load_objects(db, machine_id),
        headroom=headroom(db, host, components),
        host_full=bool(host["full"]),
    )


def load_components(db: sqlite3.Connection, machine_id: str) -> dict[str, Component]:
    """By code."""
    rows = db.execute("SELECT * FROM component WHERE machine = ? ORDER BY rowid", (machine_id,))
    return {
        row["code"]: Component(
            code=row["code"],
            value=json.loads(row["value"]),
            pending=json.loads(row["pending"]) if row["pending"] else None,
            usage=Decimal(row["usage"]) if row["usage"] is not None else None,
            grow=row["grow"],
            shrink=row["shrink"],
            options=json.loads(row["options"]) if row["options"] else None,
            seconds=row["seconds"],
            refuses=row["refuses"],
        )
        for row in rows
    }


def load_objects(db: sqlite3.Connection, machine_id: str) -> tuple[StoredObject, ...]:
    """What is stored now, oldest first."""
    rows = db.execute(
        "SELECT * FROM stored_object WHERE machine = ? AND deleted_at IS NULL ORDER BY created_at, rowid",
        (machine_id,),
    )
    return tuple(
        StoredObject(row["id"], row["kind"], row["name"], row["size_gb"], row["created_at"]) for row in rows
    )


def busy_with(db: sqlite3.Connection, row: sqlite3.Row) -> str:
    """What keeps the machine busy now; "" when nothing does."""
    running = db.execute(
        "SELECT component FROM operation WHERE machine = ? AND state = 'running'", (row["id"],)
    ).fetchone()
    if running:
        return f"changing {running['component']}"
    if row["restarting_until"] is not None:
        return "restart"
    return str(row["busy_with"]) if row["busy_until"] > time.time() else ""


def headroom(db: sqlite3.Connection, host: sqlite3.Row, components: dict[str, Component]) -> dict[str, int]:
    """How many more units the host can give this machine now; codes without a limit are left out."""
    counted = {code for code, component in components.items() if isinstance(component.value, int)}
    if host["full"]:
        return dict.fromkeys(sorted(counted), 0)
    capacity: dict[str, int] = json.loads(host["capacity"])
    return {
        code: max(0, capacity[code] - taken(db, host["id"], code)) for code in sorted(counted & set(capacity))
    }


def taken(db: sqlite3.Connection, host: str, code: str) -> int:
    """What all machines of a host hold of one component."""
    machines = db.execute("SELECT id FROM machine WHERE host = ?", (host,)).fetchall()
    held = (load_components(db, row["id"]).get(code) for row in machines)
    return sum(component.held for component in held if component)


def show(machine: Machine) -> dict[str, Any]:
    """A reading as the API answers it."""
    usage = {code: machine.used(code) for code in machine.components}
    return {
        "id": machine.id,
        "name": machine.name,
        "host": machine.host,
        "taken_at": instant(time.time()),
        "state": "busy" if machine.busy_with else machine.power,
        "busy_with": machine.busy_with,
        "configuration": {code: component.value for code, component in machine.components.items()},
        "usage": {code: str(used) for code, used in usage.items() if used is not None},
        "objects": [
            {
                "id": stored.id,
                "kind": stored.kind,
                "name": stored.name,
                "size_gb": stored.size_gb,
                "created_at": instant(stored.created_at),
            }
            for stored in machine.objects
        ],
        "headroom": machine.headroom,
        "fixed": {
            code: f"{code} cannot be reduced on this machine"
            for code, component in machine.components.items()
            if component.shrink == "never"
        },
        "restart_pending": [code for code, held in machine.components.items() if held.pending is not None],
    }


def instant(at: float) -> str:
    """ISO 8601 in UTC."""
    return datetime.fromtimestamp(at, UTC).isoformat()
