"""Exact money: whole minor units (cents, yen, fils) for what is charged, fractions for everything before
that.

`Decimal` only stores and prints here. Sums and products go through `Fraction` or `int`, because `Decimal`
arithmetic silently rounds to the precision of its context.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from .currencies import MINOR_DIGITS
from .errors import BadInput

PRECISE_DIGITS = 8


class CurrencyError(BadInput):
    """A currency code that ISO 4217 does not list, or that has no minor unit."""


def minor_digits(currency: str) -> int:
    """Digits of the currency's minor unit by ISO 4217 (JPY 0, USD 2, KWD 3). Raises CurrencyError."""
    digits = MINOR_DIGITS.get(currency)
    if digits is None:
        raise CurrencyError(f"unknown currency {currency!r}: use an ISO 4217 code such as USD, JPY or KWD")
    return digits


def exact_of(amount: Decimal) -> Fraction:
    """`amount` as an exact fraction (quicker than `Fraction(amount)`, which tries every kind of number)."""
    return Fraction(*amount.as_integer_ratio())


def half_up(exact: Fraction) -> int:
    """The nearest whole number, halves away from zero: 0.5 -> 1, -0.5 -> -1."""
    return half_up_of(*exact.as_integer_ratio())


def half_up_of(above: int, below: int) -> int:
    """`above` / `below` (positive) as the nearest whole number, halves away from zero."""
    size = (2 * abs(above) + below) // (2 * below)
    return size if above >= 0 else -size


def units_of(exact: Fraction, digits: int) -> int:
    """The nearest whole number of 10^-digits, halves to even: (1/16, 3) -> 62."""
    above, below = exact.as_integer_ratio()
    units: int
    units, rest = divmod(above * 10**digits, below)
    more = 2 * rest - below
    return units + 1 if more > 0 or (more == 0 and units % 2) else units


def decimal_of(units: int, digits: int) -> Decimal:
    """`units` of 10^-digits as an exact Decimal that keeps its trailing zeros: (1250, 2) -> 12.50."""
    # Built from text: scaleb and quantize would round to the context's 28 digits.
    return Decimal(f"{units}E-{digits}")


def eight_decimals(exact: Fraction) -> Decimal:
    """`exact` kept to 8 decimals, halves to even: the precise form of an amount in major units."""
    return decimal_of(units_of(exact, PRECISE_DIGITS), PRECISE_DIGITS)


def major(amount: int, currency: str) -> Decimal:
    """Minor units as a Decimal in major units with 8 decimals: (627, "JPY") -> 627.00000000."""
    return eight_decimals(Fraction(amount, 10 ** minor_digits(currency)))


def split(total: int, weights: Sequence[Fraction | int], unit: int = 1) -> list[int]:
    """Whole parts of `total`, one per weight, that add up to `total`. Weights are exact minor units, or whole
    parts of which `unit` make a minor unit, and may be negative.

    Every weight is floored toward minus infinity. What is missing goes one unit at a time to the largest
    remainders (ties:
    the earlier one); what is too much is taken one unit at a time from the smallest (ties: the later one).
    """
    if not weights:
        if total:
            raise ValueError(f"{total} cannot be split over no parts")
        return []
    if len(weights) == 1:
        return [total]
    floors = [divmod(weight, unit) for weight in weights]
    parts = [part for part, _ in floors]
    rest = total - sum(parts)
    largest_first = sorted(range(len(parts)), key=lambda i: (-floors[i][1], i))
    # divmod floors, so a negative rest reads "all lose one, then the largest remainders get theirs back": the
    # same thing as taking from the smallest remainders, later lines first.
    each, extra = divmod(rest, len(parts))
    for rank, index in enumerate(largest_first):
        parts[index] += each + (1 if rank < extra else 0)
    return parts


def spread(total: int, weights: Sequence[Fraction]) -> list[int]:
    """Whole parts of `total >= 0` in proportion to weights >= 0 with a positive sum. A weight of 0 gets
    nothing, and no part is more than its own weight rounded up as long as `total` is no more than the sum of
    the weights."""
    whole = sum(weights)
    return split(total, [Fraction(total) * weight / whole for weight in weights])
