"""Payments as the merchant sees them: created, looked up, closed."""

from __future__ import annotations

import json
import secrets
import sqlite3
import time
from datetime import UTC, datetime
from typing import Any

from prorata.sandbox.gateway import cards, disputes, refunds, saved
from prorata.sandbox.gateway.currency import known
from prorata.sandbox.gateway.settings import url
from prorata.sandbox.gateway.state import gateway
from prorata.sandbox.problem import Problem, bad, flag, only, text, whole
from prorata.sandbox.store import read_settings

FIELDS = {
    "amount_minor", "currency", "description", "return_url", "cancel_url", "customer_ref", "save_method",
}  # fmt: skip
PAGE = 100


def create(db: sqlite3.Connection, attempt_id: str, data: dict[str, Any]) -> sqlite3.Row:
    """A new open payment; the same attempt and content gives the same one, other content is refused."""
    only(data, FIELDS)
    request = {
        "amount_minor": whole(data, "amount_minor", least=1),
        "currency": known(text(data, "currency")),
        "description": text(data, "description"),
        "return_url": required_url(data, "return_url"),
        "cancel_url": required_url(data, "cancel_url"),
        "customer_ref": text(data, "customer_ref"),
    }
    if data.get("save_method") is not None:
        request["save_method"] = flag(data, "save_method")
    return write(db, attempt_id, request)


def write(
    db: sqlite3.Connection,
    attempt_id: str,
    request: dict[str, Any],
    *,
    reference: str = "",
    meta: dict[str, Any] | None = None,
    held: bool = False,
    ref: str = "",
) -> sqlite3.Row:
    """The payment of this key, made now unless it was. `meta` is what a face keeps beside it; `held`: see take.py.

    `ref` is a name that a face wants to give it.
    """
    canonical = json.dumps(request, sort_keys=True)
    row = db.execute("SELECT * FROM payment WHERE attempt_id = ?", (attempt_id,)).fetchone()
    if row and row["request"] != canonical:
        raise Problem(409, "key_conflict", "this Idempotency-Key was used before with another content")
    if not row:
        ref = ref or "pay_" + secrets.token_hex(14)
        db.execute(
            "INSERT INTO payment (ref, attempt_id, request, amount_minor, currency, description, return_url,"
            " cancel_url, customer_ref, created_at, save_method, reference, meta, held)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                ref, attempt_id, canonical, request["amount_minor"], request["currency"], request["description"],
                request["return_url"], request["cancel_url"], request["customer_ref"], time.time(),
                bool(request.get("save_method")), reference, json.dumps(meta or {}), held,
            ),
        )  # fmt: skip
        row = load(db, ref)
    return row


def new_key() -> str:
    """A key of a payment whose face keeps the merchant's keys itself."""
    return "key_" + secrets.token_hex(14)


def required_url(data: dict[str, Any], name: str) -> str:
    """Where the customer goes back to."""
    value = url(data, name)
    if not value:
        raise bad(f'"{name}" is missing')
    return value


def load(db: sqlite3.Connection, ref: str) -> sqlite3.Row:
    """The payment, or 404."""
    row = db.execute("SELECT * FROM payment WHERE ref = ?", (ref,)).fetchone()
    if not row:
        raise Problem(404, "unknown_payment", "there is no payment of this reference")
    return row  # type: ignore[no-any-return,unused-ignore]


def of_attempt(db: sqlite3.Connection, attempt_id: str) -> list[sqlite3.Row]:
    """The payments the merchant made under one name of his own: the key, the reference, or a note he left on it.

    More than one is his mistake.
    """
    return db.execute(
        "SELECT * FROM payment WHERE CASE reference WHEN '' THEN attempt_id ELSE reference END = :name"
        " OR EXISTS (SELECT 1 FROM json_tree(payment.meta) WHERE atom = :name) ORDER BY rowid",
        {"name": attempt_id},
    ).fetchall()


