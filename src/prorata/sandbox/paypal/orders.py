"""Orders: made, shown, changed a little, captured."""

from __future__ import annotations

import json
import sqlite3
import time
from typing import Any

from prorata.sandbox.gateway import payments
from prorata.sandbox.gateway.state import gateway
from prorata.sandbox.gateway.take import take
from prorata.sandbox.paypal import money, names, objects, rules
from prorata.sandbox.paypal.dialect import STATUS, full, known, once, request_id, write
from prorata.sandbox.paypal.errors import body_of, invalid, missing, unprocessable
from prorata.sandbox.web import Answer, Call

MERCHANT = r"[2-9A-HJ-NP-Z]{13}"
UNIT = rules.parts(
    {"amount": rules.MONEY},
    {
        "reference_id": rules.text(256),
        "payee": rules.parts({}, {"merchant_id": rules.text(13, least=13, pattern=MERCHANT)}),
        "description": rules.text(127),
        "custom_id": rules.text(127),
        "invoice_id": rules.text(127),
    },
)
EXPERIENCE = rules.parts(
    {},
    {
        "brand_name": rules.text(127),
        "shipping_preference": rules.one_of("NO_SHIPPING"),
        "user_action": rules.one_of("CONTINUE", "PAY_NOW"),
        "landing_page": rules.one_of("LOGIN", "GUEST_CHECKOUT", "NO_PREFERENCE"),
        "return_url": rules.address,
        "cancel_url": rules.address,
    },
)
ORDER = rules.parts(
    {
        "intent": rules.one_of("CAPTURE"),
        "purchase_units": rules.each(UNIT, most=1),
        "payment_source": rules.parts(
            {"paypal": rules.parts({"experience_context": EXPERIENCE})},
        ),
    },
)
PATCH = rules.each(
    rules.parts(
        {"op": rules.one_of("add", "replace", "remove"), "path": rules.text(200)},
        {"value": rules.text(127)},
    )
)
# The one thing of an order this processor lets the merchant change.
CUSTOM_ID = "/purchase_units/@reference_id=='{reference_id}'/custom_id"
MOST_TRIES = 10


def create(call: Call) -> Answer:
    """POST /v2/checkout/orders"""
    if not request_id(call):
        raise invalid("PayPal-Request-Id", "PAYPAL_REQUEST_ID_REQUIRED", location="header")
    with write() as db:
        kept = known(db, call)
        if kept is None:
            asked = ORDER(call.data["_body"], "")
            kept = once(db, call, lambda: {"ref": make(db, call, asked)})[0]
            status = 201
        else:
            status = 200
        return {**shown(db, call, payments.load(db, kept["ref"])), STATUS: status}


def make(db: sqlite3.Connection, call: Call, asked: dict[str, Any]) -> str:
    """A new order; returns the core's reference."""
    unit = asked["purchase_units"][0]
    experience = asked["payment_source"]["paypal"]["experience_context"]
    amount, code = money.inward(unit["amount"], "/purchase_units/@reference_id=='default'/amount")
    payee = unit.get("payee", {}).get("merchant_id", gateway().payee)
    if payee != gateway().payee:
        raise unprocessable("PAYEE_ACCOUNT_INVALID", field="/purchase_units/0/payee")
    for name in ("return_url", "cancel_url"):
        if name not in experience:
            raise invalid(f"/payment_source/paypal/experience_context/{name}", "MISSING_REQUIRED_PARAMETER")
    request = {
        "amount_minor": amount,
        "currency": code,
        "description": unit.get("description", ""),
        "return_url": experience["return_url"],
        "cancel_url": experience["cancel_url"],
        "customer_ref": "",
    }
    meta = {
        "reference_id": unit.get("reference_id", "default"),
        "custom_id": unit.get("custom_id", ""),
        "invoice_id": unit.get("invoice_id", ""),
        "tries": 0,
    }
    payment = payments.write(
        db,
        payments.new_key(),
        request,
        reference=unit.get("invoice_id", ""),
        meta=meta,
        held=True,
        ref=names.new_order(),
    )
    token = f"token={names.outward('order', payment['ref'])}"
    db.execute(
        "UPDATE payment SET return_url = ?, cancel_url = ? WHERE ref = ?",
        (
            joined(payment["return_url"], f"{token}&PayerID={objects.PAYER}"),
            joined(payment["cancel_url"], token),
            payment["ref"],
        ),
    )
    return str(payment["ref"])


