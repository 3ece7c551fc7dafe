"""Stripe's objects as the payments room knows them.

A payment is a Checkout Session (made by a person on Stripe's page) or a PaymentIntent without one (a saved card that
was charged while nobody was there). A capture is a Charge.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from prorata.payments.gateways.base import (
    DisputeState,
    GatewayCapture,
    GatewayDispute,
    GatewayMethod,
    GatewayPayment,
    GatewayRefund,
    Happening,
    HappeningKind,
    PaymentState,
    RefundState,
)
from prorata.payments.gateways.stripe_money import from_stripe, takes
from prorata.payments.gateways.values import text

# The merchant's notes on each object: our attempt, our refund, and which installation made it.
ATTEMPT, REFUND, SITE = "prorata_attempt", "prorata_refund", "prorata_site"
LONGEST_REASON = 200
REFUND_STATES: dict[str, RefundState] = {
    "pending": "pending", "requires_action": "pending", "succeeded": "succeeded", "failed": "failed", "canceled": "failed",
}  # fmt: skip
DISPUTE_STATES: dict[str, DisputeState] = {
    "warning_needs_response": "inquiry", "warning_under_review": "inquiry", "warning_closed": "won",
    "needs_response": "open", "under_review": "open", "won": "won", "lost": "lost", "prevented": "won",
}  # fmt: skip
KINDS: dict[str, HappeningKind] = {
    "charge.succeeded": "capture",
    "refund.created": "refund",
    "refund.updated": "refund",
    "refund.failed": "refund",
    "charge.dispute.created": "dispute",
    "charge.dispute.updated": "dispute",
    "charge.dispute.closed": "dispute",
}


def note(found: Any, name: str) -> str:
    """One of our notes on an object, or ""."""
    value = getattr(found.metadata, name, None)
    return value if isinstance(value, str) else ""


def at(seconds: Any) -> datetime:
    """Unix seconds."""
    if type(seconds) is not int:
        raise ValueError("not an instant")
    return datetime.fromtimestamp(seconds, UTC)


def currency_of(found: Any) -> str:
    """The currency in capitals, as everywhere else."""
    return str(found.currency).upper()


def read_session(
    session: Any, *, charges: list[Any], refunds: list[Any], disputes: list[Any]
) -> GatewayPayment:
    """A payment made on Stripe's page; its PaymentIntent must be expanded where there is one."""
    intent = session.payment_intent
    reason = error_of(intent) if intent is not None else ""
    currency = currency_of(session)
    return GatewayPayment(
        ref=session.id,
        attempt_id=note(session, ATTEMPT),
        payee=note(session, SITE),
        live=truth(session.livemode),
        state=session_state(session, intent, charges),
        amount_minor=from_stripe(session.amount_total, currency),
        currency=currency,
        captures=read_captures(charges),
        reason=reason if not charges else "",
        refunds=read_refunds(refunds),
        disputes=tuple(read_dispute(dispute) for dispute in reversed(disputes)),
        saved=read_saved(intent) if charges else None,
    )


def session_state(session: Any, intent: Any, charges: list[Any]) -> PaymentState:
    """Money that is there decides before every status."""
    if charges or session.payment_status == "paid":
        return "succeeded"
    if session.status == "expired":
        return "cancelled"
    if session.status == "open":
        return "open"
    if session.status != "complete" or intent is None:
        raise ValueError(session.status)
    return "failed" if intent.status in ("requires_payment_method", "canceled") else "processing"


