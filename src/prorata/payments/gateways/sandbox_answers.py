"""What the sandbox gateway answers, read strictly: what makes no sense tells us nothing (GatewayUnreachable)."""

from __future__ import annotations

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
from prorata.payments.gateways.values import instant, text


def read_payment(answer: Any) -> GatewayPayment:
    """A payment out of the gateway's JSON. What makes no sense tells us nothing: GatewayUnreachable."""
    try:
        if answer["state"] not in get_args(PaymentState) or not isinstance(answer["live"], bool):
            raise ValueError(answer["state"])
        return GatewayPayment(
            ref=text(answer["ref"]),
            attempt_id=text(answer["attempt_id"]),
            payee=text(answer["payee"]),
            live=answer["live"],
            state=answer["state"],
            amount_minor=read_amount(answer["amount_minor"]),
            currency=text(answer["currency"]),
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
        id=text(capture["id"]),
        amount_minor=read_amount(capture["amount_minor"]),
        currency=text(capture["currency"]),
        captured_at=instant(capture["captured_at"]),
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
    key = text(refund["key"])
    return GatewayRefund(
        id=text(refund["id"]),
        key="" if key.startswith("by-hand-") else key,
        capture_id=text(refund["capture_id"]),
        amount_minor=read_amount(refund["amount_minor"]),
        currency=text(refund["currency"]),
        state=refund["state"],
        created_at=instant(refund["created_at"]),
        reason=str(refund["reason"]),
    )


def read_dispute(dispute: Any) -> GatewayDispute:
    """One dispute."""
    if dispute["state"] not in get_args(DisputeState):
        raise ValueError(dispute["state"])
    return GatewayDispute(
        id=text(dispute["id"]),
        capture_id=text(dispute["capture_id"]),
        amount_minor=read_amount(dispute["amount_minor"]),
        currency=text(dispute["currency"]),
        state=dispute["state"],
        opened_at=instant(dispute["opened_at"]),
        reason=str(dispute["reason"]),
        kept_minor=None if dispute["kept_minor"] is None else read_amount(dispute["kept_minor"]),
    )


def read_method(method: Any) -> GatewayMethod | None:
    """A saved card, or None."""
    if method is None:
        return None
    return GatewayMethod(
        ref=text(method["id"]),
        label=f"{text(method['brand']).title()} ···· {text(method['last4'])}",
        expires=(read_amount(method["year"]), read_amount(method["month"])),
    )


def read_happening(line: Any) -> Happening:
    """One line of what happened."""
    if line["kind"] not in get_args(HappeningKind):
        raise ValueError(line["kind"])
    return Happening(
        kind=line["kind"],
        id=text(line["id"]),
        ref=text(line["ref"]),
        capture_id=text(line["capture_id"]),
        amount_minor=read_amount(line["amount_minor"]),
        currency=text(line["currency"]),
        at=instant(line["at"]),
    )


def read_amount(value: Any) -> int:
    """Minor units: a whole number above zero. 1.0, "1" and true are not."""
    if type(value) is not int or value <= 0:
        raise ValueError("not an amount in minor units")
    return value
