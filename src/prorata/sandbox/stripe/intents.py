"""PaymentIntents: looked at, and made to charge a saved card while nobody is there."""

from __future__ import annotations

import json
import time
from typing import Any

from prorata.sandbox.gateway import charge_saved, payments, saved
from prorata.sandbox.gateway.state import gateway
from prorata.sandbox.stripe import money, names, objects, pages, rules
from prorata.sandbox.stripe.dialect import STATUS, once
from prorata.sandbox.stripe.errors import invalid
from prorata.sandbox.stripe.expand import expanded
from prorata.sandbox.web import Answer, Call

REQUIRED = {
    "amount": rules.whole(1),
    "currency": money.currency,
    "customer": rules.text(),
    "payment_method": rules.text(),
    "off_session": rules.truth,
    "confirm": rules.truth,
}
OPTIONAL = {
    "description": rules.text(1000),
    "metadata": rules.metadata,
    "allowed_payment_method_types": rules.each(rules.one_of("card")),
    **rules.EXPAND,
}


def create(call: Call) -> Answer:
    """POST /v1/payment_intents, confirmed at once and off session: the only kind this processor makes."""
    params = rules.checked(call.data["_params"], REQUIRED, OPTIONAL)
    if not (params["off_session"] and params["confirm"]):
        raise invalid(
            "This processor makes payment intents off session and confirms them at once.", param="off_session"
        )
    amount = money.inward(params["amount"], params["currency"], param="amount")
    waiting: list[int] = []

    def act(db: Any) -> Answer:
        method = saved.load(db, params["payment_method"])
        if method["customer"] != params["customer"]:
            raise invalid("The payment method does not belong to this customer.", param="payment_method")
        payment, send = charge_saved.charge(
            db, payments.new_key(), method["id"], amount_minor=amount, currency=params["currency"].upper(),
            description=params.get("description", ""), reference="",
            meta={"intent_metadata": params.get("metadata", {})},
        )  # fmt: skip
        waiting.extend(send)
        shown = objects.intent(db, payment)
        if payment["state"] == "failed":
            return {STATUS: 402, "error": {**(objects.payment_error(payment) or {}), "payment_intent": shown}}
        return expanded(db, shown, params.get("expand", []))

    answer = once(call, act)
    gateway().courier.send_all(waiting)
    return answer


def retrieve(call: Call) -> Answer:
    """GET /v1/payment_intents/<id>"""
    params = rules.checked(call.data["_params"], {}, rules.EXPAND)
    with gateway().store.read() as db:
        payment = payments.load(db, names.inward("intent", call.data["id"]))
        if not objects.has_intent(payment):
            raise invalid("No such payment_intent", code="resource_missing", status=404)
        return expanded(db, objects.intent(db, payment), params.get("expand", []))


def listed(call: Call) -> Answer:
    """GET /v1/payment_intents?created[gte]=&limit=&starting_after="""
    params = rules.checked(call.data["_params"], {}, {**rules.PAGES, **rules.CREATED, **rules.EXPAND})
    when, values = pages.within(params, "created_at")
    with gateway().store.read() as db:
        rows = db.execute(f"SELECT * FROM payment WHERE 1 = 1{when} ORDER BY rowid DESC", values).fetchall()
        return pages.page(
            [row for row in rows if objects.has_intent(row)], params, "/v1/payment_intents",
            lambda row: objects.intent(db, row), lambda row: names.outward("intent", row["ref"]),
        )  # fmt: skip


def cancel(call: Call) -> Answer:
    """POST /v1/payment_intents/<id>/cancel"""
    rules.checked(
        call.data["_params"], {}, {"cancellation_reason": rules.one_of("abandoned"), **rules.EXPAND}
    )

    def act(db: Any) -> Answer:
        payment = payments.load(db, names.inward("intent", call.data["id"]))
        kept = objects.meta(payment)
        status = objects.intent(db, payment)["status"]
        if status in ("succeeded", "canceled", "processing"):
            raise invalid(
                f"You cannot cancel this PaymentIntent because it has a status of {status}.",
                code="payment_intent_unexpected_state",
            )
        db.execute(
            "UPDATE payment SET meta = ? WHERE ref = ?",
            (json.dumps({**kept, "canceled": int(time.time())}), payment["ref"]),
        )
        return objects.intent(db, payments.load(db, payment["ref"]))

    return once(call, act)
