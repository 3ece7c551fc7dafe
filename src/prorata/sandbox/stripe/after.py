"""Charges, Refunds, Disputes, PaymentMethods and Events: what comes after the money."""

from __future__ import annotations

import json
import secrets
from typing import Any

from prorata.sandbox.gateway import refunds, saved
from prorata.sandbox.gateway.state import gateway
from prorata.sandbox.stripe import money, names, objects, pages, rules
from prorata.sandbox.stripe.dialect import once
from prorata.sandbox.stripe.errors import invalid, missing
from prorata.sandbox.web import Answer, Call

OF_PAYMENT = {"payment_intent": rules.text(), **rules.PAGES, **rules.CREATED, **rules.EXPAND}


def charges(call: Call) -> Answer:
    """GET /v1/charges?payment_intent="""
    return of_payment(call, "capture", "captured_at", "/v1/charges", objects.charge)


def list_refunds(call: Call) -> Answer:
    """GET /v1/refunds?payment_intent="""
    return of_payment(call, "refund", "created_at", "/v1/refunds", objects.refund)


def list_disputes(call: Call) -> Answer:
    """GET /v1/disputes?payment_intent="""
    return of_payment(call, "dispute", "opened_at", "/v1/disputes", objects.dispute)


def of_payment(call: Call, table: str, column: str, url: str, show: Any) -> Answer:
    """One page of what belongs to a payment, newest first."""
    params = rules.checked(call.data["_params"], {}, OF_PAYMENT)
    when, values = pages.within(params, column)
    only = ""
    if "payment_intent" in params:
        only, values = " AND ref = ?", [*values, names.inward("intent", params["payment_intent"])]  # type: ignore[list-item]
    with gateway().store.read() as db:
        rows = db.execute(
            f"SELECT * FROM {table} WHERE 1 = 1{when}{only} ORDER BY rowid DESC", values
        ).fetchall()
        return pages.page(rows, params, url, lambda row: show(db, row), lambda row: show(db, row)["id"])


def refund(call: Call) -> Answer:
    """POST /v1/refunds"""
    params = rules.checked(
        call.data["_params"],
        {"charge": rules.text(), "amount": rules.whole(1)},
        {
            "metadata": rules.metadata,
            "reason": rules.one_of("requested_by_customer", "duplicate", "fraudulent"),
            **rules.EXPAND,
        },
    )

    def act(db: Any) -> Answer:
        capture = refunds.load_capture(db, names.inward("charge", params["charge"]))
        amount = money.inward(params["amount"], capture["currency"].lower(), param="amount", charge=False)
        made = refunds.refund(
            db,
            "stripe-" + secrets.token_hex(12),
            capture["id"],
            amount,
            {"metadata": params.get("metadata", {})},
        )
        return objects.refund(db, made)

    answer = once(call, act)
    gateway().courier.wake.set()
    return answer


def payment_method(call: Call) -> Answer:
    """GET /v1/payment_methods/<id>"""
    rules.checked(call.data["_params"], {}, rules.EXPAND)
    with gateway().store.read() as db:
        found = objects.payment_method(db, call.data["id"])
    if found is None:
        raise missing("PaymentMethod", call.data["id"])
    return found


def detach(call: Call) -> Answer:
    """POST /v1/payment_methods/<id>/detach"""
    rules.checked(call.data["_params"], {}, rules.EXPAND)

    def act(db: Any) -> Answer:
        found = objects.payment_method(db, call.data["id"])
        if found is None:
            raise missing("PaymentMethod", call.data["id"])
        if found["customer"] is None:
            raise invalid(
                "The payment method you provided is not attached to a customer so detachment is impossible.",
                param="payment_method",
            )
        saved.detach(db, call.data["id"])
        return {**found, "customer": None}

    return once(call, act)


def events(call: Call) -> Answer:
    """GET /v1/events?created[gte]=&types[]=&limit=&starting_after="""
    params = rules.checked(
        call.data["_params"],
        {},
        {"types": rules.each(rules.text(100), 20), **rules.PAGES, **rules.CREATED, **rules.EXPAND},
    )
    when, values = pages.within(params, "created_at")
    with gateway().store.read() as db:
        rows = db.execute(f"SELECT * FROM event WHERE body <> ''{when} ORDER BY seq DESC", values).fetchall()
    wanted = params.get("types")
    rows = [row for row in rows if wanted is None or row["kind"] in wanted]
    return pages.page(
        rows, params, "/v1/events", lambda row: json.loads(row["body"]), lambda row: str(row["id"])
    )


def unknown(call: Call) -> Answer:
    """Any other address."""
    raise invalid(f"Unrecognized request URL ({call.request.method}: {call.request.path}).", status=404)
