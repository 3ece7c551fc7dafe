"""Stripe's webhooks: the signature over the raw body, its age both ways, and which payment the message is about."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import stripe

from prorata.payments.gateways.base import BadSignature, WebhookEvent
from prorata.payments.gateways.values import text

HEADER = "stripe-signature"
TOLERANCE = timedelta(minutes=5)
LONGEST_HEADER = 4000


def verified(
    secrets: Sequence[str], *, body: bytes, headers: Mapping[str, str], now: datetime
) -> WebhookEvent:
    """The message, if one of the secrets signed it not long ago. Raises BadSignature."""
    values = [value for name, value in headers.items() if name.lower() == HEADER]
    if len(values) != 1 or len(values[0]) > LONGEST_HEADER:
        raise BadSignature("the header Stripe-Signature is missing or malformed")
    if not any(signed_with(secret, body, values[0]) for secret in secrets):
        raise BadSignature("no signature fits")
    times = re.findall(r"(?:^|,)t=([0-9]{1,12})(?=,|$)", values[0])
    if len(times) != 1 or abs(now.timestamp() - int(times[0])) > TOLERANCE.total_seconds():
        raise BadSignature("the message is too old, or of the future")
    return read(body)


def signed_with(secret: str, body: bytes, header: str) -> bool:
    """Whether this secret made one of the header's marks; the SDK compares in constant time."""
    try:
        return bool(stripe.WebhookSignature.verify_header(body, header, secret))
    except (stripe.SignatureVerificationError, UnicodeDecodeError):
        return False


def read(body: bytes) -> WebhookEvent:
    """A genuine message: which payment to look at. A thin message or one of another kind makes no sense here."""
    try:
        event = json.loads(body)
        found = event["data"]["object"]
        if event["object"] != "event" or not isinstance(event["livemode"], bool):
            raise ValueError("no event")
        return WebhookEvent(
            id=text(event["id"]), kind=text(event["type"]), ref=ref_of(found), live=event["livemode"]
        )
    except (KeyError, TypeError, ValueError) as error:
        raise BadSignature("the message is signed but makes no sense") from error


def ref_of(found: Any) -> str:
    """A name of the payment that fetch() knows: the session, the payment intent, or the one it belongs to."""
    if found["object"] not in ("checkout.session", "payment_intent") and isinstance(
        found.get("payment_intent"), str
    ):
        return text(found["payment_intent"])
    return text(found["id"])
