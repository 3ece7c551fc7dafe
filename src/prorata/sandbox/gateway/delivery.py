"""Sending webhooks until somebody answers 2xx, and letting slow payments settle in time."""

from __future__ import annotations

import sys
import threading
import time
from typing import TYPE_CHECKING

import httpx

from prorata.sandbox.gateway import pay
from prorata.sandbox.gateway.events import CLAIM_SECONDS
from prorata.sandbox.store import read_settings

if TYPE_CHECKING:
    from prorata.sandbox.gateway.state import GatewaySandbox

GIVE_UP_AFTER = 3 * 86400
LONGEST_PAUSE = 60
WAITING = "delivered_at IS NULL AND given_up_at IS NULL"


class Courier(threading.Thread):
    """One background thread; the store is its memory, so it may be killed at any moment."""

    def __init__(self, sandbox: GatewaySandbox) -> None:
        super().__init__(name="courier", daemon=True)
        self.sandbox = sandbox
        self.wake = threading.Event()
        self.http = httpx.Client(timeout=httpx.Timeout(5, connect=2), trust_env=False)

    def run(self) -> None:
        while True:
            try:
                self.work()
            except Exception as error:
                print(f"sandbox gateway: courier: {error!r}", file=sys.stderr, flush=True)
                time.sleep(1)

    def work(self) -> None:
        """Settle, then send one delivery or sleep until something is due."""
        now = time.time()
        with self.sandbox.store.read() as db:
            settles = db.execute("SELECT min(settles_at) FROM payment WHERE state = 'processing'").fetchone()[
                0
            ]
            due = db.execute(
                f"SELECT min(max(due_at, claimed_until)) FROM delivery WHERE {WAITING}"
            ).fetchone()[0]
        if settles is not None and settles <= now:
            with self.sandbox.store.write() as db:
                waiting = pay.settle_due(db)
            self.send_all(waiting)
        elif due is not None and due <= now:
            delivery = self.claim()
            if delivery is not None:
                self.send(delivery)
        else:
            soonest = min((at for at in (settles, due) if at is not None), default=now + 5)
            self.wake.wait(min(soonest - now, 5))
            self.wake.clear()

    def claim(self) -> int | None:
        """Take the delivery that is due first, so that nobody else sends it meanwhile."""
        now = time.time()
        with self.sandbox.store.write() as db:
            row = db.execute(
                f"SELECT id FROM delivery WHERE {WAITING} AND due_at <= ? AND claimed_until <= ?"
                " ORDER BY due_at, id",
                (now, now),
            ).fetchone()
            if row is None:
                return None
            db.execute("UPDATE delivery SET claimed_until = ? WHERE id = ?", (now + CLAIM_SECONDS, row["id"]))
            return int(row["id"])

    def send_all(self, deliveries: list[int]) -> None:
        """Send what was claimed for the caller; the rest is the thread's."""
        for delivery in deliveries:
            self.send(delivery)
        self.wake.set()

    def send(self, delivery: int) -> None:
        """One try, signed now; anything but 2xx is tried again later."""
        with self.sandbox.store.read() as db:
            row = db.execute(
                "SELECT delivery.*, event.created_at FROM delivery JOIN event ON event.seq = delivery.event"
                " WHERE delivery.id = ?",
                (delivery,),
            ).fetchone()
            held = read_settings(db, self.sandbox.defaults)
        body = row["body"].encode()
        result = self.post(held["webhook_url"], body) if held["webhook_url"] else "no webhook address is set"
        now, attempts = time.time(), row["attempts"] + 1
        arrived = result.startswith("2")
        pause = min(held["retry_seconds"] * 2 ** min(row["attempts"], 20), LONGEST_PAUSE)
        with self.sandbox.store.write() as db:
            db.execute(
                "UPDATE delivery SET attempts = ?, last_result = ?, claimed_until = 0, delivered_at = ?,"
                " given_up_at = ?, due_at = ? WHERE id = ?",
                (
                    attempts,
                    result,
                    now if arrived else None,
                    now if not arrived and now - row["created_at"] > GIVE_UP_AFTER else None,
                    row["due_at"] if arrived else now + pause,
                    delivery,
                ),
            )

    def post(self, url: str, body: bytes) -> str:
        """The HTTP status as text, or what went wrong. Redirects are not followed."""
        signed = self.sandbox.face.sign(body, self.sandbox.secrets, int(time.time()))
        headers = {"Content-Type": "application/json", **signed}
        try:
            return str(self.http.post(url, content=body, headers=headers).status_code)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return type(error).__name__
