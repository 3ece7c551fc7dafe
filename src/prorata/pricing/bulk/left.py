"""The time left of many terms: `above / below` multiplies the prices, `whole` picks the tier, as in `pricing.rules`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from prorata.pricing.terms import DEFAULT_RULE

from .columns import Ints
from .dates import day_in_month, length_of, local_days, month_of, whole_months

_HOUR = 3_600_000_000
_SECOND = 1_000_000
# Every month has 28 to 31 days: each day is a whole number of parts of this size.
_MONTH = 28 * 29 * 15 * 31


class Left(NamedTuple):
    above: Ints
    below: Ints
    whole: Ints


class Version(NamedTuple):
    """What is told here is this version of the rule; another one is left to the scalar function."""

    number: int
    left: Callable[[Terms], Left]


@dataclass(frozen=True)
class Terms:
    """Terms that are not over: instants in microseconds, dates as days since 1970 in the billing zone."""

    at: Ints
    ends_at: Ints
    starts_at: Ints | None
    zone: ZoneInfo
    day: Ints
    end: Ints

    @classmethod
    def of(cls, at: Ints, ends_at: Ints, starts_at: Ints | None, zone: ZoneInfo) -> Terms:
        return cls(at, ends_at, starts_at, zone, local_days(at, zone), local_days(ends_at, zone))

    @property
    def days_left(self) -> Ints:
        days: Ints = np.maximum(self.end - self.day, 1)
        return days

    @property
    def start(self) -> Ints:
        assert self.starts_at is not None  # price_changes has refused columns without it
        return self.starts_at


def _calendar_months(terms: Terms) -> Left:
    end = np.maximum(terms.day, terms.end)
    whole, reached = whole_months(terms.day, end)
    day = day_in_month(terms.day, month_of(terms.day))
    of = length_of(reached)
    rest = day_in_month(end, reached) - np.minimum(day, of - 1)
    rest = np.where(end > terms.day, np.minimum(rest, of), 1)
    return Left(whole * of + rest, of, whole)


def _average_months(terms: Terms) -> Left:
    above = terms.days_left * 12
    return Left(above, np.full_like(above, 365), above // 365)


def _thirty_day_months(terms: Terms) -> Left:
    hours = -((terms.at - terms.ends_at) // _HOUR)
    return Left(hours, np.full_like(hours, 720), hours // 720)


def _calendar_sum(terms: Terms) -> Left:
    parts = _parts_before(terms.end) - _parts_before(terms.day + 1)
    parts = np.where(terms.end - terms.day > 1, parts, 0)
    return Left(parts, np.full_like(parts, _MONTH), parts // _MONTH)


def _parts_before(days: Ints) -> Ints:
    """The parts of months of all days before this one since the tables begin."""
    months = month_of(days)
    return months * _MONTH + day_in_month(days, months) * (_MONTH // length_of(months))


def _period_days(terms: Terms) -> Left:
    of = np.maximum(terms.end - local_days(terms.start, terms.zone), 1)
    return Left(terms.days_left, of, _calendar_whole(terms))


def _period_seconds(terms: Terms) -> Left:
    above, below = terms.ends_at - terms.at, terms.ends_at - terms.start
    whole_seconds = (above % _SECOND == 0) & (below % _SECOND == 0)
    unit = np.where(whole_seconds, _SECOND, 1)
    return Left(above // unit, below // unit, _calendar_whole(terms))


def _calendar_whole(terms: Terms) -> Ints:
    return whole_months(terms.day, np.maximum(terms.day, terms.end))[0]


LEFT: dict[str, Version] = {
    DEFAULT_RULE: Version(1, _calendar_months),
    "average-months": Version(1, _average_months),
    "thirty-day-months": Version(1, _thirty_day_months),
    "calendar-sum": Version(1, _calendar_sum),
    "period-days": Version(1, _period_days),
    "period-seconds": Version(1, _period_seconds),
}
