"""Which webhooks a happening causes, and when each is delivered.

Everything is written in the transaction of the happening itself, so a killed process delivers after its restart.
"""

from __future__ import annotations

import random
import secrets
import sqlite3
import time
from typing import Any

from prorata.sandbox.gateway.face import Happening
from prorata.sandbox.gateway.state import gateway
from prorata.sandbox.store import read_settings

CLAIM_SECONDS = 10
LATE_SECONDS = 0.5  # the second copy, and the event that comes in the wrong order


def announce(
    db: sqlite3.Connection, ref: str, kinds: list[str], choice: dict[str, Any], *, subject: str = ""
) -> list[int]:
    """Write events and their deliveries; returns those the caller must send before it answers the customer.

    `choice` is what the payment page said ({"mode", "seconds"}); what it leaves open, the settings decide. `subject` is
    the refund or dispute it is about.
    """
    held = read_settings(db, gateway().defaults)
    mode = choice.get("mode") or held["webhook_mode"]
    wait = choice.get("seconds", held["webhook_seconds"])
    speak = gateway().face
    said = [word for kind in kinds for word in speak.kinds(db, kind, ref, held)]
    late: list[str] = []
    if mode == "out_of_order" and "payment.succeeded" in kinds:
        late = speak.kinds(db, "payment.processing", ref, held)
    send_now: list[int] = []
    for kind in [*late, *said]:  # the late one is older: it happened first and arrives last
        event, body = write_event(db, ref, kind, held["event_id"], subject)
        if mode == "never":
            continue
        if held["webhook_seed"] is not None:
            delays = drawn(held["webhook_seed"], event, wait)
        else:
            first = wait if mode == "after" else LATE_SECONDS if kind in late else 0
            again = wait if mode == "after" else LATE_SECONDS
            delays = [first, *[again] * (held["webhook_copies"] - 1 + (mode == "twice"))]
        for delay in delays:
            delivery = write_delivery(db, event, body, delay=delay, claimed=delay == 0 and mode != "after")
            if delay == 0 and mode != "after":
                send_now.append(delivery)
    return send_now


def drawn(seed: int, event: int, longest: float) -> list[float]:
    """When the copies of one event arrive: one to three of them, some at once and some late, so also in any order.

    The same seed gives the same mess again.
    """
    chance = random.Random(f"{seed}:{event}")  # noqa: S311
    return [0 if chance.random() < 0.3 else chance.uniform(0, longest) for _ in range(chance.randint(1, 3))]


def write_event(
    db: sqlite3.Connection, ref: str, kind: str, event_id: str | None, subject: str = ""
) -> tuple[int, str]:
    """One event and the exact body of its webhook. `event_id` forces an id, even one used before."""
    now, id = time.time(), event_id or "evt_" + secrets.token_hex(12)
    body = gateway().face.message(db, kind, Happening(id, kind, ref, subject, now))
    seq = db.execute(
        "INSERT INTO event (id, kind, ref, created_at, body) VALUES (?, ?, ?, ?, ?)",
        (id, kind, ref, now, body),
    ).lastrowid
    return int(seq or 0), body


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
