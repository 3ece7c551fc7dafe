"""Idempotency keys of a face: the same key with the same content gets the same answer, and nothing happens twice."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable
from typing import Any

from prorata.sandbox.problem import Problem

KEPT_SECONDS = 86400


def once(
    db: sqlite3.Connection, key: str, content: Any, act: Callable[[], dict[str, Any]]
) -> tuple[dict[str, Any], bool]:
    """Do `act` once for this key; returns its answer, and whether it had been given before.

    A Problem that `act` raises is not kept: it had no effect, and the call may be corrected. Raises Problem
    key_conflict for other content. A key is forgotten after a day, as processors do.
    """
    now, said = time.time(), json.dumps(content, sort_keys=True)
    db.execute("DELETE FROM key WHERE at < ?", (now - KEPT_SECONDS,))
    row = db.execute("SELECT * FROM key WHERE key = ?", (key,)).fetchone()
    if row is None:
        answer = act()
        db.execute(
            "INSERT INTO key (key, content, body, at) VALUES (?, ?, ?, ?)",
            (key, said, json.dumps(answer), now),
        )
        return answer, False
    if row["content"] != said:
        raise Problem(409, "key_conflict", "this idempotency key was used before with another content")
    return json.loads(row["body"]), True


def forget(db: sqlite3.Connection) -> None:
    """Control: a day goes by, and the processor knows no key any more."""
    db.execute("DELETE FROM key")
