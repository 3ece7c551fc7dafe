"""The face: Stripe's addresses, events and signature."""

from __future__ import annotations

import hashlib
import hmac
import json
import sqlite3
from collections.abc import Sequence
from typing import Any

from prorata.sandbox.gateway import disputes, payments, refunds
from prorata.sandbox.gateway.face import Happening
from prorata.sandbox.stripe import names, objects
from prorata.sandbox.stripe.dialect import VERSION

HEADER = "Stripe-Signature"
# What the core says, as Stripe's events; those of a Checkout Session come only where there is one.
SAID = {
    "payment.succeeded": ["charge.succeeded", "payment_intent.succeeded"],
    "payment.processing": ["payment_intent.processing"],
    "payment.declined": ["payment_intent.payment_failed"],
    "payment.failed": ["payment_intent.payment_failed"],
    "payment.refunded": ["charge.refunded", "refund.created"],
    "refund.updated": ["refund.updated"],
    "refund.failed": ["refund.failed"],
    "dispute.opened": ["charge.dispute.created"],
    "dispute.closed": ["charge.dispute.closed"],
}
SAID_AT_CHECKOUT = {
    "payment.succeeded": "checkout.session.completed",
    "payment.processing": "checkout.session.completed",
    "payment.failed": "checkout.session.async_payment_failed",
    "payment.cancelled": "checkout.session.expired",
}


class StripeFace:
    """See Face."""

    name = "stripe"

    def addresses(self) -> list[Any]:
        """See Face."""
        from prorata.sandbox.stripe import urls

        return urls.urlpatterns

    def kinds(self, db: sqlite3.Connection, kind: str, ref: str, held: dict[str, Any]) -> list[str]:
        """See Face."""
        payment = payments.load(db, ref)
        said = list(SAID.get(kind, []))
        if payment["method"] is None and kind in SAID_AT_CHECKOUT:
            late = kind == "payment.succeeded" and payment["settles_well"] is not None
            said.append("checkout.session.async_payment_succeeded" if late else SAID_AT_CHECKOUT[kind])
        return said

    def message(self, db: sqlite3.Connection, kind: str, happening: Happening) -> str:
        """See Face. The object as it stands now; merchants are told to fetch it again."""
        event = {
            "id": happening.id,
            "object": "event",
            "api_version": VERSION,
            "created": int(happening.at),
            "data": {"object": subject(db, kind, happening)},
            "livemode": objects.live(db),
            "pending_webhooks": 1,
            "request": {"id": None, "idempotency_key": None},
            "type": kind,
        }
        return json.dumps(event)

    def sign(self, body: bytes, secrets: Sequence[str], at: int) -> dict[str, str]:
        """See Face: t=<unix seconds>,v1=<hex of HMAC-SHA256 over "t.body">, one v1 for each secret."""
        signed = str(at).encode() + b"." + body
        marks = [hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest() for secret in secrets]
        return {HEADER: ",".join([f"t={at}", *(f"v1={mark}" for mark in marks)])}


def subject(db: sqlite3.Connection, kind: str, happening: Happening) -> dict[str, Any]:
    """What an event is about."""
    payment = payments.load(db, happening.ref)
    if kind.startswith("checkout.session."):
        return objects.session(db, payment, None)
    if kind.startswith("payment_intent."):
        return objects.intent(db, payment)
    if kind.startswith("refund."):
        return objects.refund(db, refunds.load(db, happening.subject))
    if kind.startswith("charge.dispute."):
        return objects.dispute(db, disputes.load(db, happening.subject))
    if kind.startswith("charge."):
        return objects.charge(db, objects.captures_of(db, happening.ref)[-1])
    return {"id": names.outward("intent", happening.ref), "object": kind.partition(".")[0]}
