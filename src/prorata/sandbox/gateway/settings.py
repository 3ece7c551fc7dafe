"""What the control API can set; each value stays until it is set again, beyond a restart."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from prorata.sandbox.gateway.currency import known
from prorata.sandbox.problem import bad, flag, seconds, text, whole

# Nothing but a host and a port: this text also enters the page's Content-Security-Policy.
HOST = re.compile(r"[A-Za-z0-9.\-]+(:[0-9]{1,5})?|\[[0-9a-fA-F:]+\](:[0-9]{1,5})?")
MODES = ("before", "after", "twice", "never", "out_of_order")
REFUND_MODES = ("at_once", "pending", "fail")

DEFAULTS: dict[str, Any] = {
    "webhook_url": "",
    "webhook_mode": "before",
    "webhook_seconds": 3,
    "webhook_copies": 1,
    "different_events": False,
    "event_id": None,
    "retry_seconds": 1,
    "processing_seconds": 10,
    "latency_seconds": 0,
    "down": False,
    "capture_amount_minor": None,
    "capture_currency": None,
    "report_payee": None,
    "report_live": None,
    "refund_mode": "at_once",
    "webhook_seed": None,
}


def url(data: dict[str, Any], name: str) -> str:
    """An absolute http(s) address, or "" where none is wanted."""
    value = text(data, name, most=2000, default="")
    try:
        parts = urlsplit(value)
    except ValueError as error:
        raise bad(f'"{name}" is no address') from error
    sound = parts.scheme in ("http", "https") and HOST.fullmatch(parts.netloc) and value.isprintable()
    if value and not sound:
        raise bad(f'"{name}" must be an address that begins with http:// or https://')
    return value


def mode(data: dict[str, Any], name: str) -> str:
    """One of the ways a webhook can be sent."""
    if data.get(name) not in MODES:
        raise bad(f'"{name}" must be one of {", ".join(MODES)}')
    return str(data[name])


def refund_mode(data: dict[str, Any], name: str) -> str:
    """How refunds end: at once, later, or not at all."""
    if data.get(name) not in REFUND_MODES:
        raise bad(f'"{name}" must be one of {", ".join(REFUND_MODES)}')
    return str(data[name])


def copies(data: dict[str, Any], name: str) -> int:
    """How often the same event is delivered."""
    value = whole(data, name, least=1)
    if value > 1000:
        raise bad(f'"{name}" must be at most 1000')
    return value


def currency(data: dict[str, Any], name: str) -> str:
    """A known currency code."""
    return known(text(data, name))


def or_none(check: Any) -> Any:
    """null takes the setting back."""
    return lambda data, name: None if data.get(name) is None else check(data, name)


CHECKS: dict[str, Any] = {
    "webhook_url": url,
    "webhook_mode": mode,
    "webhook_seconds": seconds,
    "webhook_copies": copies,
    "different_events": flag,
    "event_id": or_none(text),
    "retry_seconds": seconds,
    "processing_seconds": seconds,
    "latency_seconds": seconds,
    "down": flag,
    "capture_amount_minor": or_none(lambda data, name: whole(data, name, least=1)),
    "capture_currency": or_none(currency),
    "report_payee": or_none(text),
    "report_live": or_none(flag),
    "refund_mode": refund_mode,
    "webhook_seed": or_none(whole),
}
