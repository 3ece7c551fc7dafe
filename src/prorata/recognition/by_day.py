"""How much of a prepaid amount the days gone by have earned: pure, whole minor units, signs kept.

An item is an amount (negative for what is given back) over the dates `starts <= day < ends`. Every day earns the same part.
What all days through one have earned is rounded, never a single day, so the last day completes the item exactly. Halves go
away from zero: an amount and its opposite over the same dates are nothing on every day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from prorata.pricing.money import half_up_of


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a document, or what was taken over with a service: minor units over the dates [starts, ends)."""

    amount: int
    starts: date
    ends: date

    def __post_init__(self) -> None:
        if self.starts >= self.ends:
            raise ValueError(f"an item must start before it ends, not {self.starts} to {self.ends}")

    @property
    def days(self) -> int:
        return (self.ends - self.starts).days

    def passed(self, day: date) -> int:
        """Its days that are over at the end of `day`."""
        return min(max((day - self.starts).days + 1, 0), self.days)

    def through(self, day: date) -> int:
        """What its days through the end of `day` have earned."""
        return half_up_of(self.amount * self.passed(day), self.days)

    def rest(self, day: date) -> int:
        """What is still deferred at the end of `day`."""
        return self.amount - self.through(day)


def from_day(item: Item, day: date) -> Item | None:
    """What is left of an item when its days before `day` were earned elsewhere; None where no day of it is left."""
    if day <= item.starts:
        return item
    if day >= item.ends:
        return None
    return Item(item.rest(date.fromordinal(day.toordinal() - 1)), day, item.ends)
