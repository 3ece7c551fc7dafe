"""The published rules for the time left of a paid term, chosen by name.

A rule is two small parts: how much is left, and from which instant so many whole months are no longer left.
A new rule is these two functions and a line in `VERSIONS`. Tiers, rounding and credit are the same for all.

A rule that has priced something is never edited: its correction is a new version behind the old one, so that
what was priced before replays as it was.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from math import ceil, floor
from zoneinfo import ZoneInfo

from .errors import BadInput
from .instants import Instant
from .terms import (
    DEFAULT_RULE,
    ONE_DAY,
    MonthDays,
    TimeLeft,
    add_months,
    calendar_months,
    days_in_month,
    local_date,
    midnight,
    months_lost_at,
)
from .tiers import Schedule

_DAYS_A_YEAR = 365
_HOURS_A_MONTH = 30 * 24


@dataclass(frozen=True, slots=True)
class Term:
    """A paid term seen `at` one instant. It is half-open: `ends_at` is the first instant after it.

    The rules `period-*` need `starts_at`. With `period_months` their prices are monthly and the period was paid
    for so many months at once; without it a price is the price of the whole period.
    """

    at: Instant
    ends_at: Instant
    zone: ZoneInfo
    starts_at: Instant | None = None
    period_months: int | None = None

    @property
    def day(self) -> date:
        return local_date(self.at.utc, self.zone)

    @property
    def end(self) -> date:
        return local_date(self.ends_at.utc, self.zone)

    @property
    def days_left(self) -> int:
        """Calendar days to the end; on the last day one is left. (Where clocks go back over midnight, the end
        can even fall on the day before.)"""
        return max(1, (self.end - self.day).days)


@dataclass(frozen=True)
class Rule:
    """`left` tells the time left of a term, `lost_at(months, term)` the first instant at which it has fewer
    than so many whole months. `per_period`: prices are per paid period, so its start is needed."""

    left: Callable[[Term], TimeLeft]
    lost_at: Callable[[int, Term], datetime]
    per_period: bool = False


def time_left(rule: str, term: Term, *, version: int | None = None) -> TimeLeft:
    """The time left under the rule of that name, in its newest version or a given one. Raises BadInput for a rule
    that is not there, for a term that is over, and where the start of the paid period is needed and missing or not
    before its end."""
    found, number = _version(rule, version)
    if term.at >= term.ends_at:
        raise BadInput(
            f"the term has ended: {term.at.utc.isoformat()} is not before {term.ends_at.utc.isoformat()}"
        )
    if found.per_period:
        if term.starts_at is None:
            raise BadInput(f"starts_at is missing: the rule {rule} needs the start of the paid period")
        if term.starts_at >= term.ends_at:
            raise BadInput("starts_at must be earlier than ends_at: the paid period would be empty")
        if term.period_months is not None and term.period_months < 1:
            raise BadInput(f"a period is paid for 1 month or more, not {term.period_months}")
    left = found.left(term)
    return left if number == left.version else replace(left, version=number)


def _version(rule: str, version: int | None) -> tuple[Rule, int]:
    versions = VERSIONS.get(rule)
    if versions is None:
        raise BadInput(f"the rule {rule!r} is not available: use {', '.join(VERSIONS)}")
    number = len(versions) if version is None else version
    if not 1 <= number <= len(versions):
        raise BadInput(f"the rule {rule} has no version {number}: it has 1 to {len(versions)}")
    return versions[number - 1], number


def rate_lost_at(left: TimeLeft, schedule: Schedule | None, term: Term) -> datetime | None:
    """The first instant at which today's discount is lost; None if it lasts to the end of the term."""
    if schedule is None:
        return None
    months = schedule.lasts_down_to(left.whole)
    return _version(left.rule, left.version)[0].lost_at(months, term) if months else None


def _calendar_months(term: Term) -> TimeLeft:
    day = term.day
    return calendar_months(day, max(day, term.end))


def _calendar_months_lost(months: int, term: Term) -> datetime:
    return months_lost_at(months, term.end, term.zone)


def _average_months(term: Term) -> TimeLeft:
    """Calendar days, 365/12 to a month."""
    days = term.days_left
    ratio = (days * 12, _DAYS_A_YEAR)
    whole, months = ratio[0] // ratio[1], Fraction(*ratio)
    return TimeLeft("average-months", whole, days, None, months, term.day, term.end, ratio)


