"""Paid layers: what was paid for one increment of one component, and how much of it a reduction may give
back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from .errors import BadInput
from .money import eight_decimals


@dataclass(frozen=True, slots=True)
class PaidShare:
    """One paid layer as far as a change takes it back.

    `amount`, `tax` and `gifted` are those of the WHOLE layer in precise major units: the price in its book's
    own basis (gross where prices include tax), the tax really charged on it, and the part of the gross paid
    from gifted credit. The layer covers the dates `starts <= d < ends`; `share` (0 to 1) is the part of it
    this change takes back.
    """

    key: str
    amount: Decimal
    starts: date
    ends: date
    share: Fraction = Fraction(1)
    tax: Decimal = Decimal(0)
    gifted: Decimal = Decimal(0)

    def __post_init__(self) -> None:
        if self.starts >= self.ends:
            raise BadInput(f"a paid layer must start before it ends, not {self.starts} to {self.ends}")
        if not 0 <= self.share <= 1:
            raise BadInput(f"the share of a paid layer must be between 0 and 1, not {self.share}")
        for word, figure in (("amount", self.amount), ("tax", self.tax), ("gifted part", self.gifted)):
            if not (figure.is_finite() and figure >= 0):
                raise BadInput(f"the {word} of a paid layer must be 0 or more, not {figure}")

    @property
    def days(self) -> int:
        return (self.ends - self.starts).days

    def unused_days(self, day: date) -> int:
        """Days of the layer after `day`: the day in progress counts as used, because it was charged whole."""
        return max(0, min(self.days, (self.ends - day).days - 1))

    def fraction(self, day: date) -> Fraction:
        """The part of the whole layer that is both unused after `day` and taken back."""
        return Fraction(self.unused_days(day), self.days) * self.share

    def value(self, day: date) -> Fraction:
        """The most this layer may give back on `day`, in its own basis (major units)."""
        amount, units = self.amount.as_integer_ratio()
        share, parts = self.share.as_integer_ratio()
        return Fraction(amount * self.unused_days(day) * share, units * self.days * parts)


def in_basis(amount: Decimal, tax: Decimal, *, included: bool, wanted: bool) -> Decimal:
    """The amount of a layer with its tax or without it, as `wanted`; `included` says how it is kept. A book may
    have had its tax in the prices and the next one not: what was paid is the same.

    Tax is kept in whole units, so that of a very small amount can be more than the amount itself: nothing is left
    without it, and never less than nothing.
    """
    if included == wanted:
        return amount
    return eight_decimals(max(Fraction(amount) + Fraction(tax) * (1 if wanted else -1), Fraction(0)))


def share_of(low: Decimal, high: Decimal, top: Decimal, target: Decimal) -> Fraction:
    """The share of a layer that a reduction to `target` takes back.

    All four are monthly prices in the LAYER'S OWN price book: the layer was paid for the step from `low` to
    `high`, earlier reductions left it at `top`, and the component now goes to `target`. A layer without a
    price step of its own is taken back whole or not at all.
    """
    if high <= low:
        # Whole only while it is untouched: what an earlier reduction left must not come back a second time.
        return Fraction(1 if target < high <= top else 0)
    share = (Fraction(top) - max(Fraction(target), Fraction(low))) / (Fraction(high) - Fraction(low))
    return min(max(share, Fraction(0)), Fraction(1))