def first_capture(db: sqlite3.Connection, ref: str) -> sqlite3.Row:
    """The first capture of a payment, or 404."""
    row = db.execute("SELECT * FROM capture WHERE ref = ? ORDER BY rowid", (ref,)).fetchone()
    if not row:
        raise Problem(404, "unknown_capture", "nothing was captured for this payment")
    return row  # type: ignore[no-any-return,unused-ignore]


def expire(db: sqlite3.Connection, ref: str) -> None:
    """Close the page. A payment that is no longer open stays as it is."""
    load(db, ref)
    db.execute(
        "UPDATE payment SET state = 'cancelled', reason = 'closed by the merchant', challenge = NULL"
        " WHERE ref = ? AND state = 'open'",
        (ref,),
    )


def captured(db: sqlite3.Connection, ref: str) -> int:
    """Sum of the captures of one payment."""
    query = "SELECT coalesce(sum(amount_minor), 0) FROM capture WHERE ref = ?"
    return int(db.execute(query, (ref,)).fetchone()[0])


def since(db: sqlite3.Connection, start: float, after: str | None) -> list[sqlite3.Row]:
    """Payments created at or after `start`, oldest first, one page of 100 beyond the payment `after`."""
    floor = 0
    if after:
        load(db, after)
        floor = db.execute("SELECT rowid FROM payment WHERE ref = ?", (after,)).fetchone()[0]
    return db.execute(
        "SELECT * FROM payment WHERE created_at >= ? AND rowid > ? ORDER BY rowid LIMIT ?",
        (start, floor, PAGE),
    ).fetchall()


def show(db: sqlite3.Connection, payment: sqlite3.Row, pay_page: str) -> dict[str, Any]:
    """A payment as the API answers it."""
    held = read_settings(db, gateway().defaults)
    captures = db.execute("SELECT * FROM capture WHERE ref = ? ORDER BY rowid", (payment["ref"],))
    return {
        "ref": payment["ref"],
        "attempt_id": payment["attempt_id"],
        "payee": held["report_payee"] or gateway().payee,
        "live": bool(held["report_live"]),
        "state": payment["state"],
        "reason": payment["reason"],
        "amount_minor": payment["amount_minor"],
        "currency": payment["currency"],
        "created_at": instant(payment["created_at"]),
        "redirect_url": pay_page,
        "refunds": [show_refund(row) for row in refunds.of_payment(db, payment["ref"])],
        "disputes": [
            {
                "id": row["id"],
                "capture_id": row["capture_id"],
                "amount_minor": row["amount_minor"],
                "kept_minor": row["kept_minor"],
                "currency": row["currency"],
                "state": row["state"],
                "reason": row["reason"],
                "opened_at": instant(row["opened_at"]),
            }
            for row in disputes.of_payment(db, payment["ref"])
        ],
        "saved": show_saved(db, payment["ref"]),
        "wants_customer": bool(payment["wants_customer"]),
        "captures": [
            {
                "id": row["id"],
                "amount_minor": row["amount_minor"],
                "currency": row["currency"],
                "captured_at": instant(row["captured_at"]),
            }
            for row in captures
        ],
    }


def show_refund(row: sqlite3.Row) -> dict[str, Any]:
    """A refund as the API answers it. `key` is "" where the merchant made it by hand."""
    names = ("id", "key", "ref", "capture_id", "amount_minor", "currency", "state", "reason")
    return {**{name: row[name] for name in names}, "created_at": instant(row["created_at"])}


def show_saved(db: sqlite3.Connection, ref: str) -> dict[str, Any] | None:
    """The card kept at this payment, without its number."""
    row = saved.of_payment(db, ref)
    card = cards.find(row["card"]) if row is not None else None
    if row is None or card is None:
        return None
    return {"id": row["id"], "brand": card.brand, "last4": card.number[-4:], "month": 12, "year": 2034}


def instant(at: float) -> str:
    """ISO 8601 in UTC."""
    return datetime.fromtimestamp(at, UTC).isoformat()