def _average_months_lost(months: int, term: Term) -> datetime:
    days = ceil(Fraction(months * _DAYS_A_YEAR, 12))
    return midnight(term.end - timedelta(days=days - 1), term.zone)


def _thirty_day_months(term: Term) -> TimeLeft:
    """Hours between the instants, one that has begun counts whole; 720 to a month."""
    hours = ceil(term.at.seconds_to(term.ends_at) / 3600)
    ratio = (hours, _HOURS_A_MONTH)
    whole, months = hours // _HOURS_A_MONTH, Fraction(*ratio)
    return TimeLeft("thirty-day-months", whole, None, None, months, term.day, term.end, ratio)


def _thirty_day_months_lost(months: int, term: Term) -> datetime:
    # With exactly one hour less to go the hour in progress no longer makes the month whole.
    lost = term.ends_at.utc - timedelta(hours=months * _HOURS_A_MONTH - 1)
    return lost.astimezone(term.zone)


def _calendar_sum(term: Term) -> TimeLeft:
    """Over the calendar months, the days left in each as a part of it. The day of the change does not count,
    nor does that of the half-open end."""
    calendar: list[MonthDays] = []
    day, end = term.day, term.end
    while (end - day).days > 1:
        first = day + ONE_DAY
        of = days_in_month(first.year, first.month)
        day = min(first.replace(day=of), end - ONE_DAY)
        calendar.append(MonthDays(first.replace(day=1), (day - first).days + 1, of))
    # Most months are whole; only the first and the last can be parts.
    parts = (Fraction(part.days, part.of) for part in calendar if part.days < part.of)
    months = sum(parts, Fraction(sum(part.days == part.of for part in calendar)))
    return TimeLeft(
        "calendar-sum",
        floor(months),
        None,
        None,
        months,
        term.day,
        end,
        months.as_integer_ratio(),
        calendar=tuple(calendar),
    )


def _calendar_sum_lost(months: int, term: Term) -> datetime:
    """Counted back from the end: its own month gives a part, the month `months` before it the rest of the
    last whole one."""
    end = term.end
    tail = Fraction(end.day - 1, days_in_month(end.year, end.month))
    first = add_months(end.replace(day=1), -months)
    of = days_in_month(first.year, first.month)
    needed = ceil((1 - tail) * of)
    # The day before the days needed is the last on which they all lie ahead.
    return midnight(first + timedelta(days=of - needed), term.zone)


def _period_days(term: Term) -> TimeLeft:
    """Calendar days as a part of those of the paid period, which has one at least."""
    start, days = _start(term), term.days_left
    of = max(1, (term.end - local_date(start.utc, term.zone)).days)
    return _of_period("period-days", term, (days, of), days=days, of=of)


def _period_seconds(term: Term) -> TimeLeft:
    """Seconds between the instants as a part of those of the paid period."""
    ratio = (term.at.seconds_to(term.ends_at), _start(term).seconds_to(term.ends_at))
    return _of_period("period-seconds", term, ratio)


def _of_period(
    rule: str,
    term: Term,
    ratio: tuple[Fraction | int, Fraction | int],
    days: int | None = None,
    of: int | None = None,
) -> TimeLeft:
    """A part of the paid period, times the months it was paid for where prices are monthly. The tier goes by the
    calendar months left all the same."""
    part, paid = Fraction(ratio[0]) / ratio[1], term.period_months
    whole = _calendar_months(term).whole
    months = part if paid is None else part * paid
    return TimeLeft(rule, whole, days, of, months, term.day, term.end, ratio, paid_months=paid)


def _start(term: Term) -> Instant:
    assert term.starts_at is not None  # time_left has refused a term without it
    return term.starts_at


# Of each rule every version there ever was, oldest first: the first is version 1.
VERSIONS: dict[str, tuple[Rule, ...]] = {
    DEFAULT_RULE: (Rule(_calendar_months, _calendar_months_lost),),
    "average-months": (Rule(_average_months, _average_months_lost),),
    "thirty-day-months": (Rule(_thirty_day_months, _thirty_day_months_lost),),
    "calendar-sum": (Rule(_calendar_sum, _calendar_sum_lost),),
    "period-days": (Rule(_period_days, _calendar_months_lost, per_period=True),),
    "period-seconds": (Rule(_period_seconds, _calendar_months_lost, per_period=True),),
}
# The rules by which something new is priced.
RULES: dict[str, Rule] = {name: versions[-1] for name, versions in VERSIONS.items()}
