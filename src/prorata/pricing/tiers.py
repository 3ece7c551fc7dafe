"""Discount schedules: the more whole months are left, the more per cent off."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from itertools import pairwise

from .errors import BadInput


@dataclass(frozen=True)
class Tier:
    """From `months` whole months on, `off` (0 to 1; 0.20 is 20 per cent) is taken off the monthly price."""

    months: int
    off: Decimal

    def __post_init__(self) -> None:
        if self.months < 0:
            raise BadInput(f"a discount threshold must be 0 months or more, not {self.months}")
        if not (self.off.is_finite() and 0 <= self.off <= 1):
            raise BadInput(f"a discount must be between 0 and 1 (0.20 is 20 per cent), not {self.off}")

    @cached_property
    def factor(self) -> Fraction:
        return 1 - Fraction(self.off)


@dataclass(frozen=True)
class Schedule:
    """The tiers of one price list, kept in rising order of months. Thresholds need not be contiguous."""

    tiers: tuple[Tier, ...]

    def __post_init__(self) -> None:
        ordered = tuple(sorted(self.tiers, key=lambda tier: tier.months))
        for lower, upper in pairwise(ordered):
            if lower.months == upper.months:
                raise BadInput(f"the discount threshold {upper.months} months stands twice: keep one")
        object.__setattr__(self, "tiers", ordered)

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        # One schedule is looked up for thousands of prices: its tiers are gone through once.
        return hash(self.tiers)

    def tier(self, whole: int) -> Tier | None:
        """The tier with the highest threshold <= `whole` months, or None below the lowest."""
        for tier in reversed(self.tiers):
            if tier.months <= whole:
                return tier
        return None

    def factor(self, whole: int) -> Fraction:
        """What the monthly price is multiplied by with `whole` months left; 1 where no tier applies."""
        tier = self.tier(whole)
        return tier.factor if tier else Fraction(1)

    def lasts_down_to(self, whole: int) -> int:
        """The fewest whole months down to which the factor of `whole` months holds without a break; 0 if it
        is never lost."""
        tier = self.tier(whole)
        return self._lasting[tier.months] if tier else 0

    @cached_property
    def _lasting(self) -> dict[int, int]:
        """`lasts_down_to` for the threshold of every tier."""
        lasting: dict[int, int] = {}
        down_to, below = 0, Fraction(1)
        for tier in self.tiers:
            if tier.factor != below:
                down_to, below = tier.months, tier.factor
            lasting[tier.months] = down_to
        return lasting

    @cached_property
    def ranges(self) -> list[tuple[int, int | None, Decimal]]:
        """(first month, last month or None for open, off) of every stretch from 0 months on, as a price list
        shows it:
        neighbours with the same discount are one stretch, and below the lowest threshold nothing is off."""
        steps = [Tier(0, Decimal(0))] if self.tiers and self.tiers[0].months > 0 else []
        for tier in self.tiers:
            if not steps or tier.off != steps[-1].off:
                steps.append(tier)
        lasts = [following.months - 1 for following in steps[1:]]
        return [(step.months, last, step.off) for step, last in zip(steps, [*lasts, None], strict=False)]


def factor_of(schedule: Schedule | None, whole: int) -> Fraction:
    """The factor of a side that may have no schedule at all (then the full price holds)."""
    return schedule.factor(whole) if schedule else Fraction(1)