def joined(address: str, query: str) -> str:
    """An address with more in its query."""
    return f"{address}{'&' if '?' in address else '?'}{query}"


def shown(db: sqlite3.Connection, call: Call, payment: sqlite3.Row) -> Answer:
    """The order, whole or in short as the caller prefers."""
    order = objects.order(db, payment, call.request)
    return order if full(call) else {name: order[name] for name in ("id", "status", "links")}


def load(db: sqlite3.Connection, call: Call) -> sqlite3.Row:
    """The order of the address. One that nobody paid is forgotten after a while."""
    payment = payments.load(db, names.inward("order", call.data["id"]))
    kept = gateway().settings()["unpaid_seconds"]
    if payment["state"] == "open" and payment["created_at"] < time.time() - kept:
        raise missing()
    return payment


def retrieve(call: Call) -> Answer:
    """GET /v2/checkout/orders/<id>"""
    with gateway().store.read() as db:
        return objects.order(db, load(db, call), call.request)


def update(call: Call) -> Answer:
    """PATCH /v2/checkout/orders/<id>: custom_id, until the order is completed."""
    changes = PATCH(call.data["_body"], "")
    with write() as db:
        payment = load(db, call)
        meta = json.loads(payment["meta"])
        if payment["state"] != "open":
            raise unprocessable("ORDER_ALREADY_COMPLETED")
        for at, change in enumerate(changes):
            if change["path"] != CUSTOM_ID.format(reference_id=meta["reference_id"]):
                raise unprocessable("NOT_PATCHABLE", field=f"/{at}/path")
            if change["op"] != "remove" and "value" not in change:
                raise unprocessable("PATCH_VALUE_REQUIRED")
            meta["custom_id"] = change.get("value", "")
        db.execute("UPDATE payment SET meta = ? WHERE ref = ?", (json.dumps(meta), payment["ref"]))
    return {STATUS: 204}


def capture(call: Call) -> Answer:
    """POST /v2/checkout/orders/<id>/capture"""
    if call.data["_body"] not in ({}, None):
        raise invalid("/", "INVALID_PARAMETER_SYNTAX")
    waiting: list[int] = []
    with write() as db:
        payment = load(db, call)
        kept, again = once(db, call, lambda: captured(db, call, payment, waiting))
        if "refused" in kept:
            answer = kept["refused"]
        else:
            answer = {**shown(db, call, payments.load(db, payment["ref"])), STATUS: 200 if again else 201}
    gateway().courier.send_all(waiting)
    return answer


def captured(db: sqlite3.Connection, call: Call, payment: sqlite3.Row, waiting: list[int]) -> Answer:
    """Take the money. A declined instrument has an effect: the payer must approve anew."""
    meta = json.loads(payment["meta"])
    if meta["tries"] >= MOST_TRIES:
        raise unprocessable("MAX_NUMBER_OF_PAYMENT_ATTEMPTS_EXCEEDED")
    tried = take(db, payment["ref"])
    waiting.extend(tried.send_now)
    if tried.result != "declined":
        return {}
    db.execute(
        "UPDATE payment SET meta = ? WHERE ref = ?",
        (json.dumps({**meta, "tries": meta["tries"] + 1}), payment["ref"]),
    )
    problem = unprocessable("INSTRUMENT_DECLINED", pay_page=objects.pay_page(call.request, payment))
    status, body = body_of(problem)
    return {"refused": {**body, STATUS: status}}
