"""What the core keeps, in the shapes PayPal publishes."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest

from prorata.sandbox.gateway import payments, refunds
from prorata.sandbox.gateway.state import gateway
from prorata.sandbox.paypal import money, names
from prorata.sandbox.store import read_settings

PAYER = "QYR5Z8XDVJNXQ"
MAIL = "payer@example.com"
REFUND_STATUS = {"pending": "PENDING", "succeeded": "COMPLETED", "failed": "FAILED"}


def instant(at: float) -> str:
    """RFC 3339 in UTC, whole seconds."""
    return datetime.fromtimestamp(int(at), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def api(path: str) -> str:
    """An address of this processor."""
    return gateway().address + path


def pay_page(request: HttpRequest | None, payment: sqlite3.Row) -> str:
    """The hosted page where the payer approves."""
    return api(f"/pay/{payment['ref']}")


def payee(db: sqlite3.Connection) -> dict[str, str]:
    """Who gets the money."""
    claimed = read_settings(db, gateway().defaults)["report_payee"]
    return {"email_address": "merchant@example.com", "merchant_id": claimed or gateway().payee}


def status(payment: sqlite3.Row) -> str:
    """The order's status."""
    if payment["state"] == "cancelled":
        return "VOIDED"
    if payment["state"] != "open":
        return "COMPLETED"
    return "APPROVED" if payment["approved_at"] is not None else "PAYER_ACTION_REQUIRED"


def order(db: sqlite3.Connection, payment: sqlite3.Row, request: HttpRequest | None) -> dict[str, Any]:
    """An order, whole."""
    meta, now = json.loads(payment["meta"]), status(payment)
    id = names.outward("order", payment["ref"])
    amount = money.outward(payment["amount_minor"], payment["currency"])
    unit: dict[str, Any] = {"reference_id": meta["reference_id"], "amount": amount, "payee": payee(db)}
    noted = {
        "description": payment["description"],
        "custom_id": meta["custom_id"],
        "invoice_id": meta["invoice_id"],
    }
    unit |= {name: value for name, value in noted.items() if value}
    taken = captures(db, payment)
    if taken:
        given_back = [refund(db, row) for row in refunds.of_payment(db, payment["ref"])]
        unit["payments"] = {"captures": taken, **({"refunds": given_back} if given_back else {})}
    links = [link(f"/v2/checkout/orders/{id}", "self", "GET")]
    if now == "PAYER_ACTION_REQUIRED":
        links.append({"href": pay_page(request, payment), "rel": "payer-action", "method": "GET"})
    if now == "APPROVED":
        links.append(link(f"/v2/checkout/orders/{id}", "update", "PATCH"))
        links.append(link(f"/v2/checkout/orders/{id}/capture", "capture", "POST"))
    source = {"account_status": "VERIFIED", "account_id": PAYER, "email_address": MAIL}
    return {
        "id": id,
        "intent": "CAPTURE",
        "status": now,
        "payment_source": {"paypal": source if now in ("APPROVED", "COMPLETED") else {}},
        "purchase_units": [unit],
        "create_time": instant(payment["created_at"]),
        "links": links,
    }


def link(path: str, rel: str, method: str) -> dict[str, str]:
    """One link."""
    return {"href": api(path), "rel": rel, "method": method}


def captures(db: sqlite3.Connection, payment: sqlite3.Row) -> list[dict[str, Any]]:
    """The captures of an order, one that is on its way or did not arrive included."""
    rows = db.execute("SELECT * FROM capture WHERE ref = ? ORDER BY rowid", (payment["ref"],)).fetchall()
    made = [capture(db, payment, row) for row in rows]
    if not rows and payment["capture_id"] and payment["state"] in ("processing", "failed"):
        made.append(capture(db, payment, None))
    return made


def capture(db: sqlite3.Connection, payment: sqlite3.Row, row: sqlite3.Row | None) -> dict[str, Any]:
    """One capture; without a row it is pending or was declined."""
    meta = json.loads(payment["meta"])
    id = names.outward("capture", row["id"] if row else payment["capture_id"])
    amount, code = (
        (row["amount_minor"], row["currency"]) if row else (payment["amount_minor"], payment["currency"])
    )
    at = instant(row["captured_at"] if row else payment["created_at"])
    found: dict[str, Any] = {
        "id": id,
        "status": capture_status(db, payment, row),
        "amount": money.outward(amount, code),
        "final_capture": True,
        "seller_protection": {"status": "NOT_ELIGIBLE"},
        "create_time": at,
        "update_time": at,
        "links": [
            link(f"/v2/payments/captures/{id}", "self", "GET"),
            link(f"/v2/payments/captures/{id}/refund", "refund", "POST"),
            link(f"/v2/checkout/orders/{names.outward('order', payment['ref'])}", "up", "GET"),
        ],
    }
    found |= {name: meta[name] for name in ("custom_id", "invoice_id") if meta[name]}
    if row is None and payment["state"] == "processing":
        found["status_details"] = {"reason": "ECHECK"}
    return found


