"""The face: PayPal's addresses, events and signature."""

from __future__ import annotations

import base64
import functools
import json
import sqlite3
import time
import uuid
import zlib
from collections.abc import Sequence
from typing import Any

from prorata.sandbox.gateway import disputes, payments, refunds
from prorata.sandbox.gateway.face import Happening
from prorata.sandbox.gateway.state import gateway
from prorata.sandbox.paypal import names, objects
from prorata.sandbox.paypal.certificates import Signer, kept_signer

CERTIFICATE = "CERT-sandbox-gateway"
# What the core says, as PayPal's events. A refund that is still on its way has a name of its own (see message).
SAID = {
    "payment.approved": ["CHECKOUT.ORDER.APPROVED"],
    "payment.succeeded": ["PAYMENT.CAPTURE.COMPLETED", "CHECKOUT.ORDER.COMPLETED"],
    "payment.processing": ["PAYMENT.CAPTURE.PENDING"],
    "payment.failed": ["PAYMENT.CAPTURE.DECLINED"],
    "payment.refunded": ["PAYMENT.CAPTURE.REFUNDED"],
    "refund.updated": ["PAYMENT.CAPTURE.REFUNDED"],
    "refund.failed": ["PAYMENT.REFUND.FAILED"],
    "dispute.opened": ["CUSTOMER.DISPUTE.CREATED"],
    "dispute.closed": ["CUSTOMER.DISPUTE.RESOLVED"],
}


class PayPalFace:
    """See Face."""

    name = "paypal"

    def addresses(self) -> list[Any]:
        """See Face. The signer is made with them: a receiver must know its authority before the first message."""
        signer()
        from prorata.sandbox.paypal import urls

        return urls.urlpatterns

    def kinds(self, db: sqlite3.Connection, kind: str, ref: str, held: dict[str, Any]) -> list[str]:
        """See Face."""
        return SAID.get(kind, [])

    def message(self, db: sqlite3.Connection, kind: str, happening: Happening) -> str:
        """See Face. The resource as it stands when the event is written."""
        resource, what = subject(db, kind, happening)
        if kind == "PAYMENT.CAPTURE.REFUNDED" and resource["status"] == "PENDING":
            kind = "PAYMENT.REFUND.PENDING"
        event = {
            "id": happening.id.replace("evt_", "WH-").upper(),
            "event_version": "1.0",
            "create_time": objects.instant(happening.at),
            "resource_type": what,
            "resource_version": "2.0",
            "event_type": kind,
            "summary": f"{kind.replace('.', ' ').capitalize()}",
            "resource": resource,
            "links": [objects.link(f"/v1/notifications/webhooks-events/{happening.id}", "self", "GET")],
        }
        return json.dumps(event)

    def sign(self, body: bytes, secrets: Sequence[str], at: int) -> dict[str, str]:
        """See Face: RSA-SHA256 over id|time|webhook id|crc32 of the body. The first secret is the webhook's id."""
        while not gateway().address:  # a delivery that waited for the restart, before the port is bound
            time.sleep(0.01)
        return headers(signer(), secrets[0], body, at, objects.api(f"/v1/notifications/certs/{CERTIFICATE}"))


@functools.cache
def signer() -> Signer:
    """What signs the webhooks of this process."""
    return kept_signer(gateway().store.path)


def headers(by: Signer, webhook_id: str, body: bytes, at: int, certificate: str) -> dict[str, str]:
    """The headers of one transmission."""
    transmission, when = str(uuid.uuid4()), objects.instant(at)
    said = f"{transmission}|{when}|{webhook_id}|{zlib.crc32(body)}"
    return {
        "PAYPAL-TRANSMISSION-ID": transmission,
        "PAYPAL-TRANSMISSION-TIME": when,
        "PAYPAL-TRANSMISSION-SIG": base64.b64encode(by.sign(said.encode())).decode(),
        "PAYPAL-CERT-URL": certificate,
        "PAYPAL-AUTH-ALGO": "SHA256withRSA",
    }


def subject(db: sqlite3.Connection, kind: str, happening: Happening) -> tuple[dict[str, Any], str]:
    """What an event is about, and what PayPal calls that."""
    payment = payments.load(db, happening.ref)
    if kind.startswith("CUSTOMER.DISPUTE."):
        return objects.dispute(db, disputes.load(db, happening.subject), whole=True), "dispute"
    if kind == "PAYMENT.CAPTURE.REFUNDED" or kind.startswith("PAYMENT.REFUND."):
        return objects.refund(db, refunds.load(db, happening.subject)), "refund"
    if kind.startswith("PAYMENT.CAPTURE."):
        row = db.execute(
            "SELECT * FROM capture WHERE ref = ? ORDER BY rowid DESC", (happening.ref,)
        ).fetchone()
        return objects.capture_alone(db, payment, row), "capture"
    if kind.startswith("CHECKOUT.ORDER."):
        return objects.order(db, payment, None), "checkout-order"
    return {"id": names.outward("order", happening.ref)}, kind.partition(".")[0].lower()
