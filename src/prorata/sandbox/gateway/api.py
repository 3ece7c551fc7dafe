"""The merchant's API."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from prorata.sandbox.gateway import charge_saved, payments, refunds, saved
from prorata.sandbox.gateway import happenings as happened
from prorata.sandbox.gateway.state import gateway
from prorata.sandbox.problem import bad, only, text, whole
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


def instant(data: dict[str, Any], name: str) -> float:
    """An instant with its offset, as Unix seconds."""
    try:
        at = datetime.fromisoformat(text(data, name))
    except ValueError as error:
        raise bad(f'"{name}" must be an instant such as 2026-01-31T00:00:00+00:00') from error
    if at.tzinfo is None:
        raise bad(f'"{name}" must name its offset, such as +00:00')
    return at.timestamp()


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
    start = instant(call.data, "since")
    with gateway().store.read() as db:
        rows = payments.since(db, start, call.data.get("after"))
        shown = [payments.show(db, row, pay_page(call.request, row["ref"])) for row in rows]
    return {"payments": shown, "more": len(shown) == payments.PAGE}


def expire(call: Call) -> Answer:
    """POST /v1/payments/<ref>/expire"""
    ref = text(call.data, "ref")
    with gateway().store.write() as db:
        payments.expire(db, ref)
        return payments.show(db, payments.load(db, ref), pay_page(call.request, ref))


def refund(call: Call) -> Answer:
    """POST /v1/refunds {"capture_id", "amount_minor"}"""
    key = idempotency_key(call)
    only(call.data, {"capture_id", "amount_minor"})
    capture_id, amount = text(call.data, "capture_id"), whole(call.data, "amount_minor", least=1)
    with gateway().store.write() as db:
        made = refunds.refund(db, key, capture_id, amount)
        answer = payments.show_refund(made)
    gateway().courier.wake.set()
    return answer


def happenings(call: Call) -> Answer:
    """GET /v1/happenings?since=<ISO 8601>&after=<place>: captures, refunds and disputes, oldest first, in pages"""
    start = instant(call.data, "since")
    with gateway().store.read() as db:
        rows, more = happened.since(db, start, call.data.get("after"))
    shown = [
        {
            **{name: row[name] for name in ("kind", "id", "ref", "capture_id", "amount_minor", "currency")},
            "at": payments.instant(row["at"]),
        }
        for row in rows
    ]
    return {"happenings": shown, "after": happened.place(rows[-1]) if more else None}


def charge(call: Call) -> Answer:
    """POST /v1/charges {"saved", "amount_minor", "currency", "description"}: nobody is there"""
    key = idempotency_key(call)
    only(call.data, {"saved", "amount_minor", "currency", "description"})
    with gateway().store.write() as db:
        payment, send_now = charge_saved.charge(
            db, key, text(call.data, "saved"), amount_minor=whole(call.data, "amount_minor", least=1),
            currency=text(call.data, "currency"), description=text(call.data, "description"), reference="", meta={},
        )  # fmt: skip
        answer = payments.show(db, payment, "")
    gateway().courier.send_all(send_now)
    return answer


def detach(call: Call) -> Answer:
    """DELETE /v1/methods/<id>"""
    with gateway().store.write() as db:
        saved.detach(db, text(call.data, "id"))
    return {"detached": True}
