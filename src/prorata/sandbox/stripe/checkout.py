"""Checkout Sessions."""

from __future__ import annotations

from typing import Any

from prorata.sandbox.gateway import events, payments
from prorata.sandbox.gateway.state import gateway
from prorata.sandbox.stripe import money, names, objects, pages, rules
from prorata.sandbox.stripe.dialect import once
from prorata.sandbox.stripe.errors import invalid
from prorata.sandbox.stripe.expand import expanded
from prorata.sandbox.web import Answer, Call

REQUIRED = {
    "mode": rules.one_of("payment"),
    "success_url": rules.address,
    "line_items": rules.each(
        rules.parts(
            {
                "price_data": rules.parts(
                    {
                        "currency": money.currency,
                        "unit_amount": rules.whole(0),
                        "product_data": rules.parts({"name": rules.text(250)}),
                    }
                ),
                "quantity": rules.whole(1, 1),
            }
        ),
        1,
    ),
}
OPTIONAL = {
    "cancel_url": rules.address,
    "client_reference_id": rules.text(200),
    "customer_creation": rules.one_of("always", "if_required"),
    "metadata": rules.metadata,
    "allowed_payment_method_types": rules.each(rules.one_of("card")),
    "payment_intent_data": rules.parts(
        {},
        {
            "description": rules.text(1000),
            "metadata": rules.metadata,
            "setup_future_usage": rules.one_of("off_session"),
        },
    ),
    **rules.EXPAND,
}


def create(call: Call) -> Answer:
    """POST /v1/checkout/sessions"""
    params = rules.checked(call.data["_params"], REQUIRED, OPTIONAL)
    if not params["line_items"]:
        raise invalid("line_items must hold one line", param="line_items", code="parameter_missing")
    price, kept = params["line_items"][0]["price_data"], params.get("payment_intent_data", {})
    saves = kept.get("setup_future_usage") == "off_session"
    if saves and params.get("customer_creation") != "always":
        raise invalid(
            "A card is kept for a customer: set customer_creation to always.", param="customer_creation"
        )
    request: dict[str, Any] = {
        "amount_minor": money.inward(
            price["unit_amount"], price["currency"], param="line_items[0][price_data][unit_amount]"
        ),
        "currency": price["currency"].upper(),
        "description": kept.get("description", price["product_data"]["name"]),
        "return_url": params["success_url"],
        "cancel_url": params.get("cancel_url", params["success_url"]),
        "customer_ref": "",
        "save_method": saves,
    }
    meta = {
        "metadata": params.get("metadata", {}),
        "intent_metadata": kept.get("metadata", {}),
        "customer_creation": params.get("customer_creation"),
    }

    def act(db: Any) -> Answer:
        payment = payments.write(
            db, payments.new_key(), request, reference=params.get("client_reference_id", ""), meta=meta
        )
        return expanded(db, objects.session(db, payment, call.request), params.get("expand", []))

    return once(call, act)


def retrieve(call: Call) -> Answer:
    """GET /v1/checkout/sessions/<id>"""
    params = rules.checked(call.data["_params"], {}, rules.EXPAND)
    with gateway().store.read() as db:
        payment = payments.load(db, names.inward("session", call.data["id"]))
        return expanded(db, objects.session(db, payment, call.request), params.get("expand", []))


def listed(call: Call) -> Answer:
    """GET /v1/checkout/sessions?created[gte]=&payment_intent=&limit=&starting_after="""
    params = rules.checked(
        call.data["_params"],
        {},
        {"payment_intent": rules.text(), **rules.PAGES, **rules.CREATED, **rules.EXPAND},
    )
    when, values = pages.within(params, "created_at")
    only = ""
    if "payment_intent" in params:
        only, values = " AND ref = ?", [*values, names.inward("intent", params["payment_intent"])]  # type: ignore[list-item]
    with gateway().store.read() as db:
        rows = db.execute(
            f"SELECT * FROM payment WHERE method IS NULL{when}{only} ORDER BY rowid DESC", values
        ).fetchall()
        return pages.page(
            rows, params, "/v1/checkout/sessions",
            lambda row: objects.session(db, row, call.request), lambda row: names.outward("session", row["ref"]),
        )  # fmt: skip


def expire(call: Call) -> Answer:
    """POST /v1/checkout/sessions/<id>/expire"""
    rules.checked(call.data["_params"], {}, rules.EXPAND)
    ref = names.inward("session", call.data["id"])

    def act(db: Any) -> Answer:
        payment = payments.load(db, ref)
        shown = objects.session(db, payment, call.request)
        if payment["state"] != "open":
            raise invalid(
                'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of'
                f" `{shown['status']}`."
            )
        payments.expire(db, ref)
        events.announce(db, ref, ["payment.cancelled"], {})
        return objects.session(db, payments.load(db, ref), call.request)

    answer = once(call, act)
    gateway().courier.wake.set()
    return answer
