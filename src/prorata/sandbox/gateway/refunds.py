"""Money given back: all or a part of one capture, never more than was taken and not given back yet."""

from __future__ import annotations

import json
import secrets
import sqlite3
import time
from typing import Any

from prorata.sandbox.gateway.events import announce
from prorata.sandbox.gateway.state import gateway
from prorata.sandbox.problem import Problem
from prorata.sandbox.store import read_settings


def load_capture(db: sqlite3.Connection, capture_id: str) -> sqlite3.Row:
    """The capture, or 404."""
    row = db.execute("SELECT * FROM capture WHERE id = ?", (capture_id,)).fetchone()
    if row is None:
        raise Problem(404, "unknown_capture", "there is no capture of this id")
    return row  # type: ignore[no-any-return,unused-ignore]


def left(db: sqlite3.Connection, capture: sqlite3.Row) -> int:
    """What can still be given back of a capture: refunds that failed gave nothing back, a dispute took it already."""
    gone = db.execute(
        "SELECT coalesce(sum(amount_minor), 0) FROM refund WHERE capture_id = ? AND state <> 'failed'",
        (capture["id"],),
    ).fetchone()[0]
    disputed = db.execute(
        "SELECT coalesce(sum(coalesce(kept_minor, amount_minor)), 0) FROM dispute WHERE capture_id = ?"
        " AND state IN ('open', 'lost')",
        (capture["id"],),
    ).fetchone()[0]
    return max(int(capture["amount_minor"] - gone - disputed), 0)


def refund(
    db: sqlite3.Connection, key: str, capture_id: str, amount_minor: int, meta: dict[str, Any] | None = None
) -> sqlite3.Row:
    """Give money back, once for each key. Raises Problem: unknown_capture, over_refund, key_conflict.

    How it ends is a setting (refund_mode): at once, later ("pending"), or not at all ("fail").
    """
    before = db.execute("SELECT * FROM refund WHERE key = ?", (key,)).fetchone()
    if before is not None:
        if (before["capture_id"], before["amount_minor"]) != (capture_id, amount_minor):
            raise Problem(409, "key_conflict", "this Idempotency-Key was used before with another content")
        return before  # type: ignore[no-any-return,unused-ignore]
    capture = load_capture(db, capture_id)
    rest = left(db, capture)
    if amount_minor > rest:
        raise Problem(
            422, "over_refund", f"only {rest} of {capture['amount_minor']} can be given back of this capture"
        )
    mode = read_settings(db, gateway().defaults)["refund_mode"]
    state = {"at_once": "succeeded", "pending": "pending", "fail": "failed"}[mode]
    now, id = time.time(), "ref_" + secrets.token_hex(10)
    db.execute(
        "INSERT INTO refund (id, key, ref, capture_id, amount_minor, currency, created_at, changed_at, state, reason,"
        " meta) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            id, key, capture["ref"], capture_id, amount_minor, capture["currency"], now, now, state,
            "The bank of the card refused it." if state == "failed" else "", json.dumps(meta or {}),
        ),
    )  # fmt: skip
    announce(db, capture["ref"], ["payment.refunded"], {}, subject=id)
    if state == "failed":
        announce(db, capture["ref"], ["refund.failed"], {}, subject=id)
    return load(db, id)


def load(db: sqlite3.Connection, id: str) -> sqlite3.Row:
    """The refund, or 404."""
    row = db.execute("SELECT * FROM refund WHERE id = ?", (id,)).fetchone()
    if row is None:
        raise Problem(404, "unknown_refund", "there is no refund of this id")
    return row  # type: ignore[no-any-return,unused-ignore]


def end(db: sqlite3.Connection, id: str, state: str) -> list[int]:
    """Control: a refund succeeds, or fails after all (also one that had succeeded: banks do that)."""
    row = load(db, id)
    db.execute(
        "UPDATE refund SET state = ?, reason = ?, changed_at = ? WHERE id = ?",
        (state, "The bank of the card refused it." if state == "failed" else "", time.time(), id),
    )
    kind = "refund.failed" if state == "failed" else "refund.updated"
    return announce(db, row["ref"], [kind], {}, subject=id)


def of_payment(db: sqlite3.Connection, ref: str) -> list[sqlite3.Row]:
    """The refunds of one payment, oldest first."""
    return db.execute("SELECT * FROM refund WHERE ref = ? ORDER BY rowid", (ref,)).fetchall()
