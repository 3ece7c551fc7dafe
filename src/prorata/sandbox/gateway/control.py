"""The control API: what tests and a demo may order the processor to do."""

from __future__ import annotations

import secrets
from typing import Any

from prorata.sandbox import faults
from prorata.sandbox.gateway import cards, disputes, events, keys, pay, payments, refunds
from prorata.sandbox.gateway.currency import known
from prorata.sandbox.gateway.settings import CHECKS, MODES
from prorata.sandbox.gateway.state import gateway
from prorata.sandbox.problem import bad, change_settings, only, seconds, text, whole
from prorata.sandbox.store import read_settings, write_setting
from prorata.sandbox.web import Answer, Call

CALLS = {
    "create", "fetch", "find", "list", "expire", "refund", "charge", "detach", "cancel", "capture", "update", "token",
    "fetch_more",
}  # fmt: skip


def show_settings(call: Call) -> Answer:
    """GET /_control/settings"""
    return gateway().settings()


def set_settings(call: Call) -> Answer:
    """POST /_control/settings: only the named ones change."""
    with gateway().store.write() as db:
        held = read_settings(db, gateway().defaults)
        for name, value in change_settings(held, call.data, CHECKS).items():
            write_setting(db, name, value)
        if "webhook_url" in call.data:
            events.retry_now(db)
        answer = read_settings(db, gateway().defaults)
    gateway().courier.wake.set()
    return answer


def arm_fault(call: Call) -> Answer:
    """POST /_control/faults: the next calls of one kind go wrong."""
    with gateway().store.write() as db:
        faults.arm(db, call.data, calls=CALLS, kinds=faults.NETWORK_KINDS)
        return {"left": faults.left(db)}


def clear_faults(call: Call) -> Answer:
    """DELETE /_control/faults"""
    with gateway().store.write() as db:
        faults.clear(db)
    return {"left": 0}


def pay_with(call: Call) -> Answer:
    """POST /_control/pay {"ref", "card", "mode"?, "seconds"?, "confirm"?}: what the customer would do."""
    only(call.data, {"ref", "card", "mode", "seconds", "confirm"})
    ref, card = text(call.data, "ref"), cards.find(text(call.data, "card"))
    if card is None:
        raise bad("this is none of the test cards")
    with gateway().store.write() as db:
        tried = pay.pay(db, ref, card, webhook_choice(call.data))
        if tried.result == "confirm" and "confirm" in call.data:
            tried = pay.answer_bank(db, ref, confirmed=call.data["confirm"] is True)
    gateway().courier.send_all(tried.send_now)
    return {"result": tried.result, "reason": tried.reason}


def webhook_choice(data: dict[str, Any]) -> dict[str, Any]:
    """How the webhook is to come, for this payment only; {} leaves it to the settings."""
    choice: dict[str, Any] = {}
    if data.get("mode"):
        if data["mode"] not in MODES:
            raise bad(f'"mode" must be one of {", ".join(MODES)}')
        choice["mode"] = data["mode"]
    if "seconds" in data:
        choice["seconds"] = seconds(data, "seconds")
    return choice


def settle(call: Call) -> Answer:
    """POST /_control/settle {"ref"}: a processing payment ends now."""
    ref = text(call.data, "ref")
    with gateway().store.write() as db:
        waiting = pay.settle(db, ref)
        state = payments.load(db, ref)["state"]
    gateway().courier.send_all(waiting)
    return {"state": state}


def add_capture(call: Call) -> Answer:
    """POST /_control/captures {"ref", "amount_minor", "currency"?}: money nobody asked for, even after closing."""
    ref, amount = text(call.data, "ref"), whole(call.data, "amount_minor", least=1)
    with gateway().store.write() as db:
        payment = payments.load(db, ref)
        db.execute(
            "UPDATE payment SET state = 'succeeded', challenge = NULL, settles_at = NULL WHERE ref = ?",
            (ref,),
        )
        pay.capture(db, ref, amount, known(text(call.data, "currency", default=payment["currency"])))
        waiting = events.announce(db, ref, ["payment.succeeded"], {})
    gateway().courier.send_all(waiting)
    return effects_of(payment["reference"] or payment["attempt_id"])


def refund(call: Call) -> Answer:
    """POST /_control/refunds {"ref", "amount_minor"}: the merchant refunds by hand, on the processor's own pages."""
    only(call.data, {"ref", "amount_minor"})
    amount = whole(call.data, "amount_minor", least=1)
    with gateway().store.write() as db:
        capture = payments.first_capture(db, text(call.data, "ref"))
        made = refunds.refund(db, "by-hand-" + secrets.token_hex(8), capture["id"], amount)
    gateway().courier.wake.set()
    return payments.show_refund(made)


