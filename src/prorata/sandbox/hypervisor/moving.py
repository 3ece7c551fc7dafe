"""Bringing a machine to another host, inside the caller's write transaction."""

from __future__ import annotations

import sqlite3

from prorata.sandbox.hypervisor.machines import Machine, headroom
from prorata.sandbox.hypervisor.operations import advance, hold_fence
from prorata.sandbox.problem import Problem


def move(db: sqlite3.Connection, machine_id: str, room: dict[str, int], *, key: str, fence: int) -> str:
    """To the host with the most room that has enough; nothing where its own has it. Machines move while they run."""
    machine = advance(db, machine_id)
    hold_fence(db, machine_id, fence)
    known = db.execute("SELECT * FROM move WHERE key = ?", (key,)).fetchone()
    if known and known["machine"] != machine_id:
        raise Problem(409, "key_conflict", "this operation key was used before for something else")
    if known or fits(room, machine.headroom):
        return "done"
    if machine.busy_with:
        raise Problem(409, "busy", f"the machine is busy with {machine.busy_with}")
    target = best_host(db, machine, room)
    db.execute(
        "INSERT INTO move (key, machine, source, target) VALUES (?, ?, ?, ?)",
        (key, machine_id, machine.host, target),
    )
    db.execute("UPDATE machine SET host = ? WHERE id = ?", (target, machine_id))
    return "done"


def best_host(db: sqlite3.Connection, machine: Machine, room: dict[str, int]) -> str:
    """A host that takes the whole machine and `room` more of it."""
    whole = {
        code: held.held + room.get(code, 0)
        for code, held in machine.components.items()
        if isinstance(held.value, int)
    }
    found = []
    for host in db.execute("SELECT * FROM host WHERE id <> ? AND NOT full ORDER BY id", (machine.host,)):
        free = headroom(db, host, machine.components)
        if fits(whole, free):
            found.append((sum(free.values()), host["id"]))
    if not found:
        raise Problem(409, "host_full", "no host has room for this machine")
    return str(max(found)[1])


def fits(wanted: dict[str, int], free: dict[str, int]) -> bool:
    """Whether there is room; a code without a limit always has it. A full host names every limit as zero."""
    return all(units <= free.get(code, units) for code, units in wanted.items())
