"""A voucher: a discount in whole minor units, taken from what is to be paid before tax is added."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from .errors import BadInput
from .money import half_up

Why = Literal["nothing_to_pay", "out_of_scope", "minimum_spend", "too_small"]


class NotForThis(BadInput):
    """The voucher does not fit this change; `why` is a stable key."""

    def __init__(self, why: Why, message: str) -> None:
        super().__init__(message)
        self.why = why


@dataclass(frozen=True)
class Voucher:
    """What a voucher takes off: either a fixed `amount` of minor units, or a part `off` (0.10 is 10 per cent)
    of what is to be paid, limited to `at_most` minor units if that is given.

    `minimum_spend` (minor units, before the voucher) must be reached. `scope` names the components it is for;
    None is all of them. All amounts are in the currency of the change and in the basis of its price book.
    """

    code: str
    amount: int | None = None
    off: Decimal | None = None
    at_most: int | None = None
    minimum_spend: int = 0
    scope: frozenset[str] | None = None

    def __post_init__(self) -> None:
        if (self.amount is None) == (self.off is None):
            raise BadInput(f"the voucher {self.code} takes off either an amount or a part: give one of them")
        if self.amount is not None and self.amount <= 0:
            raise BadInput(f"the amount of the voucher {self.code} must be above 0, not {self.amount}")
        if self.off is not None and not (self.off.is_finite() and 0 < self.off <= 1):
            raise BadInput(
                f"the part of the voucher {self.code} must be above 0 and at most 1 (0.10 is 10 per cent)"
            )
        if self.minimum_spend < 0 or (self.at_most is not None and self.at_most <= 0):
            raise BadInput(f"the limits of the voucher {self.code} must not be negative")

    def worth(self, base: int) -> int:
        """What it could take off `base` minor units, before what is there limits it."""
        if self.off is None:
            assert self.amount is not None
            return self.amount
        part = half_up(base * Fraction(self.off))
        return part if self.at_most is None else min(part, self.at_most)

    def covers(self, name: str) -> bool:
        """Whether the component of that name is in its scope."""
        return self.scope is None or name in self.scope
