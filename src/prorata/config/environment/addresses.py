"""Addresses in environment variables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import SplitResult, urlsplit


def split(address: str) -> SplitResult | None:
    """The parts of an address, or None where Python cannot read it (a port that is no number, say)."""
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        return None
    return parts


def is_loopback(host: str) -> bool:
    return host in ("localhost", "::1") or bool(re.fullmatch(r"127(\.\d{1,3}){3}", host))


def read_url(name: str, environ: Mapping[str, str], mistakes: list[str]) -> str:
    """The address of a service, without the last slash; "" where none is set."""
    value = environ.get(name, "").rstrip("/")
    parts = split(value)
    if value and (parts is None or parts.scheme not in ("http", "https") or not parts.hostname):
        mistakes.append(f"{name} is {value!r}. Write it like http://127.0.0.1:8001")
    return value
