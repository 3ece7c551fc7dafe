"""What the sandbox gateway answers, read strictly: what makes no sense tells us nothing (GatewayUnreachable)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, get_args

from prorata.payments.gateways.base import (
    DisputeState,
    GatewayCapture,
    GatewayDispute,
    GatewayMethod,
    GatewayPayment,
    GatewayRefund,
    GatewayUnreachable,
    Happening,
    HappeningKind,
    PaymentState,
    RefundState,
)


def read_payment(answer: Any) -> GatewayPayment:
    """A payment out of the gateway's JSON. What makes no sense tells us nothing: GatewayUnreachable."""
    try:
        if answer["state"] not in get_args(PaymentState) or not isinstance(answer["live"], bool):
            raise ValueError(answer["state"])
        return GatewayPayment(
            ref=read_text(answer["ref"]),
            attempt_id=read_text(answer["attempt_id"]),
            payee=read_text(answer["payee"]),
            live=answer["live"],
            state=answer["state"],
            amount_minor=read_amount(answer["amount_minor"]),
            currency=read_text(answer["currency"]),
            captures=tuple(read_capture(capture) for capture in answer["captures"]),
            reason=str(answer.get("reason", "")),
            refunds=tuple(read_refund(refund) for refund in answer["refunds"]),
            disputes=tuple(read_dispute(dispute) for dispute in answer["disputes"]),
            saved=read_method(answer["saved"]),
            wants_customer=answer["wants_customer"] is True,
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise GatewayUnreachable("the gateway's answer cannot be understood") from error


def read_capture(capture: Any) -> GatewayCapture:
    """One capture; raises ValueError, KeyError or TypeError, as all below."""
    return GatewayCapture(
        id=read_text(capture["id"]),
        amount_minor=read_amount(capture["amount_minor"]),
        currency=read_text(capture["currency"]),
        captured_at=read_instant(capture["captured_at"]),
    )


def read_made_refund(answer: Any) -> GatewayRefund:
    """The answer to a refund."""
    try:
        return read_refund(answer)
    except (KeyError, TypeError, ValueError) as error:
        raise GatewayUnreachable("the gateway's answer cannot be understood") from error


def read_happenings(answer: Any) -> tuple[list[Happening], str]:
    """One page of what happened, and where to go on ("" at the end)."""
    try:
        return [read_happening(line) for line in answer["happenings"]], str(answer["after"] or "")
    except (KeyError, TypeError, ValueError) as error:
        raise GatewayUnreachable("the gateway's answer cannot be understood") from error


def read_refund(refund: Any) -> GatewayRefund:
    """One refund. What was made by hand has a key of the processor's, which is none of ours."""
    if refund["state"] not in get_args(RefundState):
        raise ValueError(refund["state"])
    key = read_text(refund["key"])
    return GatewayRefund(
        id=read_text(refund["id"]),
        key="" if key.startswith("by-hand-") else key,
        capture_id=read_text(refund["capture_id"]),
        amount_minor=read_amount(refund["amount_minor"]),
        currency=read_text(refund["currency"]),
        state=refund["state"],
        created_at=read_instant(refund["created_at"]),
        reason=str(refund["reason"]),
    )


def read_dispute(dispute: Any) -> GatewayDispute:
    """One dispute."""
    if dispute["state"] not in get_args(DisputeState):
        raise ValueError(dispute["state"])
    return GatewayDispute(
        id=read_text(dispute["id"]),
        capture_id=read_text(dispute["capture_id"]),
        amount_minor=read_amount(dispute["amount_minor"]),
        currency=read_text(dispute["currency"]),
        state=dispute["state"],
        opened_at=read_instant(dispute["opened_at"]),
        reason=str(dispute["reason"]),
    )


def read_method(method: Any) -> GatewayMethod | None:
    """A saved card, or None."""
    if method is None:
        return None
    return GatewayMethod(
        ref=read_text(method["id"]),
        label=f"{read_text(method['brand']).title()} ···· {read_text(method['last4'])}",
        expires=(read_amount(method["year"]), read_amount(method["month"])),
    )


def read_happening(line: Any) -> Happening:
    """One line of what happened."""
    if line["kind"] not in get_args(HappeningKind):
        raise ValueError(line["kind"])
    return Happening(
        kind=line["kind"],
        id=read_text(line["id"]),
        ref=read_text(line["ref"]),
        capture_id=read_text(line["capture_id"]),
        amount_minor=read_amount(line["amount_minor"]),
        currency=read_text(line["currency"]),
        at=read_instant(line["at"]),
    )


def read_instant(value: Any) -> datetime:
    """ISO 8601 with its offset."""
    at = datetime.fromisoformat(value)
    if at.tzinfo is None:
        raise ValueError("an instant without an offset")
    return at


def read_amount(value: Any) -> int:
    """Minor units: a whole number above zero. 1.0, "1" and true are not."""
    if type(value) is not int or value <= 0:
        raise ValueError("not an amount in minor units")
    return value


def read_text(value: Any) -> str:
    """A text that says something."""
    if not isinstance(value, str) or not value:
        raise ValueError("not a text")
    return value
