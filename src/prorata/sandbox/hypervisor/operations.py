"""Changing machines. Every function works inside the caller's write transaction.

An operation has a key. Its effect (a value that really changed) is written in the journal exactly once.
"""

from __future__ import annotations

import json
import sqlite3
import time
from typing import Any

from prorata.sandbox.hypervisor.machines import Component, Machine, Value, load
from prorata.sandbox.hypervisor.rules import judge, too_small
from prorata.sandbox.problem import Problem
from prorata.sandbox.store import read_settings
from prorata.sandbox.web import sandbox


def apply(
    db: sqlite3.Connection,
    machine_id: str,
    code: str,
    target: Value,
    *,
    key: str,
    fence: int,
    may_restart: bool,
    trouble: str = "",
) -> str:
    """Bring one component to its target. Returns done, accepted, restart_pending or broken.

    `trouble` is an ordered fault: "lie" (says done, does nothing) or "half_apply" (stops half way: broken).
    """
    machine = advance(db, machine_id)
    hold_fence(db, machine_id, fence)
    known = recall(db, key, machine_id, code, target)
    if known and (known["state"] != "restart_pending" or not may_restart):
        return {"running": "accepted"}.get(known["state"], known["state"])
    if machine.busy_with:
        raise Problem(409, "busy", f"the machine is busy with {machine.busy_with}")
    verdict = judge(machine, code, target)
    if verdict.code:
        note(db, machine, code, key, target, verdict.code, reason=verdict.reason)
        raise_later(verdict.code, verdict.reason)
    component = machine.components[code]
    if trouble == "lie":
        note(db, machine, code, key, target, "lied")
        return "done"
    if trouble == "half_apply":
        return half_way(db, machine, component, key, target)
    if component.value == target:
        return already_there(db, machine, component, key)
    if verdict.mode == "restart" and not may_restart:
        return wait_for_restart(db, machine, component, key, target)
    return begin(db, machine, component, key, target, verdict.mode)


def hold_fence(db: sqlite3.Connection, machine_id: str, fence: int) -> None:
    """Remember the highest fence seen; a lower one belongs to a run that was replaced."""
    row = db.execute("SELECT highest FROM fence WHERE machine = ?", (machine_id,)).fetchone()
    if row and fence < row["highest"]:
        raise Problem(409, "stale_fence", f"fence {fence} is older than {row['highest']}")
    db.execute(
        "INSERT INTO fence (machine, highest) VALUES (?, ?) ON CONFLICT (machine) DO UPDATE SET highest = excluded.highest",
        (machine_id, fence),
    )


def raise_later(code: str, reason: str) -> None:
    """A refusal. The journal line must outlive it, so the caller's transaction commits on Refused."""
    raise Refused(409 if code == "host_full" else 422, code, reason)


class Refused(Problem):
    """A Problem whose journal line is kept."""


def recall(db: sqlite3.Connection, key: str, machine_id: str, code: str, target: Value) -> sqlite3.Row | None:
    """The operation of this key, if it had or has an effect."""
    row: sqlite3.Row | None = db.execute("SELECT * FROM operation WHERE key = ?", (key,)).fetchone()
    if row and (row["machine"], row["component"], json.loads(row["target"])) != (machine_id, code, target):
        raise Problem(409, "key_conflict", "this operation key was used before for something else")
    return row


def already_there(db: sqlite3.Connection, machine: Machine, component: Component, key: str) -> str:
    """Nothing to do but to forget another value that waited for a restart."""
    db.execute(
        "UPDATE component SET pending = NULL WHERE machine = ? AND code = ?", (machine.id, component.code)
    )
    remember(db, key, machine, component.code, component.value, "done", "live")
    note(db, machine, component.code, key, component.value, "already there")
    return "done"


