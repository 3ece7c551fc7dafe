"""What a body may hold: a wrong or an unknown field is refused and never ignored."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from prorata.sandbox.addresses import is_web_address
from prorata.sandbox.paypal.errors import invalid

# (value, JSON pointer of the field) -> the value
Rule = Callable[[Any, str], Any]


def text(most: int, *, least: int = 1, pattern: str = "") -> Rule:
    """A text of so many characters."""

    def rule(value: Any, field: str) -> str:
        if not isinstance(value, str):
            raise invalid(field, "INVALID_PARAMETER_SYNTAX")
        if not least <= len(value) <= most:
            raise invalid(field, "INVALID_STRING_LENGTH")
        if pattern and not re.fullmatch(pattern, value):
            raise invalid(field, "INVALID_PARAMETER_SYNTAX")
        return value

    return rule


def one_of(*values: str) -> Rule:
    """One of the values this processor knows."""

    def rule(value: Any, field: str) -> str:
        if value not in values:
            raise invalid(field, "INVALID_PARAMETER_VALUE")
        return str(value)

    return rule


def address(value: Any, field: str) -> str:
    """An absolute http(s) address."""
    if not is_web_address(value):
        raise invalid(field, "INVALID_PARAMETER_SYNTAX")
    return str(value)


def each(rule: Rule, *, least: int = 1, most: int = 10) -> Rule:
    """A list."""

    def check(value: Any, field: str) -> list[Any]:
        if not isinstance(value, list):
            raise invalid(field, "INVALID_PARAMETER_SYNTAX")
        if len(value) < least:
            raise invalid(field, "INVALID_ARRAY_MIN_ITEMS")
        if len(value) > most:
            raise invalid(field, "INVALID_ARRAY_MAX_ITEMS")
        return [rule(inner, f"{field}/{at}") for at, inner in enumerate(value)]

    return check


def parts(required: dict[str, Rule], optional: dict[str, Rule] | None = None) -> Rule:
    """An object of known fields."""

    def check(value: Any, field: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise invalid(field or "/", "INVALID_PARAMETER_SYNTAX")
        known, done = {**required, **(optional or {})}, {}
        for name, inner in value.items():
            if name not in known:
                raise invalid(f"{field}/{name}", "INVALID_PARAMETER_SYNTAX")
            done[name] = known[name](inner, f"{field}/{name}")
        for name in required:
            if name not in done:
                raise invalid(f"{field}/{name}", "MISSING_REQUIRED_PARAMETER")
        return done

    return check


MONEY = parts({"currency_code": text(3, least=3), "value": text(32, pattern=r"-?[0-9]*\.?[0-9]+")})
