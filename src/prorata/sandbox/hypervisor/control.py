"""The control API: building hosts and machines, and ordering trouble."""

from __future__ import annotations

import json
import re
import secrets
import sqlite3
import time
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from prorata.sandbox import faults
from prorata.sandbox.hypervisor import operations
from prorata.sandbox.hypervisor.machines import show
from prorata.sandbox.hypervisor.settings import CHECKS
from prorata.sandbox.problem import Problem, bad, change_settings, flag, only, seconds, text, whole
from prorata.sandbox.store import empty, read_settings, write_setting
from prorata.sandbox.web import Answer, Call, sandbox

CALLS = {"list", "read", "plan", "apply", "move", "delete_object", "restart"}
KINDS = (*faults.NETWORK_KINDS, "lie", "half_apply")
ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
FOR_EVER = 1e12
BEHAVIOUR = {"grow", "shrink", "options", "seconds", "refuses"}


def show_settings(call: Call) -> Answer:
    """GET /_control/settings"""
    return sandbox().settings()


def set_settings(call: Call) -> Answer:
    """POST /_control/settings: only the named ones change."""
    with sandbox().store.write() as db:
        held = read_settings(db, sandbox().defaults)
        for name, value in change_settings(held, call.data, CHECKS).items():
            write_setting(db, name, value)
        return read_settings(db, sandbox().defaults)


def forget_everything(call: Call) -> Answer:
    """DELETE /_control/everything: no hosts, no machines, settings as at the start."""
    with sandbox().store.write() as db:
        empty(db)
    return {}


def arm_fault(call: Call) -> Answer:
    """POST /_control/faults: the next calls of one kind go wrong."""
    if call.data.get("kind") in ("lie", "half_apply") and call.data.get("call") != "apply":
        raise bad(f'"{call.data["kind"]}" is a fault of the call apply')
    with sandbox().store.write() as db:
        faults.arm(db, call.data, calls=CALLS, kinds=KINDS)
        return {"left": faults.left(db)}


def clear_faults(call: Call) -> Answer:
    """DELETE /_control/faults"""
    with sandbox().store.write() as db:
        faults.clear(db)
    return {"left": 0}


def put_host(call: Call) -> Answer:
    """POST /_control/hosts {"id", "capacity"?: {code: units}, "full"?}: made or changed."""
    only(call.data, {"id", "capacity", "full"})
    host_id = text(call.data, "id", most=100)
    with sandbox().store.write() as db:
        make_host(db, host_id)
        if "capacity" in call.data:
            capacity = mapping(call.data, "capacity")
            counted = {code: whole(capacity, code) for code in capacity}
            db.execute("UPDATE host SET capacity = ? WHERE id = ?", (json.dumps(counted), host_id))
        if "full" in call.data:
            db.execute("UPDATE host SET full = ? WHERE id = ?", (flag(call.data, "full"), host_id))
        row = db.execute("SELECT * FROM host WHERE id = ?", (host_id,)).fetchone()
    return {"id": host_id, "capacity": json.loads(row["capacity"]), "full": bool(row["full"])}


def make_host(db: sqlite3.Connection, host_id: str) -> None:
    """A host without limits, unless it is there."""
    db.execute("INSERT INTO host (id, capacity) VALUES (?, '{}') ON CONFLICT DO NOTHING", (host_id,))


def create_machine(call: Call) -> Answer:
    """POST /_control/machines {"id"?, "name"?, "host"?, "power"?, "restart_seconds"?, "configuration",
    "components"?: {code: behaviour}, "usage"?, "objects"?: [...]}"""
    data = call.data
    only(
        data,
        {"id", "name", "host", "power", "restart_seconds", "configuration", "components", "usage", "objects"},
    )
    machine_id = new_id(data, "vm-")
    with sandbox().store.write() as db:
        if db.execute("SELECT 1 FROM machine WHERE id = ?", (machine_id,)).fetchone():
            raise Problem(409, "exists", f"there is a machine {machine_id} already")
        host = text(data, "host", most=100, default="host-1")
        make_host(db, host)
        db.execute(
            "INSERT INTO machine (id, name, host, power, restart_seconds) VALUES (?, ?, ?, ?, ?)",
            (
                machine_id,
                text(data, "name", default="") or machine_id,
                host,
                power(data),
                seconds(data, "restart_seconds") if data.get("restart_seconds") is not None else None,
            ),
        )
        behaviour, configuration = mapping(data, "components"), mapping(data, "configuration")
        only(behaviour, set(configuration))
        for code in configuration:
            add_component(
                db, machine_id, code, component_value(configuration, code), mapping(behaviour, code)
            )
        set_usage(db, machine_id, mapping(data, "usage"))
        for stored in data.get("objects", []):
            add_object(db, machine_id, stored)
        return show(operations.advance(db, machine_id))


