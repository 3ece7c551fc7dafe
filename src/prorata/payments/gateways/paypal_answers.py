"""What PayPal answers, read strictly: what makes no sense tells us nothing (GatewayUnreachable)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from prorata.payments.gateways.base import (
    DisputeState,
    GatewayCapture,
    GatewayDispute,
    GatewayPayment,
    GatewayRefund,
    GatewayUnreachable,
    Happening,
    PaymentState,
    RefundState,
)
from prorata.payments.gateways.paypal_money import from_paypal
from prorata.payments.gateways.values import instant, text

ID = re.compile(r"[A-Z0-9]{1,36}")
CAPTURE_REF = re.compile(r"capture-([A-Z0-9]{1,36})")
LONGEST_REASON = 200
# What we note on an order ourselves, behind our attempt id: it is closed, or so many instruments were declined.
# PayPal takes letters, digits and -_., in such a note.
BETWEEN, CLOSED = ".", "closed"
DECLINED = re.compile(r"declined-([1-9][0-9]?)")
# Before the key of a refund of ours: one made by hand may inherit the note of its capture.
REFUND_NOTE = "refund."
DECLINED_WORDS = "PayPal could not charge what you chose. Choose another way to pay on PayPal's page."
TAKEN = ("COMPLETED", "PARTIALLY_REFUNDED", "REFUNDED")
REFUND_STATES: dict[str, RefundState] = {
    "PENDING": "pending", "COMPLETED": "succeeded", "FAILED": "failed", "CANCELLED": "failed",
}  # fmt: skip
OUTCOMES: dict[str, DisputeState] = {
    "RESOLVED_BUYER_FAVOUR": "lost", "ACCEPTED": "lost",
    "RESOLVED_SELLER_FAVOUR": "won", "RESOLVED_WITH_PAYOUT": "won", "CANCELED_BY_BUYER": "won", "DENIED": "won",
    "NONE": "won",
}  # fmt: skip


@contextmanager
def reading() -> Iterator[None]:
    """Around the reading of each answer."""
    try:
        yield
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise GatewayUnreachable("PayPal's answer cannot be understood") from error


def read_order(order: Any, *, live: bool, disputes: tuple[GatewayDispute, ...] = ()) -> GatewayPayment:
    """An order. Money that is there decides before every status and every note of ours."""
    unit = only_unit(order)
    amount, currency = from_paypal(unit["amount"])
    made = unit.get("payments", {})
    attempts = made.get("captures", [])
    captures = tuple(read_capture(capture) for capture in attempts if capture["status"] in TAKEN)
    state, reason = state_of(order, attempts)
    closed = is_closed(unit)
    if state == "open" and closed:
        state, reason = "cancelled", ""
    return GatewayPayment(
        ref=an_id(order["id"]),
        attempt_id=str(unit.get("invoice_id") or "unknown"),
        payee=str(unit["payee"]["merchant_id"]),
        live=live,
        state=state,
        amount_minor=amount,
        currency=currency,
        captures=captures,
        reason=reason,
        refunds=tuple(
            sorted(map(read_refund, made.get("refunds", [])), key=lambda refund: refund.created_at)
        ),
        disputes=disputes,
        approved=state == "open" and order["status"] == "APPROVED",
    )


def only_unit(order: Any) -> Any:
    """The one purchase unit that orders of ours have."""
    (unit,) = order["purchase_units"]
    return unit


def state_of(order: Any, attempts: list[Any]) -> tuple[PaymentState, str]:
    """Where the order stands, and why the last instrument was declined."""
    statuses = {capture["status"] for capture in attempts}
    if statuses & set(TAKEN):
        return "succeeded", ""
    if "PENDING" in statuses:
        return "processing", ""
    if statuses:
        if statuses - {"DECLINED", "FAILED"}:
            raise ValueError("a capture of an unknown kind")
        return "failed", "PayPal could not collect the money; nothing was taken."
    if order["status"] in ("CREATED", "SAVED", "APPROVED", "PAYER_ACTION_REQUIRED"):
        again = declines(only_unit(order)) and order["status"] != "APPROVED"
        return "open", DECLINED_WORDS if again else ""
    if order["status"] == "VOIDED":
        return "cancelled", ""
    raise ValueError(order["status"])  # completed without a capture says nothing


def note_of(unit: Any) -> str:
    """What we noted behind our attempt id."""
    attempt_id, custom_id = str(unit.get("invoice_id", "")), str(unit.get("custom_id", ""))
    before = f"{attempt_id}{BETWEEN}"
    return custom_id.removeprefix(before) if custom_id.startswith(before) else ""


def is_closed(unit: Any) -> bool:
    """Whether we closed it."""
    return note_of(unit) == CLOSED


def declines(unit: Any) -> int:
    """How many instruments were declined so far."""
    noted = DECLINED.fullmatch(note_of(unit))
    return int(noted[1]) if noted else 0


def page_of(order: Any) -> str:
    """Where the payer approves; it may be called one of two names. Raises ValueError, KeyError or TypeError."""
    found = {link["rel"]: link["href"] for link in order["links"]}
    return str(found.get("payer-action") or found["approve"])


def read_capture(capture: Any) -> GatewayCapture:
    """Money that was taken."""
    amount, currency = from_paypal(capture["amount"])
    return GatewayCapture(
        id=an_id(capture["id"]),
        amount_minor=amount,
        currency=currency,
        captured_at=instant(capture["create_time"]),
    )


def read_refund(refund: Any) -> GatewayRefund:
    """One refund. One made on PayPal's own pages carries no key of ours."""
    amount, currency = from_paypal(refund["amount"])
    state = REFUND_STATES[refund["status"]]
    noted = str(refund.get("custom_id") or "")
    why = refund.get("status_details", {}).get("reason", "no reason given")
    return GatewayRefund(
        id=an_id(refund["id"]),
        key=noted.removeprefix(REFUND_NOTE) if noted.startswith(REFUND_NOTE) else "",
        capture_id=capture_of(refund),
        amount_minor=amount,
        currency=currency,
        state=state,
        created_at=instant(refund["create_time"]),
        reason=f"PayPal could not give it back ({why})."[:LONGEST_REASON] if state == "failed" else "",
    )


