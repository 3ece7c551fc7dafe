"""Captures, refunds and disputes: what comes after the money."""

from __future__ import annotations

import secrets
import sqlite3
from typing import Any

from prorata.sandbox.gateway import disputes, payments, refunds
from prorata.sandbox.gateway.state import gateway
from prorata.sandbox.paypal import money, names, objects, rules
from prorata.sandbox.paypal.dialect import STATUS, full, known, once, write
from prorata.sandbox.paypal.errors import invalid, missing, unprocessable
from prorata.sandbox.web import Answer, Call

NOTE = r"[A-Za-z0-9_.,-]*"
REFUND = rules.parts(
    {},
    {
        "amount": rules.MONEY,
        "custom_id": rules.text(127, pattern=NOTE),
        "invoice_id": rules.text(127),
        "note_to_payer": rules.text(255),
    },
)


def find(db: sqlite3.Connection, id: str) -> tuple[sqlite3.Row, sqlite3.Row | None]:
    """The payment of a capture, and the capture once the money is there."""
    inner = names.inward("capture", id)
    row = db.execute("SELECT * FROM capture WHERE id = ?", (inner,)).fetchone()
    if row is not None:
        return payments.load(db, row["ref"]), row
    payment = db.execute("SELECT * FROM payment WHERE capture_id = ?", (inner,)).fetchone()
    if payment is None:
        raise missing()
    return payment, None


def capture(call: Call) -> Answer:
    """GET /v2/payments/captures/<id>"""
    with gateway().store.read() as db:
        payment, row = find(db, call.data["id"])
        return objects.capture_alone(db, payment, row)


def refund(call: Call) -> Answer:
    """POST /v2/payments/captures/<id>/refund"""
    with write() as db:
        kept = known(db, call)
        if kept is None:
            asked = REFUND(call.data["_body"] or {}, "")
            kept = once(db, call, lambda: {"id": give_back(db, call.data["id"], asked)})[0]
        made = objects.refund(db, refunds.load(db, kept["id"]))
    gateway().courier.wake.set()
    short = {name: made[name] for name in ("id", "status", "links")}
    return {**(made if full(call) else short), STATUS: 201}


def give_back(db: sqlite3.Connection, id: str, asked: dict[str, Any]) -> str:
    """A new refund; returns the core's id."""
    _, row = find(db, id)
    if row is None:
        raise unprocessable("PENDING_CAPTURE")
    rest = refunds.left(db, row)
    amount, code = rest, row["currency"]
    if "amount" in asked:
        amount, code = money.inward(asked["amount"], "/amount")
    if code != row["currency"]:
        raise unprocessable(
            "REFUND_CAPTURE_CURRENCY_MISMATCH",
            field="/amount/currency_code",
        )
    if not rest:
        raise unprocessable("CAPTURE_FULLY_REFUNDED")
    meta = {name: value for name, value in asked.items() if name != "amount"}
    made = refunds.refund(db, "paypal-" + secrets.token_hex(12), row["id"], amount, meta)
    return str(made["id"])


def show_refund(call: Call) -> Answer:
    """GET /v2/payments/refunds/<id>"""
    with gateway().store.read() as db:
        return objects.refund(db, refunds.load(db, names.inward("refund", call.data["id"])))


def list_disputes(call: Call) -> Answer:
    """GET /v1/customer/disputes?disputed_transaction_id="""
    asked = call.request.GET.dict()
    unknown = set(asked) - {"disputed_transaction_id", "page_size"}
    if unknown or "disputed_transaction_id" not in asked:
        raise invalid("disputed_transaction_id", "MISSING_REQUIRED_PARAMETER", location="query")
    inner = names.inward("capture", asked["disputed_transaction_id"])
    with gateway().store.read() as db:
        rows = db.execute(
            "SELECT * FROM dispute WHERE capture_id = ? ORDER BY rowid DESC", (inner,)
        ).fetchall()
        shown = [objects.dispute(db, row, whole=False) for row in rows[:50]]
    return {
        **({"items": shown} if shown else {}),
        "links": [objects.link(call.request.get_full_path(), "self", "GET")],
    }


def show_dispute(call: Call) -> Answer:
    """GET /v1/customer/disputes/<id>"""
    with gateway().store.read() as db:
        row = disputes.load(db, names.inward("dispute", call.data["id"]))
        return objects.dispute(db, row, whole=True)


def nothing(call: Call) -> Answer:
    """Any other address."""
    raise missing()
