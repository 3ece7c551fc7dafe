"""Trouble on order: the next calls that are to go wrong, kept in the store until they have."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from typing import Any

from prorata.sandbox.problem import bad, only, seconds, text, whole

NETWORK_KINDS = ("drop", "hang", "error")


@dataclass(frozen=True)
class Fault:
    """One call that goes wrong.

    kind     "drop" cuts the connection, "hang" stays silent for `seconds` and then cuts it, "error" answers 500;
             a sandbox may know further kinds of its own
    effect   "before": the call never happens; "after": it happens and the caller does not learn it
    """

    kind: str
    effect: str
    seconds: float


def arm(db: sqlite3.Connection, data: dict[str, Any], *, calls: set[str], kinds: tuple[str, ...]) -> None:
    """Order trouble: {"call", "kind"?, "effect"?, "times"?, "seconds"?, "only_for"?: {"component": ...}}."""
    only(data, {"call", "kind", "effect", "times", "seconds", "only_for"})
    call, kind = text(data, "call"), text(data, "kind", default="drop")
    effect = text(data, "effect", default="before")
    only_for = data.get("only_for", {})
    if call not in calls:
        raise bad(f'"call" must be one of {", ".join(sorted(calls))}')
    if kind not in kinds:
        raise bad(f'"kind" must be one of {", ".join(kinds)}')
    if effect not in ("before", "after"):
        raise bad('"effect" must be before or after')
    if not isinstance(only_for, dict):
        raise bad('"only_for" must be an object such as {"component": "memory_gb"}')
    db.execute(
        "INSERT INTO fault (call, kind, effect, seconds, only_for, times) VALUES (?, ?, ?, ?, ?, ?)",
        (
            call,
            kind,
            effect,
            seconds(data, "seconds", default=15),
            json.dumps(only_for),
            whole(data, "times", least=1, default=1),
        ),
    )


def take(db: sqlite3.Connection, call: str, facts: dict[str, Any]) -> Fault | None:
    """The oldest fault that fits this call; it is used up by one."""
    for row in db.execute("SELECT * FROM fault WHERE call = ? AND times > 0 ORDER BY id", (call,)):
        if all(facts.get(name) == value for name, value in json.loads(row["only_for"]).items()):
            db.execute("UPDATE fault SET times = times - 1 WHERE id = ?", (row["id"],))
            return Fault(kind=row["kind"], effect=row["effect"], seconds=row["seconds"])
    return None


def left(db: sqlite3.Connection) -> int:
    """How many ordered failures have not happened yet."""
    return int(db.execute("SELECT coalesce(sum(times), 0) FROM fault").fetchone()[0])


def clear(db: sqlite3.Connection) -> None:
    """Forget all ordered trouble."""
    db.execute("DELETE FROM fault")
