"""From the price of a change to what is charged: a minimum charge, then a voucher, each spread over the lines.

Both work on the rounded total in the basis of the price book, before tax, and only where something is to be
paid. The price itself, its carry and its rounding stay what the rule says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from .change import Price
from .errors import BadInput
from .money import spread
from .voucher import NotForThis, Voucher


@dataclass(frozen=True)
class Charge:
    """What a price comes to, in minor units. `raised` and `discounts` (both >= 0) say line by line what a
    minimum charge adds and what the voucher takes off."""

    price: Price
    minimum: int
    voucher: Voucher | None
    raised: tuple[int, ...]
    discounts: tuple[int, ...]

    @property
    def raise_minor(self) -> int:
        """What the minimum charge adds."""
        return sum(self.raised)

    @property
    def discount_minor(self) -> int:
        """What the voucher takes off."""
        return sum(self.discounts)

    @property
    def amounts(self) -> tuple[int, ...]:
        """Every line as it is charged, in the order of the price."""
        return tuple(
            line.amount + up - down
            for line, up, down in zip(self.price.lines, self.raised, self.discounts, strict=True)
        )

    @property
    def total(self) -> int:
        return self.price.total + self.raise_minor - self.discount_minor

    def differs(self, index: int) -> Fraction:
        """How much more (or less) than its formula a line is charged, in minor units."""
        return Fraction(self.raised[index] - self.discounts[index])


def charge(price: Price, *, minimum: int = 0, voucher: Voucher | None = None) -> Charge:
    """Apply a minimum charge and a voucher (minor units). Raises NotForThis where the voucher does not fit."""
    if minimum < 0:
        raise BadInput(f"a minimum charge must be 0 or more, not {minimum}")
    nothing = (0,) * len(price.lines)
    growing = [max(line.amount, 0) if line.exact > 0 else 0 for line in price.lines]
    raised = nothing
    if 0 < price.total < minimum and any(growing):
        raised = _spread(minimum - price.total, growing)
    discounts = nothing
    if voucher is not None:
        charged = [amount + up for amount, up in zip(growing, raised, strict=True)]
        discounts = _discounts(price, price.total + sum(raised), charged, voucher)
    return Charge(price, minimum, voucher, raised, discounts)


def _discounts(price: Price, total: int, charged: Sequence[int], voucher: Voucher) -> tuple[int, ...]:
    if total <= 0:
        raise NotForThis("nothing_to_pay", "a voucher is taken from what is to be paid: nothing is")
    in_scope = [n if voucher.covers(line.name) else 0 for line, n in zip(price.lines, charged, strict=True)]
    # Where reductions pay for a part of what grows, only the rest is to be paid.
    base = min(total, sum(in_scope))
    if not base:
        raise NotForThis("out_of_scope", f"the voucher {voucher.code} is for other resources")
    if base < voucher.minimum_spend:
        raise NotForThis(
            "minimum_spend", f"the voucher {voucher.code} needs {voucher.minimum_spend} to be spent"
        )
    off = min(voucher.worth(base), base)
    if not off:
        raise NotForThis("too_small", f"the voucher {voucher.code} comes to less than the smallest unit here")
    return _spread(off, in_scope)


def _spread(total: int, weights: Sequence[int]) -> tuple[int, ...]:
    return tuple(spread(total, [Fraction(weight) for weight in weights]))
