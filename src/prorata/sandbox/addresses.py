"""Addresses that a processor sends browsers and webhooks to."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit


def is_web_address(value: Any) -> bool:
    """Whether it is an absolute http(s) address, without a name and password in it."""
    try:
        parts = urlsplit(value if isinstance(value, str) else "")
        _ = parts.port
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(re.fullmatch(r"[A-Za-z0-9.\-\[\]:]+", parts.netloc))