def capture_of(refund: Any) -> str:
    """The capture a refund belongs to stands only in its link."""
    (up,) = [link["href"] for link in refund["links"] if link["rel"] == "up"]
    found = re.search(r"/v2/payments/captures/([A-Z0-9]{1,36})$", up)
    if found is None:
        raise ValueError(up)
    return found[1]


def read_dispute(dispute: Any, capture_id: str) -> GatewayDispute:
    """One dispute. A question between buyer and seller takes nothing; what is given back in it is a refund. PayPal need
    not say how one ended: then the money stands where it stood."""
    amount, currency = from_paypal(dispute["dispute_amount"])
    asks, ended = dispute["dispute_life_cycle_stage"] == "INQUIRY", dispute["status"] == "RESOLVED"
    state: DisputeState = "inquiry" if asks else "open"
    outcome = dispute.get("dispute_outcome", {})
    if ended and (asks or outcome.get("outcome_code") is not None):
        state = "won" if asks else OUTCOMES[outcome["outcome_code"]]
    kept = refunded_in(outcome, currency) if state == "lost" else None
    if kept == 0:
        state, kept = "won", None
    return GatewayDispute(
        id=text(dispute["dispute_id"]),
        capture_id=capture_id,
        amount_minor=amount,
        currency=currency,
        state=state,
        opened_at=instant(dispute["create_time"]),
        reason=str(dispute.get("reason", "")).replace("_", " ").lower(),
        kept_minor=None if kept is None else min(kept, amount),
    )


def refunded_in(outcome: Any, currency: str) -> int | None:
    """What the buyer got of a dispute, which may be less than he disputed. None where PayPal need not say it, or says it in
    another currency, which tells nothing of ours: then all of it."""
    refunded = outcome.get("amount_refunded")
    if refunded is None:
        return None
    amount, code = from_paypal(refunded, least=0)
    return amount if code == currency else None


def read_happening(event: Any) -> Happening | None:
    """One event about money, or None for any other."""
    kind, found = text(event["event_type"]), event["resource"]
    what = happening_kind(kind)
    if what is None:
        return None
    amount, currency = from_paypal(found["dispute_amount"] if what == "dispute" else found["amount"])
    capture_id = (
        an_id(found["id"])
        if what == "capture"
        else disputed(found)
        if what == "dispute"
        else capture_of(found)
    )
    return Happening(
        kind=what,
        id=text(found["dispute_id"] if what == "dispute" else found["id"]),
        ref=ref_of(event),
        capture_id=capture_id,
        amount_minor=amount,
        currency=currency,
        at=instant(event["create_time"]),
    )


def happening_kind(event_type: str) -> Any:
    """What happened to money, or None."""
    if event_type == "PAYMENT.CAPTURE.COMPLETED":
        return "capture"
    if event_type in ("PAYMENT.CAPTURE.REFUNDED", "PAYMENT.CAPTURE.REVERSED"):
        return "refund"
    if event_type.startswith("PAYMENT.REFUND."):
        return "refund"
    return "dispute" if event_type.startswith("CUSTOMER.DISPUTE.") else None


def ref_of(event: Any) -> str:
    """A name of the payment that fetch() knows; for what is no payment, the name of the thing itself."""
    kind, found = text(event["event_type"]), event["resource"]
    what = happening_kind(kind)
    if what == "dispute":
        return f"capture-{disputed(found)}"
    if what == "refund":
        return f"capture-{capture_of(found)}"
    if kind.startswith("PAYMENT.CAPTURE."):
        related = found.get("supplementary_data", {}).get("related_ids", {})
        return str(related.get("order_id") or f"capture-{an_id(found['id'])}")
    return text(found.get("id") or event["id"])


def disputed(dispute: Any) -> str:
    """The first capture a dispute is about."""
    return an_id(dispute["disputed_transactions"][0]["seller_transaction_id"])


def an_id(value: Any) -> str:
    """An id of PayPal's."""
    if not isinstance(value, str) or not ID.fullmatch(value):
        raise ValueError("not an id")
    return value