def read_intent(
    intent: Any, *, charges: list[Any], refunds: list[Any], disputes: list[Any]
) -> GatewayPayment:
    """A saved card that was charged while nobody was there: paid, on its way, or over. Nobody can try again."""
    state: PaymentState = (
        "succeeded" if charges else "processing" if intent.status == "processing" else "failed"
    )
    error = intent.last_payment_error
    currency = currency_of(intent)
    return GatewayPayment(
        ref=intent.id,
        attempt_id=note(intent, ATTEMPT),
        payee=note(intent, SITE),
        live=truth(intent.livemode),
        state=state,
        amount_minor=from_stripe(intent.amount, currency),
        currency=currency,
        captures=read_captures(charges),
        reason=error_of(intent) if state == "failed" else "",
        refunds=read_refunds(refunds),
        disputes=tuple(read_dispute(dispute) for dispute in reversed(disputes)),
        wants_customer=state == "failed" and error is not None and error.code == "authentication_required",
    )


def error_of(intent: Any) -> str:
    """Why the last card was declined, in words for the customer; "" if it was not."""
    error = intent.last_payment_error
    if error is None:
        return "" if intent.status != "canceled" else "The payment was given up."
    return str(error.message or "The card was declined.")[:LONGEST_REASON]


def read_captures(charges: list[Any]) -> tuple[GatewayCapture, ...]:
    """The money that was taken; Stripe lists the newest first."""
    return tuple(
        GatewayCapture(
            id=charge.id,
            amount_minor=from_stripe(charge.amount_captured, currency_of(charge)),
            currency=currency_of(charge),
            captured_at=at(charge.created),
        )
        for charge in reversed(charges)
    )


def read_refunds(refunds: list[Any]) -> tuple[GatewayRefund, ...]:
    """The refunds, oldest first."""
    return tuple(read_refund(refund) for refund in reversed(refunds))


def read_refund(refund: Any) -> GatewayRefund:
    """One refund. One made in the Dashboard carries no key of ours."""
    state = REFUND_STATES[refund.status]
    why = getattr(refund, "failure_reason", None) or "unknown"
    return GatewayRefund(
        id=refund.id,
        key=note(refund, REFUND),
        capture_id=text(refund.charge),
        amount_minor=from_stripe(refund.amount, currency_of(refund)),
        currency=currency_of(refund),
        state=state,
        created_at=at(refund.created),
        reason=f"The bank sent the refund back ({why})." if state == "failed" else "",
    )


def read_dispute(dispute: Any) -> GatewayDispute:
    """One dispute; a warning is a question of the bank's that took nothing."""
    return GatewayDispute(
        id=dispute.id,
        capture_id=text(dispute.charge),
        amount_minor=from_stripe(dispute.amount, currency_of(dispute)),
        currency=currency_of(dispute),
        state=DISPUTE_STATES[dispute.status],
        opened_at=at(dispute.created),
        reason=str(dispute.reason),
    )


def read_saved(intent: Any) -> GatewayMethod | None:
    """The card kept at this payment: only where it was asked for, and while it belongs to a Customer."""
    method = intent.payment_method
    if intent.setup_future_usage != "off_session" or method is None or not method.customer:
        return None
    card = getattr(method, "card", None)
    label = f"{str(card.brand).title()} ···· {card.last4}" if card else str(method.type).title()
    return GatewayMethod(
        ref=f"{text(method.customer)}.{text(method.id)}",
        label=label,
        expires=(card.exp_year, card.exp_month) if card else None,
    )


def read_happening(event: Any) -> Happening | None:
    """One event about money, or None in a currency that no payment of ours is in: others may share the account. What
    belongs to no PaymentIntent, or to no Charge, is none of ours either, and is named by itself."""
    found, kind = event.data.object, KINDS[event.type]
    if not takes(currency_of(found)):
        return None
    return Happening(
        kind=kind,
        id=found.id,
        ref=found.payment_intent or found.id,
        capture_id=found.id if kind == "capture" else text(found.charge or found.id),
        amount_minor=from_stripe(found.amount, currency_of(found)),
        currency=currency_of(found),
        at=at(event.created),
    )


def truth(value: Any) -> bool:
    """true or false and nothing else."""
    if not isinstance(value, bool):
        raise ValueError("neither true nor false")
    return value
