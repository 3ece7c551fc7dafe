"""Dates of a paid term, its time left under the default rule, and until when so many months fit. The
other rules are in `rules`."""

from __future__ import annotations

from calendar import isleap
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from .errors import BadInput
from .figures import shortest

DEFAULT_RULE = "calendar-months"
ONE_DAY = timedelta(days=1)
_DAYS_IN_MONTH = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


@dataclass(frozen=True, slots=True)
class MonthDays:
    """Days of one calendar month that are left: `days` of `of`, in the month that begins on `month`."""

    month: date
    days: int
    of: int


@dataclass(frozen=True, slots=True)
class TimeLeft:
    """How much of a term is left on `day`.

    `whole` picks the discount tier; `months` multiplies the prices (under `period-*` they are prices per
    period, and it is the part of the period). `days` and `of` are those the rule counts in, None where it
    does not: under `calendar-months` the days after the last whole month (raw, even above `of`) and the days
    of the month in which they begin. `anniversary` is the day that last whole month leads to, where a rule
    counts them. `ratio` is the count as written by hand, not reduced; `calendar` the months a sum goes over.
    `paid_months` is for how many months a period was paid, where `months` is that many times its part.
    """

    rule: str
    whole: int
    days: int | None
    of: int | None
    months: Fraction
    day: date
    end: date
    ratio: tuple[Fraction | int, Fraction | int]
    anniversary: date | None = None
    calendar: tuple[MonthDays, ...] = ()
    paid_months: int | None = None
    version: int = 1

    @property
    def last_day(self) -> bool:
        """True when the term ends on this very day."""
        return self.day == self.end

    @property
    def fraction(self) -> str:
        """`months` as a customer would write it by hand: "106/30", "3"."""
        above, below = self.ratio
        return _by_hand(self.months, above * (self.paid_months or 1), below)

    @property
    def part(self) -> str:
        """The part of the period that is left, by hand: "260/365"; the same as `fraction` under other rules."""
        above, below = self.ratio
        return _by_hand(Fraction(above) / below, above, below)


def _by_hand(value: Fraction, above: Fraction | int, below: Fraction | int) -> str:
    """`value`, which is above / below, as a customer would write it: a whole number, or not reduced."""
    if value.denominator == 1:
        return str(value)
    if isinstance(above, int) and isinstance(below, int):
        return f"{above}/{below}"
    return f"{shortest(Fraction(above), 0)}/{shortest(Fraction(below), 0)}"


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
    return date(year, month + 1, min(day.day, days_in_month(year, month + 1)))


def follow_on(end: date, months: int, original_day: int) -> date:
    """The end of the term that begins on `end` and lasts so many months, on the day of the month on which the first
    term began: from 28 Feb, one month, first begun on a 31st -> 31 Mar."""
    first = add_months(end.replace(day=1), months)
    return first.replace(day=min(original_day, days_in_month(first.year, first.month)))


def original_day(starts: date, ends: date) -> int:
    """The day of the month that terms end on when one from `starts` to `ends` is renewed: that of its start where
    the end is the same day, clamped to its month; else that of its end."""
    clamped = min(starts.day, days_in_month(ends.year, ends.month))
    return starts.day if ends.day == clamped else ends.day


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
    of = days_in_month(anniversary.year, anniversary.month)
    counted = whole * of + min(days, of)
    return TimeLeft(
        DEFAULT_RULE, whole, days, of, Fraction(counted, of), day, end, (counted, of), anniversary=anniversary
    )


def months_lost_at(months: int, end: date, zone: ZoneInfo) -> datetime:
    """The first instant from which `months` whole calendar months no longer fit before `end`."""
    return midnight(last_day_with(months, end) + ONE_DAY, zone)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of `day`."""
    return datetime.combine(day, time.min, zone)


def last_day_with(months: int, end: date) -> date:
    """The last day from which `months` whole months still fit before `end`."""
    day = add_months(end, -months)
    if end.day == days_in_month(end.year, end.month):
        # Clamping lets later days share this anniversary: from 28, 29, 30 and 31 Jan a month leads to 28 Feb.
        return day.replace(day=days_in_month(day.year, day.month))
    return day


def days_in_month(year: int, month: int) -> int:
    return 29 if month == 2 and isleap(year) else _DAYS_IN_MONTH[month - 1]
