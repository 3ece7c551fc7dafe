"""Exact figures as text."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from .money import decimal_of, units_of


def shortest(exact: Fraction, at_least: int) -> str:
    """A fraction that ends in decimals, exactly, with no more digits than it needs but `at_least` so many.
    Raises ValueError for one that never ends, such as 1/3."""
    if pow(10, exact.denominator.bit_length(), exact.denominator):
        raise ValueError(f"{exact} has no exact decimal form")
    digits, units = at_least, exact.numerator * 10**at_least
    while units % exact.denominator:
        digits, units = digits + 1, units * 10
    return format(decimal_of(units // exact.denominator, digits), "f")


def factor_text(factor: Fraction) -> str:
    """A discount factor: 4/5 -> 0.80, 7/8 -> 0.875."""
    return _factor_text(*factor.as_integer_ratio())


@lru_cache(maxsize=1024)
def _factor_text(above: int, below: int) -> str:
    # Known by its two whole numbers: a fraction takes long to find in a cache.
    return shortest(Fraction(above, below), 2)


def per_cent(part: Decimal | Fraction) -> str:
    """A part as a percentage without the sign: 0.20 -> 20, 0.125 -> 12.5."""
    return shortest(Fraction(part) * 100, 0)


def plain(amount: Decimal, at_least: int) -> str:
    """An amount without needless zeros: (432.48000000, 2) -> 432.48."""
    whole, _, part = format(amount if amount else abs(amount), "f").partition(".")
    part = part.rstrip("0").ljust(at_least, "0")
    return f"{whole}.{part}" if part else whole


def four_decimals(months: Fraction) -> str:
    """A number of months as it is shown, halves to even: 53/15 -> 3.5333."""
    return format(decimal_of(units_of(months, 4), 4), "f")


def money_text(minor: int, digits: int) -> str:
    """Minor units as plain major units: (-1234, 2) -> -12.34."""
    return format(decimal_of(minor, digits), "f")
