"""How the portal must write names, dates and figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from zoneinfo import ZoneInfo

from browser.oracle import DIGITS, Value, decimal, eight
from support.browser import MINUS

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True)
class Words:
    """How a product's resources are called. `names` by code; `units` only where there is one."""

    names: Mapping[str, str]
    units: Mapping[str, str]
    zone: ZoneInfo
    tax_label: str = ""
    options: Mapping[str, str] = field(default_factory=dict)

    def value(self, code: str, value: Value) -> str:
        unit = self.units.get(code, "")
        named = self.options.get(str(value), str(value))
        return f"{named} {unit}" if unit else named


def day_text(day: date, *, year: bool = True) -> str:
    return f"{day.day} {MONTHS[day.month - 1]}" + (f" {day.year}" if year else "")


def per_cent(share: Fraction) -> str:
    text = f"{decimal(share * 100):f}".rstrip("0").rstrip(".")
    return f"{text} %"


def exact_figure(amount: Fraction, least: int = 2) -> str:
    """A figure of a calculation: grouped, at least so many decimals, a true minus."""
    value = decimal(amount)
    text = f"{abs(value):f}".rstrip("0").rstrip(".")
    decimals = max(least, len(text.partition(".")[2]))
    return (MINUS if value < 0 else "") + f"{abs(value):,.{decimals}f}"


def price_figure(amount: Fraction, currency: str) -> str:
    """A price inside a calculation: without decimals where it has none."""
    whole = eight(amount).denominator == 1
    return exact_figure(amount, 0 if whole else DIGITS[currency])


def leg(start: date, end: date) -> str:
    year = start.year != end.year
    return f"{day_text(start, year=year)} to {day_text(end, year=year)}"


def listed(names: list[str]) -> str:
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"
