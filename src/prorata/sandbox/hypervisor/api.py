"""The API a driver uses."""

from __future__ import annotations

import time

from prorata.sandbox.hypervisor import moving, operations
from prorata.sandbox.hypervisor.control import mapping
from prorata.sandbox.hypervisor.machines import Value, show
from prorata.sandbox.hypervisor.operations import Refused
from prorata.sandbox.hypervisor.rules import judge
from prorata.sandbox.problem import Problem, bad, flag, only, text
from prorata.sandbox.web import Answer, Call, sandbox


def machine_list(call: Call) -> Answer:
    """GET /v1/machines"""
    with sandbox().store.read() as db:
        return {"machines": [row["id"] for row in db.execute("SELECT id FROM machine ORDER BY id")]}


def read(call: Call) -> Answer:
    """GET /v1/machines/<machine>"""
    with sandbox().store.write() as db:
        return show(operations.advance(db, text(call.data, "machine")))


def plan(call: Call) -> Answer:
    """POST /v1/machines/<machine>/plan {"component", "target"}"""
    with sandbox().store.write() as db:
        machine = operations.advance(db, text(call.data, "machine"))
    verdict = judge(machine, text(call.data, "component"), target_of(call))
    return {"mode": verdict.mode, "possible": not verdict.code, "reason": verdict.reason}


def apply(call: Call) -> Answer:
    """POST /v1/machines/<machine>/apply {"component", "target", "key", "fence", "may_restart"}"""
    only(call.data, {"machine", "component", "target", "key", "fence", "may_restart"})
    refused: Refused | None = None
    with sandbox().store.write() as db:
        try:
            state = operations.apply(
                db,
                text(call.data, "machine"),
                text(call.data, "component"),
                target_of(call),
                key=text(call.data, "key"),
                fence=fence_of(call),
                may_restart=flag(call.data, "may_restart"),
                trouble=call.fault,
            )
        except Refused as problem:  # caught inside, so that its journal line is committed
            refused = problem
    if refused:
        raise refused
    if state == "broken":
        raise Problem(500, "broken", "the operation stopped half way")
    return {"state": state}


def move(call: Call) -> Answer:
    """POST /v1/machines/<machine>/move {"room": {code: units}, "key", "fence", "may_restart"}"""
    only(call.data, {"machine", "room", "key", "fence", "may_restart"})
    flag(call.data, "may_restart")  # machines of the sandbox move while they run
    with sandbox().store.write() as db:
        state = moving.move(
            db,
            text(call.data, "machine"),
            {code: whole(units) for code, units in mapping(call.data, "room").items()},
            key=text(call.data, "key"),
            fence=fence_of(call),
        )
    return {"state": state}


def operation(call: Call) -> Answer:
    """GET /v1/operations/<key>: running, restart_pending or done; 404 for one that had no effect"""
    key = text(call.data, "key")
    with sandbox().store.write() as db:
        row = db.execute("SELECT machine FROM operation WHERE key = ?", (key,)).fetchone()
        if row:
            operations.advance(db, row["machine"])
            row = db.execute("SELECT * FROM operation WHERE key = ?", (key,)).fetchone()
    if not row:
        raise Problem(404, "unknown_operation", "no operation of this key has had an effect")
    return {"key": key, "machine": row["machine"], "component": row["component"], "state": row["state"]}


def restart(call: Call) -> Answer:
    """POST /v1/machines/<machine>/restart"""
    with sandbox().store.write() as db:
        return {"state": operations.restart(db, text(call.data, "machine"))}


def delete_object(call: Call) -> Answer:
    """DELETE /v1/machines/<machine>/objects/<object>: repeating is harmless"""
    machine_id, object_id = text(call.data, "machine"), text(call.data, "object")
    with sandbox().store.write() as db:
        machine = operations.advance(db, machine_id)
        row = db.execute(
            "SELECT * FROM stored_object WHERE id = ? AND machine = ?", (object_id, machine_id)
        ).fetchone()
        if not row:
            raise Problem(422, "refused", "this machine has no such object")
        if row["deleted_at"] is None and machine.busy_with:
            raise Problem(409, "busy", f"the machine is busy with {machine.busy_with}")
        db.execute(
            "UPDATE stored_object SET deleted_at = coalesce(deleted_at, ?) WHERE id = ?",
            (time.time(), object_id),
        )
    return {"deleted": object_id}


def fence_of(call: Call) -> int:
    """1 or more."""
    return whole(call.data.get("fence"), least=1)


def whole(number: object, *, least: int = 0) -> int:
    """A whole number."""
    if type(number) is not int or number < least:
        raise bad(f"a whole number of {least} or more is wanted, not {number!r}")
    return number


def target_of(call: Call) -> Value:
    """A whole number or a word."""
    target = call.data.get("target")
    if isinstance(target, bool) or not isinstance(target, int | str) or len(str(target)) > 100:
        raise bad('"target" must be a whole number or the name of an option')
    return target
