"""What reduced lines bring along from the paid layers they take back: value, tax and gifted part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from .change import Price, PricedLine
from .layers import PaidShare
from .money import minor_digits


@dataclass(frozen=True)
class Brought:
    """What one reduced line takes out of its layers, in exact minor units. `amount` is in the book's own
    basis."""

    amount: Fraction = Fraction(0)
    tax: Fraction = Fraction(0)
    gifted: Fraction = Fraction(0)


def brought(price: Price) -> tuple[Brought | None, ...]:
    """What every line brings, in the order of the lines: nothing for one that is not reduced, None where the
    price was made without layers and nobody knows what was paid."""
    unit = 10 ** minor_digits(price.currency)
    return tuple(_by_line(line, price, unit) for line in price.lines)


def returned_part(price: Price, parts: Sequence[Brought | None]) -> Fraction:
    """How much of what was brought leaves as credit (0 to 1); the rest pays for what grows."""
    reduced = sum((part.amount for part in parts if part), Fraction(0))
    if price.total >= 0 or not reduced:
        return Fraction(0)
    # A negative carry may return a little more than the reduced lines; their tax and gifts only exist once.
    return min(-price.total / reduced, Fraction(1))


def _by_line(line: PricedLine, price: Price, unit: int) -> Brought | None:
    if line.exact >= 0:
        return Brought()
    if line.component.layers is None or price.credit == "symmetric":
        return None
    layers, day = line.component.layers, price.time_left.day
    # The value before it was kept to 8 decimals: that rounding must neither add nor lose a unit of tax.
    amount = -line.formula if line.cap is None else min(-line.formula, line.cap)
    # Where the formula gives back less than the layers hold, their tax and gifts return in that same part.
    used = amount / _of(layers, day, "amount")
    return Brought(
        amount * unit, _of(layers, day, "tax") * used * unit, _of(layers, day, "gifted") * used * unit
    )


def _of(layers: Sequence[PaidShare], day: date, what: str) -> Fraction:
    return sum((Fraction(getattr(layer, what)) * layer.fraction(day) for layer in layers), Fraction(0))
