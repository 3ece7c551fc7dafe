"""The merchant's API."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest
from django.urls import reverse

from prorata.sandbox.gateway import payments
from prorata.sandbox.gateway.state import gateway
from prorata.sandbox.problem import bad, text
from prorata.sandbox.web import Answer, Call


def pay_page(request: HttpRequest, ref: str) -> str:
    """The address of the hosted payment page."""
    return request.build_absolute_uri(reverse("pay", kwargs={"ref": ref}))


def idempotency_key(call: Call) -> str:
    """The caller's own id of this act."""
    key = call.request.headers.get("Idempotency-Key", "")
    if not 1 <= len(key) <= 200:
        raise bad("the header Idempotency-Key must hold 1 to 200 characters")
    return key


def create(call: Call) -> Answer:
    """POST /v1/checkouts"""
    key = idempotency_key(call)
    with gateway().store.write() as db:
        payment = payments.create(db, key, call.data)
        return payments.show(db, payment, pay_page(call.request, payment["ref"]))


def fetch(call: Call) -> Answer:
    """GET /v1/payments/<ref>"""
    ref = text(call.data, "ref")
    with gateway().store.read() as db:
        return payments.show(db, payments.load(db, ref), pay_page(call.request, ref))


def find(call: Call) -> Answer:
    """GET /v1/payments/find?attempt_id=... -> {"payment": ... or null}"""
    attempt_id = text(call.data, "attempt_id")
    with gateway().store.read() as db:
        row = db.execute("SELECT * FROM payment WHERE attempt_id = ?", (attempt_id,)).fetchone()
        return {"payment": payments.show(db, row, pay_page(call.request, row["ref"])) if row else None}


def since(call: Call) -> Answer:
    """GET /v1/payments?since=<ISO 8601>&after=<ref>, oldest first, a page at a time"""
    try:
        start = datetime.fromisoformat(text(call.data, "since"))
    except ValueError as error:
        raise bad('"since" must be an instant such as 2026-01-31T00:00:00+00:00') from error
    if start.tzinfo is None:
        raise bad('"since" must name its offset, such as +00:00')
    with gateway().store.read() as db:
        rows = payments.since(db, start.timestamp(), call.data.get("after"))
        shown = [payments.show(db, row, pay_page(call.request, row["ref"])) for row in rows]
    return {"payments": shown, "more": len(shown) == payments.PAGE}


def expire(call: Call) -> Answer:
    """POST /v1/payments/<ref>/expire"""
    ref = text(call.data, "ref")
    with gateway().store.write() as db:
        payments.expire(db, ref)
        return payments.show(db, payments.load(db, ref), pay_page(call.request, ref))


def refund(call: Call) -> Answer:
    """POST /v1/refunds {"ref", "amount_minor"}"""
    key = idempotency_key(call)
    with gateway().store.write() as db:
        answer = payments.refund(db, key, call.data)
    gateway().courier.wake.set()
    return answer
