"""The time left of a paid term, in months, and how long today's rate lasts.

One function per rule. A new rule is a function `(at, ends_at, zone) -> TimeLeft` and a line in `_RULES`.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from .errors import BadInput
from .tiers import Schedule

DEFAULT_RULE = "calendar-months"
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class TimeLeft:
    """How much of a term is left on `day`.

    `whole` picks the discount tier; `months` multiplies the prices. Under `calendar-months`: `days` are the
    days after the last whole month (raw, even above `of`), `of` the days of the month in which they begin,
    `anniversary` that month's day.
    """

    rule: str
    whole: int
    days: int | None
    of: int | None
    months: Fraction
    day: date
    anniversary: date
    end: date

    @property
    def last_day(self) -> bool:
        """True when the term ends on this very day, which is charged as one day."""
        return self.day == self.end

    @property
    def fraction(self) -> str:
        """`months` as a customer would write it by hand, not reduced: "106/30", "3"."""
        if self.of is None or self.months.denominator == 1:
            return str(self.months)
        return f"{self.months * self.of}/{self.of}"


def local_date(instant: datetime, zone: ZoneInfo) -> date:
    """The calendar date of `instant` (time-zone aware) in the billing zone."""
    if instant.utcoffset() is None:
        raise BadInput(f"the time {instant} has no time zone: give it an offset")
    try:
        return instant.astimezone(zone).date()
    except OverflowError:
        raise BadInput(
            f"the time {instant.isoformat()} is outside the calendar: use years 1 to 9999"
        ) from None


def add_months(day: date, months: int) -> date:
    """`day` plus `months` (may be negative), clamped to the end of the month: 31 Jan + 1 -> 28 Feb, + 2 -> 31
    Mar."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, _days_in_month(year, month + 1)))


def calendar_months(day: date, end: date) -> TimeLeft:
    """Whole months counted forward from `day`, then the rest in days of the month in which the rest begins.

    `end` is the date of the half-open end of the term. On the last day (`day == end`) one day is left.
    """
    if day > end:
        raise BadInput(f"the term ended on {end}, before {day}")
    whole = (end.year - day.year) * 12 + end.month - day.month
    if add_months(day, whole) > end:
        whole -= 1
    # From the original day, never from the last clamped one: 31 Jan -> 28 Feb -> 31 Mar.
    anniversary = add_months(day, whole)
    days = (end - anniversary).days if end > day else 1
    of = _days_in_month(anniversary.year, anniversary.month)
    months = whole + min(Fraction(days, of), Fraction(1))
    return TimeLeft(DEFAULT_RULE, whole, days, of, months, day, anniversary, end)


def rate_steps_at(day: date, end: date, schedule: Schedule | None, zone: ZoneInfo) -> datetime | None:
    """The first instant at which the discount of `day` is lost; None if it lasts to the end of the term.

    "You keep this rate if you submit before ..."
    """
    tier = schedule.tier(calendar_months(day, end).whole) if schedule else None
    while schedule and tier and tier.months > 0:
        lower = schedule.tier(tier.months - 1)
        if (lower.factor if lower else 1) != tier.factor:
            lost = _last_day_with(tier.months, end) + _ONE_DAY
            return datetime.combine(lost, time.min, zone)
        tier = lower
    return None


def time_left(rule: str, *, at: datetime, ends_at: datetime, zone: ZoneInfo) -> TimeLeft:
    """The time left under the rule of that name. Raises BadInput for a rule this version does not have."""
    if rule not in _RULES:
        raise BadInput(f"the rule {rule!r} is not available: use {' or '.join(_RULES)}")
    return _RULES[rule](at, ends_at, zone)


def _last_day_with(months: int, end: date) -> date:
    """The last day from which `months` whole months still fit before `end`."""
    day = add_months(end, -months)
    # Clamping lets up to three later days share one anniversary: from 28 to 31 Jan a month leads to 28 Feb.
    while add_months(day + _ONE_DAY, months) <= end:
        day += _ONE_DAY
    return day


def _days_in_month(year: int, month: int) -> int:
    return monthrange(year, month)[1]


def _calendar_months_between(at: datetime, ends_at: datetime, zone: ZoneInfo) -> TimeLeft:
    day, end = local_date(at, zone), local_date(ends_at, zone)
    # Where clocks go back over midnight, the end can fall on the day before; a living service has its day all
    # the same.
    return calendar_months(day, max(day, end) if at < ends_at else end)


_RULES: dict[str, Callable[[datetime, datetime, ZoneInfo], TimeLeft]] = {
    DEFAULT_RULE: _calendar_months_between
}