def end_refund(call: Call) -> Answer:
    """POST /_control/refunds/<id> {"state": "succeeded" | "failed"}"""
    only(call.data, {"id", "state"})
    if call.data.get("state") not in ("succeeded", "failed"):
        raise bad('"state" must be succeeded or failed')
    with gateway().store.write() as db:
        waiting = refunds.end(db, text(call.data, "id"), call.data["state"])
    gateway().courier.send_all(waiting)
    return {"state": call.data["state"]}


def open_dispute(call: Call) -> Answer:
    """POST /_control/disputes {"ref", "amount_minor"?, "reason"?, "inquiry"?}: the customer went to his bank."""
    only(call.data, {"ref", "amount_minor", "reason", "inquiry"})
    amount = whole(call.data, "amount_minor", least=1) if "amount_minor" in call.data else None
    with gateway().store.write() as db:
        capture = payments.first_capture(db, text(call.data, "ref"))
        dispute, waiting = disputes.open_dispute(
            db,
            capture["id"],
            amount,
            text(call.data, "reason", default=""),
            inquiry=call.data.get("inquiry") is True,
        )
    gateway().courier.send_all(waiting)
    return {"id": dispute["id"], "state": dispute["state"], "amount_minor": dispute["amount_minor"]}


def move_dispute(call: Call) -> Answer:
    """POST /_control/disputes/<id> {"state": "open" | "won" | "lost", "kept_minor"?}: lost, but for no more than so much."""
    only(call.data, {"id", "state", "kept_minor"})
    kept = whole(call.data, "kept_minor", least=1) if "kept_minor" in call.data else None
    with gateway().store.write() as db:
        waiting = disputes.move(db, text(call.data, "id"), text(call.data, "state"), kept)
    gateway().courier.send_all(waiting)
    return {"state": call.data["state"]}


def forget_keys(call: Call) -> Answer:
    """DELETE /_control/keys: a day goes by, and no idempotency key of a face is known any more."""
    with gateway().store.write() as db:
        keys.forget(db)
    return {"left": 0}


def send_event(call: Call) -> Answer:
    """POST /_control/events {"ref", "kind", "id"?}: one more webhook, true or not."""
    only(call.data, {"ref", "kind", "id"})
    ref, kind = text(call.data, "ref"), text(call.data, "kind")
    with gateway().store.write() as db:
        event, body = events.write_event(db, ref, kind, call.data.get("id"))
        delivery = events.write_delivery(db, event, body, delay=0, claimed=True)
        event_id = db.execute("SELECT id FROM event WHERE seq = ?", (event,)).fetchone()["id"]
    gateway().courier.send_all([delivery])
    return {"id": event_id}


def effects(call: Call) -> Answer:
    """GET /_control/effects?attempt_id=...: what really happened for one attempt."""
    return effects_of(text(call.data, "attempt_id"))


def effects_of(attempt_id: str) -> Answer:
    """Payments, captures, refunds, events and deliveries of one attempt."""
    with gateway().store.read() as db:
        made = payments.of_attempt(db, attempt_id)
        payment = made[0] if made else None
        ref = payment["ref"] if payment else None
        captures = db.execute("SELECT * FROM capture WHERE ref = ? ORDER BY rowid", (ref,)).fetchall()
        given_back = db.execute("SELECT * FROM refund WHERE ref = ? ORDER BY rowid", (ref,)).fetchall()
        sent = db.execute("SELECT * FROM event WHERE ref = ? ORDER BY seq", (ref,)).fetchall()
        posts = db.execute(
            "SELECT delivery.*, event.id AS event_id FROM delivery JOIN event ON event.seq = delivery.event"
            " WHERE event.ref = ? ORDER BY delivery.id",
            (ref,),
        ).fetchall()
    return {
        "ref": ref,
        "payments": len(made),
        "state": payment["state"] if payment else None,
        "captures": [{name: row[name] for name in ("id", "amount_minor", "currency")} for row in captures],
        "refunds": [{name: row[name] for name in ("id", "amount_minor", "currency")} for row in given_back],
        "events": [{"id": row["id"], "kind": row["kind"]} for row in sent],
        "deliveries": [
            {
                "event_id": row["event_id"],
                "attempts": row["attempts"],
                "delivered": row["delivered_at"] is not None,
                "last_result": row["last_result"],
            }
            for row in posts
        ],
    }
