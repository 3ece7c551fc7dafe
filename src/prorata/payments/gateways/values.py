"""Single values of a processor's answers, checked: what is missing or of another kind is no answer."""

from __future__ import annotations

from datetime import datetime
from typing import Any


def text(value: Any) -> str:
    """A text that says something, not an object."""
    if not isinstance(value, str) or not value:
        raise ValueError("not a text")
    return value


def instant(value: Any) -> datetime:
    """ISO 8601 with its offset."""
    at = datetime.fromisoformat(value)
    if at.tzinfo is None:
        raise ValueError("an instant without an offset")
    return at
