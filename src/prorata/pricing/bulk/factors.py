"""The factors of several discount schedules as one table of whole numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import lcm

import numpy as np

from prorata.pricing.tiers import Schedule, factor_of

from .columns import Ints

# With more, prices would have no room: such schedules are left to the scalar function.
_LARGEST = 2**31


@dataclass(frozen=True)
class Factors:
    """`table[schedule, step] / unit` is the factor from `steps[step - 1]` whole months on. `fits` False: it would need
    more than 64 bits."""

    table: Ints
    steps: Ints
    unit: int
    fits: bool

    @classmethod
    def of(cls, schedules: Sequence[Schedule | None]) -> Factors:
        months = sorted({tier.months for schedule in schedules if schedule for tier in schedule.tiers})
        # -1: below every threshold, where the full price holds.
        rows = [[factor_of(schedule, whole) for whole in (-1, *months)] for schedule in schedules]
        unit = lcm(*(factor.denominator for row in rows for factor in row))
        if unit >= _LARGEST or any(month >= _LARGEST for month in months):
            return cls(np.zeros((len(rows), 1), np.int64), np.zeros(0, np.int64), 1, fits=False)
        table = [[int(factor * unit) for factor in row] for row in rows]
        return cls(np.array(table, np.int64), np.array(months, np.int64), unit, fits=True)

    def step(self, whole: Ints) -> Ints:
        """The column of the table for so many whole months."""
        return np.searchsorted(self.steps, whole, side="right")
