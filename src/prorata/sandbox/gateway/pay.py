"""The customer's side: a card is tried, a bank asks back, a slow payment settles.

Each function works inside the caller's transaction and returns the webhook deliveries that the caller sends before
it answers (see events.py).
"""

from __future__ import annotations

import json
import secrets
import sqlite3
import time
from dataclasses import dataclass, field
from typing import Any, Literal

from prorata.sandbox.gateway import saved
from prorata.sandbox.gateway.cards import Card, find
from prorata.sandbox.gateway.events import announce
from prorata.sandbox.gateway.payments import load
from prorata.sandbox.gateway.state import gateway
from prorata.sandbox.problem import Problem
from prorata.sandbox.store import read_settings


@dataclass(frozen=True)
class Tried:
    """What came of it. `send_now` are deliveries to make before answering the customer."""

    result: Literal["paid", "processing", "declined", "confirm", "closed"]
    reason: str = ""
    send_now: list[int] = field(default_factory=list)


def pay(db: sqlite3.Connection, ref: str, card: Card, choice: dict[str, Any]) -> Tried:
    """Try a card. Only an open payment can be paid, and only once."""
    if load(db, ref)["state"] != "open":
        return Tried("closed")
    db.execute("UPDATE payment SET card = ? WHERE ref = ?", (card.number, ref))
    if card.outcome == "accept":
        return Tried("paid", send_now=succeed(db, ref, choice))
    if card.outcome == "decline":
        return decline(db, ref, card.reason, choice)
    if card.outcome == "confirm":
        asked = json.dumps({"card": card.number, "choice": choice})
        db.execute("UPDATE payment SET challenge = ?, reason = '' WHERE ref = ?", (asked, ref))
        return Tried("confirm")
    held = read_settings(db, gateway().defaults)
    db.execute(
        "UPDATE payment SET state = 'processing', reason = '', challenge = NULL, settles_at = ?,"
        " settles_well = ?, choice = ? WHERE ref = ?",
        (time.time() + held["processing_seconds"], card.outcome == "settle_well", json.dumps(choice), ref),
    )
    return Tried("processing", send_now=announce(db, ref, ["payment.processing"], choice))


def pay_alone(db: sqlite3.Connection, ref: str, card: Card) -> Tried:
    """A saved card is charged while nobody is there: paid, or over. Nobody can confirm it or try another card."""
    if card.alone == "accept":
        return Tried("paid", send_now=succeed(db, ref, {}))
    wants, reason = card.alone == "confirm", card.reason
    if wants:
        reason = "The bank wants the customer to confirm this payment."
    db.execute(
        "UPDATE payment SET state = 'failed', reason = ?, wants_customer = ? WHERE ref = ?",
        (reason, wants, ref),
    )
    return Tried("declined", reason, announce(db, ref, ["payment.failed"], {}))


def answer_bank(db: sqlite3.Connection, ref: str, *, confirmed: bool) -> Tried:
    """The customer's answer to the bank's question."""
    payment = load(db, ref)
    if payment["state"] != "open" or not payment["challenge"]:
        return Tried("closed")
    choice = json.loads(payment["challenge"])["choice"]
    if confirmed:
        return Tried("paid", send_now=succeed(db, ref, choice))
    return decline(db, ref, "The payment was not confirmed with the bank.", choice)


def succeed(db: sqlite3.Connection, ref: str, choice: dict[str, Any]) -> list[int]:
    """Take the money, once, and tell the merchant."""
    payment, held = load(db, ref), read_settings(db, gateway().defaults)
    db.execute(
        "UPDATE payment SET state = 'succeeded', reason = '', challenge = NULL, settles_at = NULL WHERE ref = ?",
        (ref,),
    )
    capture(
        db,
        ref,
        held["capture_amount_minor"] or payment["amount_minor"],
        held["capture_currency"] or payment["currency"],
    )
    card = find(payment["card"])
    if payment["save_method"] and card is not None:
        saved.keep(db, payment, card)
    return announce(db, ref, ["payment.succeeded"], choice)


def capture(db: sqlite3.Connection, ref: str, amount_minor: int, currency: str) -> None:
    """Money taken. The control API may add captures nobody asked for."""
    db.execute(
        "INSERT INTO capture (id, ref, amount_minor, currency, captured_at) VALUES (?, ?, ?, ?, ?)",
        ("cap_" + secrets.token_hex(10), ref, amount_minor, currency, time.time()),
    )


def decline(db: sqlite3.Connection, ref: str, reason: str, choice: dict[str, Any]) -> Tried:
    """The payment stays open, so another card can be tried."""
    db.execute("UPDATE payment SET reason = ?, challenge = NULL WHERE ref = ?", (reason, ref))
    return Tried("declined", reason, announce(db, ref, ["payment.declined"], choice))


def settle(db: sqlite3.Connection, ref: str) -> list[int]:
    """A processing payment ends, well or badly as its card says."""
    payment = load(db, ref)
    if payment["state"] != "processing":
        raise Problem(409, "not_processing", f"the payment is {payment['state']}, not processing")
    choice = json.loads(payment["choice"])
    if payment["settles_well"]:
        return succeed(db, ref, choice)
    db.execute(
        "UPDATE payment SET state = 'failed', reason = ?, settles_at = NULL WHERE ref = ?",
        (returned_reason(), ref),
    )
    return announce(db, ref, ["payment.failed"], choice)


def returned_reason() -> str:
    """What stands on a payment that failed after processing."""
    card = find("4000000000000119")
    return card.reason if card else ""


def settle_due(db: sqlite3.Connection) -> list[int]:
    """All processing payments whose time has come."""
    due = db.execute(
        "SELECT ref FROM payment WHERE state = 'processing' AND settles_at <= ?", (time.time(),)
    ).fetchall()
    return [delivery for row in due for delivery in settle(db, row["ref"])]
