"""A charge to a saved card while nobody is there."""

from __future__ import annotations

import json
import secrets
import sqlite3
import time
from typing import Any

from prorata.sandbox.gateway import cards, pay
from prorata.sandbox.gateway.currency import known
from prorata.sandbox.gateway.saved import load
from prorata.sandbox.problem import Problem


def charge(
    db: sqlite3.Connection,
    key: str,
    method_id: str,
    *,
    amount_minor: int,
    currency: str,
    description: str,
    reference: str,
    meta: dict[str, Any],
) -> tuple[sqlite3.Row, list[int]]:
    """Charge a saved card while nobody is there; the same key gives the same payment.

    Returns the payment and the webhooks to send: succeeded, or failed with `reason` (`wants_customer` when only a
    confirmation was missing). Raises Problem: unknown_method, key_conflict, currency_unknown.
    """
    request = json.dumps(
        {"method": method_id, "amount_minor": amount_minor, "currency": currency, "reference": reference},
        sort_keys=True,
    )
    row = db.execute("SELECT * FROM payment WHERE attempt_id = ?", (key,)).fetchone()
    if row is not None:
        if row["request"] != request:
            raise Problem(409, "key_conflict", "this Idempotency-Key was used before with another content")
        return row, []
    method = load(db, method_id)
    ref = "pay_" + secrets.token_hex(14)
    db.execute(
        "INSERT INTO payment (ref, attempt_id, request, amount_minor, currency, description, return_url, cancel_url,"
        " customer_ref, created_at, reference, method, card, meta) VALUES (?, ?, ?, ?, ?, ?, '', '', ?, ?, ?, ?, ?, ?)",
        (
            ref, key, request, amount_minor, known(currency), description, method["customer"], time.time(), reference,
            method_id, method["card"], json.dumps(meta),
        ),
    )  # fmt: skip
    card = cards.find(method["card"])
    assert card is not None
    tried = pay.pay_alone(db, ref, card)
    return db.execute("SELECT * FROM payment WHERE ref = ?", (ref,)).fetchone(), tried.send_now
