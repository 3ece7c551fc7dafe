"""Which webhooks a happening causes, and when each is delivered.

Everything is written in the transaction of the happening itself, so a killed process delivers after its restart.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
import time
from typing import Any

from prorata.sandbox.gateway.state import gateway
from prorata.sandbox.store import read_settings

CLAIM_SECONDS = 10
LATE_SECONDS = 0.5  # the second copy, and the event that comes in the wrong order


def announce(db: sqlite3.Connection, ref: str, kinds: list[str], choice: dict[str, Any]) -> list[int]:
    """Write events and their deliveries; returns those the caller must send before it answers the customer.

    `choice` is what the payment page said ({"mode", "seconds"}); what it leaves open, the settings decide.
    """
    held = read_settings(db, gateway().defaults)
    mode = choice.get("mode") or held["webhook_mode"]
    wait = choice.get("seconds", held["webhook_seconds"])
    if held["different_events"] and "payment.succeeded" in kinds:
        kinds = [*kinds, "capture.created", "checkout.completed"]
    late: list[str] = []
    if mode == "out_of_order" and "payment.succeeded" in kinds:
        late = ["payment.processing"]
    send_now: list[int] = []
    for kind in [*late, *kinds]:  # the late one is older: it happened first and arrives last
        event, body = write_event(db, ref, kind, held["event_id"])
        if mode == "never":
            continue
        copies = held["webhook_copies"] + (1 if mode == "twice" else 0)
        for copy in range(copies):
            at_once = mode != "after" and copy == 0 and kind not in late
            delay = wait if mode == "after" else 0 if at_once else LATE_SECONDS
            delivery = write_delivery(db, event, body, delay=delay, claimed=at_once)
            if at_once:
                send_now.append(delivery)
    return send_now


def write_event(db: sqlite3.Connection, ref: str, kind: str, event_id: str | None) -> tuple[int, str]:
    """One event and the exact body of its webhook. `event_id` forces an id, even one used before."""
    now, id = time.time(), event_id or "evt_" + secrets.token_hex(12)
    seq = db.execute(
        "INSERT INTO event (id, kind, ref, created_at) VALUES (?, ?, ?, ?)", (id, kind, ref, now)
    ).lastrowid
    body = {"id": id, "kind": kind, "ref": ref, "payee": gateway().payee, "live": False, "created": int(now)}
    return int(seq or 0), json.dumps(body)


def write_delivery(db: sqlite3.Connection, event: int, body: str, *, delay: float, claimed: bool) -> int:
    """One delivery. A claimed one is sent by the writer itself; if it dies, the courier takes it up."""
    now = time.time()
    row = db.execute(
        "INSERT INTO delivery (event, body, due_at, claimed_until) VALUES (?, ?, ?, ?)",
        (event, body, now + delay, now + CLAIM_SECONDS if claimed else 0),
    )
    return int(row.lastrowid or 0)


def retry_now(db: sqlite3.Connection) -> None:
    """Try failed deliveries again at once: the receiver is thought to be there now."""
    db.execute(
        "UPDATE delivery SET claimed_until = 0, due_at = CASE WHEN attempts > 0 THEN ? ELSE due_at END"
        " WHERE delivered_at IS NULL AND given_up_at IS NULL",
        (time.time(),),
    )