def change_machine(call: Call) -> Answer:
    """POST /_control/machines/<machine>: {"busy_with", "busy_seconds"?}, {"power"}, {"restart_seconds"},
    {"usage"}, {"configuration"} (an administrator's change by hand)"""
    data = call.data
    only(data, {"machine", "busy_with", "busy_seconds", "power", "restart_seconds", "usage", "configuration"})
    machine_id = text(data, "machine")
    with sandbox().store.write() as db:
        machine = operations.advance(db, machine_id)
        if "busy_with" in data:
            busy = text(data, "busy_with", default="") if data["busy_with"] == "" else text(data, "busy_with")
            until = time.time() + seconds(data, "busy_seconds") if "busy_seconds" in data else FOR_EVER
            db.execute(
                "UPDATE machine SET busy_with = ?, busy_until = ? WHERE id = ?",
                (busy, until if busy else 0, machine_id),
            )
        if power(data) == "running" and machine.power == "stopped" and "power" in data:
            operations.restarted(db, machine_id)
        elif "power" in data:
            db.execute("UPDATE machine SET power = ? WHERE id = ?", (power(data), machine_id))
        if "restart_seconds" in data:
            db.execute(
                "UPDATE machine SET restart_seconds = ? WHERE id = ?",
                (seconds(data, "restart_seconds"), machine_id),
            )
        set_usage(db, machine_id, mapping(data, "usage"))
        by_hand = mapping(data, "configuration")
        for code in by_hand:
            value = component_value(by_hand, code)
            operations.note(db, machine, code, "", value, "changed by hand")
            update_component(db, machine_id, code, {"value": json.dumps(value)})
        return show(operations.advance(db, machine_id))


def change_component(call: Call) -> Answer:
    """POST /_control/machines/<machine>/components/<code> {"grow"?, "shrink"?, "options"?, "seconds"?, "refuses"?}

    A step of it that is running takes so many `seconds` from now on."""
    only(call.data, {"machine", "code", *BEHAVIOUR})
    machine_id = text(call.data, "machine")
    named = {name: value for name, value in call.data.items() if name in BEHAVIOUR}
    with sandbox().store.write() as db:
        operations.advance(db, machine_id)
        code = text(call.data, "code")
        update_component(db, machine_id, code, check_behaviour(named))
        if "seconds" in named:
            operations.ends_in(db, machine_id, code, float(named["seconds"]))
        return show(operations.advance(db, machine_id))


def add_object_to(call: Call) -> Answer:
    """POST /_control/machines/<machine>/objects {"id"?, "kind", "name"?, "size_gb"?, "created_at"?}"""
    machine_id = text(call.data, "machine")
    with sandbox().store.write() as db:
        operations.advance(db, machine_id)
        stored = {name: value for name, value in call.data.items() if name != "machine"}
        object_id = add_object(db, machine_id, stored)
        return {"id": object_id, "machine": show(operations.advance(db, machine_id))}


def machine_journal(call: Call) -> Answer:
    """GET /_control/machines/<machine>/operations: the honest journal, newest first, and the restarts."""
    machine_id = text(call.data, "machine")
    with sandbox().store.write() as db:
        machine = operations.advance(db, machine_id)
        return {"operations": operations.journal(db, machine_id), "restarts": machine.restarts}


def add_component(
    db: sqlite3.Connection, machine_id: str, code: str, value: int | str, behaviour: dict[str, Any]
) -> None:
    """One component; unless told otherwise it grows live and shrinks with a restart."""
    db.execute(
        "INSERT INTO component (machine, code, value, grow, shrink) VALUES (?, ?, ?, 'live', 'restart')",
        (machine_id, code, json.dumps(value)),
    )
    only(behaviour, BEHAVIOUR)
    if behaviour:
        update_component(db, machine_id, code, check_behaviour(behaviour))