def capture_status(db: sqlite3.Connection, payment: sqlite3.Row, row: sqlite3.Row | None) -> str:
    """COMPLETED until something of it went back."""
    if row is None:
        return "PENDING" if payment["state"] == "processing" else "DECLINED"
    gone = db.execute(
        "SELECT coalesce(sum(amount_minor), 0) FROM refund WHERE capture_id = ? AND state = 'succeeded'",
        (row["id"],),
    ).fetchone()[0]
    if not gone:
        return "COMPLETED"
    return "REFUNDED" if gone >= row["amount_minor"] else "PARTIALLY_REFUNDED"


def capture_alone(db: sqlite3.Connection, payment: sqlite3.Row, row: sqlite3.Row | None) -> dict[str, Any]:
    """A capture as its own address shows it: with its payee and the order it belongs to."""
    order_id = names.outward("order", payment["ref"])
    return {
        **capture(db, payment, row),
        "payee": payee(db),
        "supplementary_data": {"related_ids": {"order_id": order_id}},
    }


def refund(db: sqlite3.Connection, row: sqlite3.Row) -> dict[str, Any]:
    """One refund."""
    id, meta = names.outward("refund", row["id"]), json.loads(row["meta"])
    amount = money.outward(row["amount_minor"], row["currency"])
    back = sum(
        other["amount_minor"]
        for other in refunds.of_payment(db, row["ref"])
        if other["capture_id"] == row["capture_id"] and other["state"] != "failed"
    )
    found: dict[str, Any] = {
        "id": id,
        "status": REFUND_STATUS[row["state"]],
        "amount": amount,
        "seller_payable_breakdown": {
            "gross_amount": amount,
            "net_amount": amount,
            "total_refunded_amount": money.outward(back, row["currency"]),
        },
        "create_time": instant(row["created_at"]),
        "update_time": instant(row["changed_at"]),
        "links": [
            link(f"/v2/payments/refunds/{id}", "self", "GET"),
            link(f"/v2/payments/captures/{names.outward('capture', row['capture_id'])}", "up", "GET"),
        ],
    }
    found |= {name: meta[name] for name in ("custom_id", "invoice_id", "note_to_payer") if meta.get(name)}
    if row["state"] == "pending":
        found["status_details"] = {"reason": "ECHECK"}
    return found


def dispute(db: sqlite3.Connection, row: sqlite3.Row, *, whole: bool) -> dict[str, Any]:
    """One dispute, as it is listed or whole."""
    id, ended = names.outward("dispute", row["id"]), row["state"] in ("won", "lost")
    amount = money.outward(row["amount_minor"], row["currency"])
    found: dict[str, Any] = {
        "dispute_id": id,
        "create_time": instant(row["opened_at"]),
        "update_time": instant(row["changed_at"]),
        "reason": "UNAUTHORISED",
        "status": "RESOLVED" if ended else "WAITING_FOR_SELLER_RESPONSE",
        "dispute_state": "RESOLVED" if ended else "REQUIRED_ACTION",
        "dispute_amount": amount,
        "dispute_life_cycle_stage": "INQUIRY" if row["state"] == "inquiry" else "CHARGEBACK",
        "dispute_channel": "INTERNAL",
        "links": [link(f"/v1/customer/disputes/{id}", "self", "GET")],
    }
    if not whole:
        return found
    del found["dispute_state"]
    payment = payments.load(db, row["ref"])
    meta = json.loads(payment["meta"])
    found["disputed_transactions"] = [
        {
            "seller_transaction_id": names.outward("capture", row["capture_id"]),
            "create_time": instant(row["opened_at"]),
            "transaction_status": "COMPLETED",
            "gross_amount": amount,
            "seller": {"merchant_id": payee(db)["merchant_id"], "name": "Merchant"},
            **({"custom": meta["custom_id"]} if meta["custom_id"] else {}),
            **({"invoice_number": meta["invoice_id"]} if meta["invoice_id"] else {}),
        }
    ]
    if ended:
        won = row["state"] == "won"
        kept = amount if row["kept_minor"] is None else money.outward(row["kept_minor"], row["currency"])
        found["dispute_outcome"] = {
            "outcome_code": "RESOLVED_SELLER_FAVOUR" if won else "RESOLVED_BUYER_FAVOUR",
            **({} if won else {"amount_refunded": kept}),
        }
    return found