def wait_for_restart(
    db: sqlite3.Connection, machine: Machine, component: Component, key: str, target: Value
) -> str:
    """Record the value; it holds from the next restart."""
    db.execute(
        "UPDATE component SET pending = ? WHERE machine = ? AND code = ?",
        (json.dumps(target), machine.id, component.code),
    )
    remember(db, key, machine, component.code, target, "restart_pending", "restart")
    note(db, machine, component.code, key, target, "waits for a restart")
    return "restart_pending"


def begin(
    db: sqlite3.Connection, machine: Machine, component: Component, key: str, target: Value, mode: str
) -> str:
    """Start the change; with no duration it is finished at once."""
    takes = duration(db, machine, component, mode)
    remember(db, key, machine, component.code, target, "running", mode, finishes_at=time.time() + takes)
    if takes:
        note(db, machine, component.code, key, target, "begun")
        return "accepted"
    finish(db, db.execute("SELECT * FROM operation WHERE key = ?", (key,)).fetchone())
    return "done"


def ends_in(db: sqlite3.Connection, machine_id: str, code: str, seconds: float) -> None:
    """A step of this component that is running ends so many seconds from now, whatever was meant before."""
    db.execute(
        "UPDATE operation SET finishes_at = ? WHERE machine = ? AND component = ? AND state = 'running'",
        (time.time() + seconds, machine_id, code),
    )


def duration(db: sqlite3.Connection, machine: Machine, component: Component, mode: str) -> float:
    """Seconds a step takes, its restart included."""
    held = read_settings(db, sandbox().defaults)
    step = component.seconds if component.seconds is not None else held["step_seconds"]
    restart = machine.restart_seconds if machine.restart_seconds is not None else held["step_seconds"]
    return float(step + (restart if mode == "restart" else 0))


def half_way(db: sqlite3.Connection, machine: Machine, component: Component, key: str, target: Value) -> str:
    """Stop in the middle, as a real resize can. Words have no middle and stay."""
    middle = component.value
    if isinstance(target, int) and isinstance(component.value, int):
        middle = component.value + (target - component.value) // 2
    db.execute(
        "UPDATE component SET value = ? WHERE machine = ? AND code = ?",
        (json.dumps(middle), machine.id, component.code),
    )
    note(db, machine, component.code, key, target, "stopped half way", reason=f"stands at {middle}")
    return "broken"


def finish(db: sqlite3.Connection, operation: sqlite3.Row) -> None:
    """The change takes hold, unless more has come into use meanwhile than would fit."""
    machine = load(db, operation["machine"])
    code, target, key = operation["component"], json.loads(operation["target"]), operation["key"]
    refused = too_small(machine, machine.components[code], target)
    if refused:
        db.execute("DELETE FROM operation WHERE key = ?", (key,))
        note(db, machine, code, key, target, "refused", reason=refused)
        return
    note(db, machine, code, key, target, "done", effect=1)
    db.execute(
        "UPDATE component SET value = ?, pending = NULL WHERE machine = ? AND code = ?",
        (operation["target"], machine.id, code),
    )
    db.execute("UPDATE operation SET state = 'done' WHERE key = ?", (key,))
    if operation["mode"] == "restart":
        restarted(db, machine.id)


def restart(db: sqlite3.Connection, machine_id: str) -> str:
    """The customer's own restart: what waits for one takes hold. Returns done or accepted."""
    machine = advance(db, machine_id)
    if machine.busy_with:
        raise Problem(409, "busy", f"the machine is busy with {machine.busy_with}")
    held = read_settings(db, sandbox().defaults)
    takes = machine.restart_seconds if machine.restart_seconds is not None else held["step_seconds"]
    if takes:
        db.execute("UPDATE machine SET restarting_until = ? WHERE id = ?", (time.time() + takes, machine_id))
        return "accepted"
    restarted(db, machine_id)
    return "done"


