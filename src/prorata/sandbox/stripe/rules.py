"""What parameters may be: a wrong or an unknown one is refused and never ignored."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from prorata.sandbox.addresses import is_web_address
from prorata.sandbox.stripe.errors import invalid

# (value, name of the parameter) -> the value as the processor keeps it
Rule = Callable[[Any, str], Any]
MOST_METADATA = 50


def text(most: int = 5000) -> Rule:
    """A text that says something."""

    def rule(value: Any, name: str) -> str:
        if not isinstance(value, str) or not 1 <= len(value) <= most:
            raise invalid(f"Invalid string for {name}; must be 1 to {most} characters", param=name)
        return value

    return rule


def whole(least: int = 0, most: int = 99_999_999) -> Rule:
    """A whole number, as a form writes it."""

    def rule(value: Any, name: str) -> int:
        if not isinstance(value, str) or not re.fullmatch(r"-?[0-9]{1,12}", value):
            raise invalid(f"Invalid integer: {value}", param=name, code="parameter_invalid_integer")
        number = int(value)
        if number < least:
            raise invalid(
                f"This value must be greater than or equal to {least}.",
                param=name,
                code="parameter_invalid_integer",
            )
        if number > most:
            raise invalid(f"Amount must be no more than {most}", param=name, code="amount_too_large")
        return number

    return rule


def truth(value: Any, name: str) -> bool:
    """true or false."""
    if value not in ("true", "false"):
        raise invalid(f"Invalid boolean: {value}", param=name)
    return bool(value == "true")


def one_of(*values: str) -> Rule:
    """One of the values this processor knows."""

    def rule(value: Any, name: str) -> str:
        if value not in values:
            raise invalid(f"Invalid {name}: must be one of {', '.join(values)}", param=name)
        return str(value)

    return rule


def address(value: Any, name: str) -> str:
    """An absolute http(s) address."""
    if not is_web_address(value):
        raise invalid("Not a valid URL", param=name, code="url_invalid")
    return str(value)


def metadata(value: Any, name: str) -> dict[str, str]:
    """The merchant's own notes: at most 50 names of 40 characters with values of 500."""
    if not isinstance(value, dict) or len(value) > MOST_METADATA:
        raise invalid(f"{name} must be an object of at most {MOST_METADATA} names", param=name)
    for key, note in value.items():
        if not isinstance(note, str) or len(key) > 40 or len(note) > 500:
            raise invalid(
                "Metadata names have at most 40 characters, values at most 500", param=f"{name}[{key}]"
            )
    return value


def each(rule: Rule, most: int = 100) -> Rule:
    """A list."""

    def check(value: Any, name: str) -> list[Any]:
        if not isinstance(value, list) or len(value) > most:
            raise invalid("Invalid array", param=name)
        return [rule(inner, f"{name}[{at}]") for at, inner in enumerate(value)]

    return check


def parts(required: dict[str, Rule], optional: dict[str, Rule] | None = None) -> Rule:
    """An object of known parameters."""

    def check(value: Any, name: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise invalid("Invalid object", param=name)
        return checked(value, required, optional or {}, within=name)

    return check


def checked(
    data: dict[str, Any], required: dict[str, Rule], optional: dict[str, Rule], *, within: str = ""
) -> dict[str, Any]:
    """The parameters as they are kept. Raises a refusal for a missing, a wrong or an unknown one."""
    known, done = {**required, **optional}, {}
    for name, value in data.items():
        full = f"{within}[{name}]" if within else name
        if name not in known:
            raise invalid(f"Received unknown parameter: {full}", param=full, code="parameter_unknown")
        done[name] = known[name](value, full)
    for name in required:
        if name not in done:
            full = f"{within}[{name}]" if within else name
            raise invalid(f"Missing required param: {full}.", param=full, code="parameter_missing")
    return done


EXPAND = {"expand": each(text(200), 20)}
PAGES = {"limit": whole(1, 100), "starting_after": text(), "ending_before": text()}
CREATED = {
    "created": parts(
        {}, {"gte": whole(0, 10**11), "gt": whole(0, 10**11), "lte": whole(0, 10**11), "lt": whole(0, 10**11)}
    )
}
