"""A refusal in words, and the strict reading of what callers send."""

from __future__ import annotations

from typing import Any

LARGEST_WHOLE = 10**15


class Problem(Exception):
    """Answered as {"error": {"code": ..., "reason": ...}} with this HTTP status; nothing has happened."""

    def __init__(self, status: int, code: str, reason: str, facts: dict[str, Any] | None = None) -> None:
        """`facts` are for a face whose refusals say more than one line."""
        super().__init__(reason)
        self.status = status
        self.code = code
        self.reason = reason
        self.facts = facts or {}


def bad(reason: str) -> Problem:
    """The caller sent something unusable."""
    return Problem(400, "bad_request", reason)


def text(data: dict[str, Any], name: str, *, most: int = 500, default: str | None = None) -> str:
    """A string of at most `most` characters; required unless a default is given."""
    value = data.get(name, default)
    if not isinstance(value, str) or len(value) > most or (default is None and not value.strip()):
        raise bad(f'"{name}" must be a text of 1 to {most} characters')
    return value


def whole(data: dict[str, Any], name: str, *, least: int = 0, default: int | None = None) -> int:
    """A whole number; true, 1.0 and "1" are not whole numbers here."""
    value = data.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= LARGEST_WHOLE:
        raise bad(f'"{name}" must be a whole number of at least {least}')
    return value


def seconds(data: dict[str, Any], name: str, *, default: float = 0) -> float:
    """A duration of 0 to 86400 seconds."""
    value = data.get(name, default)
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= 86400:
        raise bad(f'"{name}" must be a number of seconds from 0 to 86400')
    return float(value)


def flag(data: dict[str, Any], name: str) -> bool:
    """true or false."""
    if not isinstance(data.get(name), bool):
        raise bad(f'"{name}" must be true or false')
    return bool(data[name])


def only(data: dict[str, Any], allowed: set[str]) -> None:
    """Refuse misspelt names instead of ignoring them: a test that sets nothing proves nothing."""
    unknown = sorted(set(data) - allowed)
    if unknown:
        raise bad(f"unknown {', '.join(unknown)}; known are {', '.join(sorted(allowed))}")


def change_settings(current: dict[str, Any], data: dict[str, Any], checks: dict[str, Any]) -> dict[str, Any]:
    """The checked new values out of `data`. `checks` maps each setting to a function (data, name) -> value."""
    only(data, set(current))
    return {name: checks[name](data, name) for name in data}
