"""Cards kept for later with the customer's consent."""

from __future__ import annotations

import json
import secrets
import sqlite3
import time

from prorata.sandbox.gateway.cards import Card
from prorata.sandbox.problem import Problem


def keep(db: sqlite3.Connection, payment: sqlite3.Row, card: Card) -> str:
    """Keep the card of a payment that asked for it; returns the method's id."""
    id = "pm_" + secrets.token_hex(12)
    customer = json.loads(payment["meta"]).get("customer") or "cus_" + secrets.token_hex(7)
    db.execute(
        "INSERT INTO method (id, ref, customer, card, created_at) VALUES (?, ?, ?, ?, ?)",
        (id, payment["ref"], customer, card.number, time.time()),
    )
    return id


def load(db: sqlite3.Connection, id: str) -> sqlite3.Row:
    """A saved card that can be charged, or a refusal."""
    row = db.execute("SELECT * FROM method WHERE id = ?", (id,)).fetchone()
    if row is None or row["detached_at"] is not None:
        raise Problem(404, "unknown_method", "there is no saved card of this id")
    return row  # type: ignore[no-any-return,unused-ignore]


def of_payment(db: sqlite3.Connection, ref: str) -> sqlite3.Row | None:
    """The card that was kept when this payment was made, if it still is."""
    return db.execute(  # type: ignore[no-any-return,unused-ignore]
        "SELECT * FROM method WHERE ref = ? AND detached_at IS NULL", (ref,)
    ).fetchone()


def detach(db: sqlite3.Connection, id: str) -> None:
    """Forget a card; once forgotten it cannot be charged, and forgetting it again is harmless."""
    row = db.execute("SELECT * FROM method WHERE id = ?", (id,)).fetchone()
    if row is None:
        raise Problem(404, "unknown_method", "there is no saved card of this id")
    db.execute("UPDATE method SET detached_at = coalesce(detached_at, ?) WHERE id = ?", (time.time(), id))