def check_behaviour(data: dict[str, Any]) -> dict[str, Any]:
    """The columns of a behaviour, checked."""
    columns: dict[str, Any] = {}
    if "grow" in data:
        columns["grow"] = one_of(data, "grow", ("live", "restart"))
    if "shrink" in data:
        columns["shrink"] = one_of(data, "shrink", ("live", "restart", "never"))
    if "options" in data:
        options = data["options"]
        if not isinstance(options, list) or not all(isinstance(option, str) for option in options):
            raise bad('"options" must be a list of names')
        columns["options"] = json.dumps(options)
    if "seconds" in data:
        columns["seconds"] = seconds(data, "seconds")
    if "refuses" in data:
        columns["refuses"] = text(data, "refuses", default="")
    return columns


def update_component(db: sqlite3.Connection, machine_id: str, code: str, columns: dict[str, Any]) -> None:
    """Change the named columns; the names come from this module only."""
    for column, value in columns.items():
        changed = db.execute(
            f"UPDATE component SET {column} = ? WHERE machine = ? AND code = ?",
            (value, machine_id, code),
        )
        if not changed.rowcount:
            raise bad(f"the machine has no component {code}")


def set_usage(db: sqlite3.Connection, machine_id: str, usage: dict[str, Any]) -> None:
    """Measured usage per component, as decimal text or number."""
    for code, value in usage.items():
        try:
            used = Decimal(str(value))
        except InvalidOperation as error:
            raise bad(f'"usage" of {code} must be a number') from error
        if not used.is_finite() or used < 0:
            raise bad(f'"usage" of {code} must be a number of at least 0')
        update_component(db, machine_id, code, {"usage": str(used)})


def add_object(db: sqlite3.Connection, machine_id: str, data: dict[str, Any]) -> str:
    """One snapshot or backup; returns its id."""
    only(data, {"id", "kind", "name", "size_gb", "created_at"})
    kind = text(data, "kind")
    object_id = new_id(data, "obj-")
    if not db.execute(
        "SELECT 1 FROM component WHERE machine = ? AND code = ?", (machine_id, kind)
    ).fetchone():
        raise bad(f"the machine has no component {kind}")
    if db.execute("SELECT 1 FROM stored_object WHERE id = ?", (object_id,)).fetchone():
        raise Problem(409, "exists", f"there is an object {object_id} already")
    try:
        size = Decimal(str(data.get("size_gb", 1)))
    except InvalidOperation as error:
        raise bad('"size_gb" must be a number') from error
    db.execute(
        "INSERT INTO stored_object (id, machine, kind, name, size_gb, created_at) VALUES (?, ?, ?, ?, ?, ?)",
        (object_id, machine_id, kind, text(data, "name", default="") or object_id, str(size), made_at(data)),
    )
    return object_id


def made_at(data: dict[str, Any]) -> float:
    """When a stored object was made: now, or the instant asked for, so that a demo can show older ones."""
    given = text(data, "created_at", default="")
    if not given:
        return time.time()
    try:
        instant = datetime.fromisoformat(given)
    except ValueError as error:
        raise bad('"created_at" must be an instant such as 2026-06-12T09:00:00+00:00') from error
    if instant.tzinfo is None:
        raise bad('"created_at" needs an offset, such as 2026-06-12T09:00:00+00:00')
    return instant.timestamp()


def new_id(data: dict[str, Any], prefix: str) -> str:
    """The id that was asked for, or a new one."""
    given = text(data, "id", default="") or prefix + secrets.token_hex(4)
    if not ID.fullmatch(given):
        raise bad(
            '"id" must be 1 to 100 letters, digits, dots, hyphens or underscores, the first a letter or digit'
        )
    return given


def component_value(data: dict[str, Any], code: str) -> int | str:
    """A whole number or an option's name."""
    value = data[code]
    return text(data, code, most=100) if isinstance(value, str) else whole(data, code)


def one_of(data: dict[str, Any], name: str, words: tuple[str, ...]) -> str:
    """One of a few words."""
    if data[name] not in words:
        raise bad(f'"{name}" must be one of {", ".join(words)}')
    return str(data[name])


def power(data: dict[str, Any]) -> str:
    """running (default) or stopped."""
    return one_of({"power": "running", **data}, "power", ("running", "stopped"))


def mapping(data: dict[str, Any], name: str) -> dict[str, Any]:
    """An object, empty when it is left out."""
    value = data.get(name, {})
    if not isinstance(value, dict):
        raise bad(f'"{name}" must be an object')
    return value