def restarted(db: sqlite3.Connection, machine_id: str) -> None:
    """The machine is up again: every waiting value is now the real one."""
    machine = load(db, machine_id)
    for component in machine.components.values():
        if component.pending is None:
            continue
        operation = db.execute(
            "SELECT * FROM operation WHERE machine = ? AND component = ? AND target = ?"
            " AND state = 'restart_pending' ORDER BY rowid DESC",
            (machine_id, component.code, json.dumps(component.pending)),
        ).fetchone()
        key = operation["key"] if operation else ""
        refused = too_small(machine, component, component.pending)
        note(
            db,
            machine,
            component.code,
            key,
            component.pending,
            "refused" if refused else "done",
            reason=refused or "by restart",
            effect=0 if refused else 1,
        )
        db.execute(
            "UPDATE component SET value = ?, pending = NULL WHERE machine = ? AND code = ?",
            (json.dumps(component.value if refused else component.pending), machine_id, component.code),
        )
        if not refused:
            db.execute("UPDATE operation SET state = 'done' WHERE key = ?", (key,))
        forget_waiting(db, machine_id, component.code, but="")
    db.execute(
        "UPDATE machine SET restarts = restarts + 1, restarting_until = NULL, power = 'running' WHERE id = ?",
        (machine_id,),
    )


def forget_waiting(db: sqlite3.Connection, machine_id: str, code: str, *, but: str) -> None:
    """An operation whose value no longer waits had no effect and never will."""
    db.execute(
        "DELETE FROM operation WHERE machine = ? AND component = ? AND state = 'restart_pending' AND key <> ?",
        (machine_id, code, but),
    )


def advance(db: sqlite3.Connection, machine_id: str) -> Machine:
    """Let everything happen whose time has come, then look. Works after a killed process just as well."""
    load(db, machine_id)
    now = time.time()
    due = db.execute(
        "SELECT * FROM operation WHERE machine = ? AND state = 'running' AND finishes_at <= ?",
        (machine_id, now),
    ).fetchone()
    if due:
        finish(db, due)
    row = db.execute("SELECT restarting_until FROM machine WHERE id = ?", (machine_id,)).fetchone()
    if row["restarting_until"] is not None and row["restarting_until"] <= now:
        restarted(db, machine_id)
    return load(db, machine_id)


def advance_all(db: sqlite3.Connection) -> list[Machine]:
    """Every machine as it stands now, by id."""
    ids = [row["id"] for row in db.execute("SELECT id FROM machine ORDER BY id").fetchall()]
    return [advance(db, machine_id) for machine_id in ids]


def remember(
    db: sqlite3.Connection,
    key: str,
    machine: Machine,
    code: str,
    target: Value,
    state: str,
    mode: str,
    *,
    finishes_at: float | None = None,
) -> None:
    """Keep the operation under its key; it replaces another that waited for a restart."""
    forget_waiting(db, machine.id, code, but=key)
    db.execute(
        "INSERT INTO operation (key, machine, component, target, state, mode, finishes_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET state = excluded.state,"
        " mode = excluded.mode, finishes_at = excluded.finishes_at",
        (key, machine.id, code, json.dumps(target), state, mode, finishes_at),
    )


def note(
    db: sqlite3.Connection,
    machine: Machine,
    code: str,
    key: str,
    target: Value,
    outcome: str,
    *,
    reason: str = "",
    effect: int = 0,
) -> None:
    """One honest line in the journal, whatever the caller was told."""
    component = machine.components.get(code)
    before = json.dumps(component.value if component else None)
    db.execute(
        "INSERT INTO journal (at, machine, component, key, before, target, outcome, effect, note)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (time.time(), machine.id, code, key, before, json.dumps(target), outcome, effect, reason),
    )


def journal(db: sqlite3.Connection, machine_id: str | None, *, most: int = 1000) -> list[dict[str, Any]]:
    """Journal lines, newest first."""
    rows = db.execute(
        "SELECT * FROM journal WHERE ? IS NULL OR machine = ? ORDER BY id DESC LIMIT ?",
        (machine_id, machine_id, most),
    )
    return [
        {**dict(row), "before": json.loads(row["before"]), "target": json.loads(row["target"])}
        for row in rows
    ]
