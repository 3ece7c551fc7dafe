"""The merchant takes the money of a payment that its customer has approved."""

from __future__ import annotations

import json
import secrets
import sqlite3

from prorata.sandbox.gateway import pay
from prorata.sandbox.gateway.cards import find
from prorata.sandbox.gateway.payments import load
from prorata.sandbox.problem import Problem


def take(db: sqlite3.Connection, ref: str) -> pay.Tried:
    """Take it once: paid, processing, or declined, and then the customer must approve again.

    Raises Problem: already_taken, not_approved.
    """
    payment = load(db, ref)
    if payment["state"] != "open":
        raise Problem(422, "already_taken", f"the payment is {payment['state']}")
    card = find(payment["card"])
    if payment["approved_at"] is None or card is None:
        raise Problem(422, "not_approved", "the customer has not approved this payment")
    choice = json.loads(payment["choice"] or "{}")
    if card.outcome == "decline":
        db.execute("UPDATE payment SET approved_at = NULL WHERE ref = ?", (ref,))
        return pay.decline(db, ref, card.reason, choice)
    db.execute("UPDATE payment SET capture_id = ? WHERE ref = ?", ("cap_" + secrets.token_hex(10), ref))
    if card.outcome in ("settle_well", "settle_badly"):
        return pay.process(db, ref, card, choice)
    return pay.Tried("paid", send_now=pay.succeed(db, ref, choice))
