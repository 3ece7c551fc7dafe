"""A customer goes to his bank instead of to the shop: the money is taken back, and perhaps returned."""

from __future__ import annotations

import secrets
import sqlite3
import time

from prorata.sandbox.gateway.events import announce
from prorata.sandbox.gateway.refunds import left, load_capture
from prorata.sandbox.problem import Problem

REASON = "fraudulent"
NEXT = {"inquiry": ("open", "won"), "open": ("won", "lost")}


def open_dispute(
    db: sqlite3.Connection, capture_id: str, amount_minor: int | None, reason: str, *, inquiry: bool = False
) -> tuple[sqlite3.Row, list[int]]:
    """The bank takes back what is left of a capture, or a part; an inquiry only asks and takes nothing yet."""
    capture = load_capture(db, capture_id)
    rest = left(db, capture)
    amount = rest if amount_minor is None else amount_minor
    if not 0 < amount <= rest:
        raise Problem(422, "over_dispute", f"only {rest} of this capture can be disputed")
    now, id = time.time(), "dp_" + secrets.token_hex(10)
    db.execute(
        "INSERT INTO dispute (id, ref, capture_id, amount_minor, currency, reason, state, opened_at, changed_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            id, capture["ref"], capture_id, amount, capture["currency"], reason or REASON,
            "inquiry" if inquiry else "open", now, now,
        ),
    )  # fmt: skip
    return load(db, id), announce(db, capture["ref"], ["dispute.opened"], {}, subject=id)


def move(db: sqlite3.Connection, id: str, state: str, kept_minor: int | None = None) -> list[int]:
    """An inquiry becomes a dispute; a dispute is won (the money comes back) or lost (it does not, or a part of it)."""
    row = load(db, id)
    if state not in NEXT.get(row["state"], ()):
        raise Problem(409, "wrong_state", f"the dispute is {row['state']} and cannot become {state}")
    if kept_minor is not None and (state != "lost" or kept_minor > row["amount_minor"]):
        raise Problem(422, "over_dispute", f"a lost dispute keeps at most its {row['amount_minor']}")
    db.execute(
        "UPDATE dispute SET state = ?, kept_minor = ?, changed_at = ? WHERE id = ?",
        (state, kept_minor, time.time(), id),
    )
    kind = "dispute.opened" if state == "open" else "dispute.closed"
    return announce(db, row["ref"], [kind], {}, subject=id)


def load(db: sqlite3.Connection, id: str) -> sqlite3.Row:
    """The dispute, or 404."""
    row = db.execute("SELECT * FROM dispute WHERE id = ?", (id,)).fetchone()
    if row is None:
        raise Problem(404, "unknown_dispute", "there is no dispute of this id")
    return row  # type: ignore[no-any-return,unused-ignore]


def of_payment(db: sqlite3.Connection, ref: str) -> list[sqlite3.Row]:
    """The disputes of one payment, oldest first."""
    return db.execute("SELECT * FROM dispute WHERE ref = ? ORDER BY rowid", (ref,)).fetchall()
