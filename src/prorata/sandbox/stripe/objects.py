"""The core's rows as Stripe's objects. Nullable fields that a merchant reads are always there."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from prorata.sandbox.gateway import cards, disputes, refunds
from prorata.sandbox.gateway.state import gateway
from prorata.sandbox.store import read_settings
from prorata.sandbox.stripe import money, names

DISPUTE_STATES = {"inquiry": "warning_needs_response", "open": "needs_response", "won": "won", "lost": "lost"}
LONGEST_OPEN = 86400


def live(db: sqlite3.Connection) -> bool:
    """What every object claims; false unless a test wants a lie."""
    return bool(read_settings(db, gateway().defaults)["report_live"])


def meta(row: sqlite3.Row) -> dict[str, Any]:
    """What the face keeps beside a row."""
    kept: dict[str, Any] = json.loads(row["meta"])
    return kept


def has_intent(payment: sqlite3.Row) -> bool:
    """A PaymentIntent exists from the first card that was tried."""
    return bool(payment["card"]) or payment["state"] in ("processing", "succeeded", "failed")


def session(db: sqlite3.Connection, payment: sqlite3.Row, request: HttpRequest | None) -> dict[str, Any]:
    """A Checkout Session."""
    state, kept = payment["state"], meta(payment)
    status = {"open": "open", "cancelled": "expired"}.get(state, "complete")
    page = request.build_absolute_uri(reverse("pay", kwargs={"ref": payment["ref"]})) if request else None
    customer = saved_customer(db, payment)
    amount = money.outward(payment["amount_minor"], payment["currency"])
    return {
        "id": names.outward("session", payment["ref"]),
        "object": "checkout.session",
        "amount_subtotal": amount,
        "amount_total": amount,
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "cancel_url": payment["cancel_url"],
        "client_reference_id": payment["reference"] or None,
        "created": int(payment["created_at"]),
        "currency": payment["currency"].lower(),
        "custom_fields": [],
        "custom_text": {
            "after_submit": None, "shipping_address": None, "submit": None, "terms_of_service_acceptance": None,
        },
        "customer": customer,
        "customer_creation": kept.get("customer_creation"),
        "expires_at": int(payment["created_at"]) + LONGEST_OPEN,
        "livemode": live(db),
        "metadata": kept.get("metadata", {}),
        "mode": "payment",
        "payment_intent": names.outward("intent", payment["ref"]) if has_intent(payment) else None,
        "payment_method_types": ["card"],
        "payment_status": "paid" if state == "succeeded" else "unpaid",
        "shipping_options": [],
        "status": status,
        "success_url": payment["return_url"],
        "ui_mode": "hosted_page",
        "url": page if status == "open" else None,
    }  # fmt: skip


def intent(db: sqlite3.Connection, payment: sqlite3.Row) -> dict[str, Any]:
    """A PaymentIntent."""
    kept, state = meta(payment), payment["state"]
    captures = captures_of(db, payment["ref"])
    amount = money.outward(payment["amount_minor"], payment["currency"])
    status = {
        "open": "requires_payment_method",
        "failed": "requires_payment_method",
        "cancelled": "canceled",
    }.get(state, state)
    if payment["challenge"]:
        status = "requires_action"
    if kept.get("canceled"):
        status = "canceled"
    return {
        "id": names.outward("intent", payment["ref"]),
        "object": "payment_intent",
        "amount": amount,
        "amount_capturable": 0,
        "amount_received": sum(money.outward(row["amount_minor"], row["currency"]) for row in captures),
        "canceled_at": int(kept["canceled"]) if kept.get("canceled") else None,
        "capture_method": "automatic",
        "confirmation_method": "automatic",
        "created": int(payment["created_at"]),
        "currency": payment["currency"].lower(),
        "customer": saved_customer(db, payment),
        "description": payment["description"] or None,
        "last_payment_error": payment_error(payment),
        "latest_charge": names.outward("charge", captures[-1]["id"]) if captures else None,
        "livemode": live(db),
        "metadata": kept.get("intent_metadata", {}),
        "payment_method": method_of(db, payment),
        "payment_method_types": ["card"],
        "setup_future_usage": "off_session" if payment["save_method"] else None,
        "status": status,
    }


def payment_error(payment: sqlite3.Row) -> dict[str, Any] | None:
    """Why the last try failed."""
    if not payment["reason"] or payment["state"] not in ("open", "failed"):
        return None
    code = "authentication_required" if payment["wants_customer"] else "card_declined"
    return {
        "type": "card_error",
        "code": code,
        "decline_code": "generic_decline",
        "message": payment["reason"],
    }


def captures_of(db: sqlite3.Connection, ref: str) -> list[sqlite3.Row]:
    """The captures of a payment, oldest first."""
    return db.execute("SELECT * FROM capture WHERE ref = ? ORDER BY rowid", (ref,)).fetchall()


def charge(db: sqlite3.Connection, row: sqlite3.Row) -> dict[str, Any]:
    """A Charge: money that was captured."""
    payment = db.execute("SELECT * FROM payment WHERE ref = ?", (row["ref"],)).fetchone()
    back = sum(
        refund["amount_minor"]
        for refund in refunds.of_payment(db, row["ref"])
        if refund["capture_id"] == row["id"] and refund["state"] != "failed"
    )
    disputed = any(
        dispute["capture_id"] == row["id"] and dispute["state"] != "inquiry"
        for dispute in disputes.of_payment(db, row["ref"])
    )
    amount = money.outward(row["amount_minor"], row["currency"])
    return {
        "id": names.outward("charge", row["id"]),
        "object": "charge",
        "amount": amount,
        "amount_captured": amount,
        "amount_refunded": money.outward(back, row["currency"]),
        "balance_transaction": "txn_" + row["id"].removeprefix("cap_"),
        "billing_details": {"address": None, "email": None, "name": None, "phone": None, "tax_id": None},
        "captured": True,
        "created": int(row["captured_at"]),
        "currency": row["currency"].lower(),
        "customer": saved_customer(db, payment),
        "description": payment["description"] or None,
        "disputed": disputed,
        "failure_code": None,
        "failure_message": None,
        "livemode": live(db),
        "metadata": meta(payment).get("intent_metadata", {}),
        "paid": True,
        "payment_intent": names.outward("intent", row["ref"]),
        "payment_method": method_of(db, payment),
        "refunded": back >= row["amount_minor"],
        "status": "succeeded",
    }


def refund(db: sqlite3.Connection, row: sqlite3.Row) -> dict[str, Any]:
    """A Refund."""
    return {
        "id": names.outward("refund", row["id"]),
        "object": "refund",
        "amount": money.outward(row["amount_minor"], row["currency"]),
        "balance_transaction": "txn_" + row["id"].removeprefix("ref_")
        if row["state"] == "succeeded"
        else None,
        "charge": names.outward("charge", row["capture_id"]),
        "created": int(row["created_at"]),
        "currency": row["currency"].lower(),
        **({"failure_reason": "declined"} if row["state"] == "failed" else {}),
        "metadata": meta(row).get("metadata", {}),
        "payment_intent": names.outward("intent", row["ref"]),
        "reason": None,
        "receipt_number": None,
        "status": row["state"],
    }


def dispute(db: sqlite3.Connection, row: sqlite3.Row) -> dict[str, Any]:
    """A Dispute. An open or lost one took the money."""
    return {
        "id": row["id"],
        "object": "dispute",
        "amount": money.outward(row["amount_minor"], row["currency"]),
        "balance_transactions": [],
        "charge": names.outward("charge", row["capture_id"]),
        "created": int(row["opened_at"]),
        "currency": row["currency"].lower(),
        "enhanced_eligibility_types": [],
        "evidence": evidence(),
        "evidence_details": {
            "due_by": None, "enhanced_eligibility": {}, "has_evidence": False, "past_due": False, "submission_count": 0,
            "submission_method": "not_submitted",
        },
        "is_charge_refundable": row["state"] == "inquiry",
        "livemode": live(db),
        "metadata": {},
        "payment_intent": names.outward("intent", row["ref"]),
        "reason": row["reason"],
        "status": DISPUTE_STATES[row["state"]],
    }  # fmt: skip


def evidence() -> dict[str, Any]:
    """What the merchant told the bank: nothing."""
    return {"enhanced_evidence": {}}


def payment_method(db: sqlite3.Connection, id: str) -> dict[str, Any] | None:
    """A PaymentMethod of a card, or None where there is none of this id."""
    row = db.execute("SELECT * FROM method WHERE id = ?", (id,)).fetchone()
    if row is not None:
        number, created, customer = (
            row["card"],
            row["created_at"],
            None if row["detached_at"] else row["customer"],
        )
    else:  # the card of a payment that did not keep it
        payment = db.execute(
            "SELECT * FROM payment WHERE 'pm_' || substr(ref, 5) = ? AND card <> ''", (id,)
        ).fetchone()
        if payment is None:
            return None
        number, created, customer = payment["card"], payment["created_at"], None
    card = cards.find(number)
    assert card is not None
    return {
        "id": id,
        "object": "payment_method",
        "billing_details": {"address": None, "email": None, "name": None, "phone": None, "tax_id": None},
        "card": {
            "brand": card.brand, "checks": None, "country": "US", "display_brand": card.brand, "exp_month": 12,
            "exp_year": 2034, "fingerprint": None, "funding": "credit", "generated_from": None,
            "last4": card.number[-4:], "networks": None, "regulated_status": None, "three_d_secure_usage": None,
            "wallet": None,
        },
        "created": int(created),
        "customer": customer,
        "livemode": live(db),
        "metadata": {},
        "type": "card",
    }  # fmt: skip


def kept_method(db: sqlite3.Connection, payment: sqlite3.Row) -> sqlite3.Row | None:
    """The saved card this payment made or was charged to."""
    return db.execute(  # type: ignore[no-any-return,unused-ignore]
        "SELECT * FROM method WHERE id = ? OR ref = ?", (payment["method"], payment["ref"])
    ).fetchone()


def saved_customer(db: sqlite3.Connection, payment: sqlite3.Row) -> str | None:
    """The Customer a payment belongs to: only a kept card makes one."""
    row = kept_method(db, payment)
    return str(row["customer"]) if row is not None else None


def method_of(db: sqlite3.Connection, payment: sqlite3.Row) -> str | None:
    """The id of the PaymentMethod a payment was made with."""
    row = kept_method(db, payment)
    if row is not None:
        return str(row["id"])
    return (
        "pm_" + payment["ref"].removeprefix("pay_")
        if payment["card"] and payment["state"] != "open"
        else None
    )
