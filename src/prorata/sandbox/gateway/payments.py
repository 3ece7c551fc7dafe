"""Payments as the merchant sees them: created, looked up, closed, refunded."""

from __future__ import annotations

import json
import secrets
import sqlite3
import time
from datetime import UTC, datetime
from typing import Any

from prorata.sandbox.gateway.currency import known
from prorata.sandbox.gateway.events import announce
from prorata.sandbox.gateway.settings import url
from prorata.sandbox.gateway.state import gateway
from prorata.sandbox.problem import Problem, bad, only, text, whole
from prorata.sandbox.store import read_settings

FIELDS = {"amount_minor", "currency", "description", "return_url", "cancel_url", "customer_ref"}
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
    canonical = json.dumps(request, sort_keys=True)
    row = db.execute("SELECT * FROM payment WHERE attempt_id = ?", (attempt_id,)).fetchone()
    if row and row["request"] != canonical:
        raise Problem(409, "key_conflict", "this Idempotency-Key was used before with another content")
    if not row:
        ref = "pay_" + secrets.token_urlsafe(18)
        db.execute(
            "INSERT INTO payment (ref, attempt_id, request, amount_minor, currency, description, return_url,"
            " cancel_url, customer_ref, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (ref, attempt_id, canonical, *request.values(), time.time()),
        )
        row = load(db, ref)
    return row


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


def expire(db: sqlite3.Connection, ref: str) -> None:
    """Close the page. A payment that is no longer open stays as it is."""
    load(db, ref)
    db.execute(
        "UPDATE payment SET state = 'cancelled', reason = 'closed by the merchant', challenge = NULL"
        " WHERE ref = ? AND state = 'open'",
        (ref,),
    )


def refund(db: sqlite3.Connection, key: str, data: dict[str, Any]) -> dict[str, Any]:
    """Give back all or a part of what was captured; never more."""
    only(data, {"ref", "amount_minor"})
    ref, amount = text(data, "ref"), whole(data, "amount_minor", least=1)
    payment = load(db, ref)
    before = db.execute("SELECT * FROM refund WHERE key = ?", (key,)).fetchone()
    if before and (before["ref"], before["amount_minor"]) != (ref, amount):
        raise Problem(409, "key_conflict", "this Idempotency-Key was used before with another content")
    if not before:
        captured, refunded = total(db, "capture", ref), total(db, "refund", ref)
        if amount > captured - refunded:
            raise Problem(422, "over_refund", f"only {captured - refunded} of {captured} can be given back")
        db.execute(
            "INSERT INTO refund (id, key, ref, amount_minor, currency, created_at) VALUES (?, ?, ?, ?, ?, ?)",
            ("ref_" + secrets.token_hex(10), key, ref, amount, payment["currency"], time.time()),
        )
        announce(db, ref, ["payment.refunded"], {})
        before = db.execute("SELECT * FROM refund WHERE key = ?", (key,)).fetchone()
    return {name: before[name] for name in ("id", "ref", "amount_minor", "currency")}


def total(db: sqlite3.Connection, table: str, ref: str) -> int:
    """Sum of the captures or refunds of one payment."""
    query = {
        "capture": "SELECT coalesce(sum(amount_minor), 0) FROM capture WHERE ref = ?",
        "refund": "SELECT coalesce(sum(amount_minor), 0) FROM refund WHERE ref = ?",
    }[table]
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
        "refunded_minor": total(db, "refund", payment["ref"]),
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


def instant(at: float) -> str:
    """ISO 8601 in UTC."""
    return datetime.fromtimestamp(at, UTC).isoformat()
