"""Time left under `calendar-months`: whole months forward from today, then days of the month in which the
rest begins."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.sizes import PROVING, examples
from prorata.pricing.errors import BadInput
from prorata.pricing.instants import Instant
from prorata.pricing.rules import Term
from prorata.pricing.rules import time_left as time_left_of
from prorata.pricing.terms import TimeLeft, add_months, calendar_months, local_date

DAYS = st.dates(date(2024, 1, 1), date(2030, 12, 31))
ZONES = ("UTC", "Asia/Tokyo", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "America/St_Johns")


def time_left(rule: str, *, at: datetime, ends_at: datetime, zone: ZoneInfo) -> TimeLeft:
    return time_left_of(rule, Term(Instant.of(at), Instant.of(ends_at), zone))


@pytest.mark.parametrize(
    ("day", "end", "whole", "days", "of"),
    [
        ("2025-08-15", "2025-12-01", 3, 16, 30),  # the rest begins on 15 Nov: November's 30 days
        ("2025-09-01", "2025-12-01", 3, 0, 31),  # no rest
        ("2025-09-02", "2025-12-01", 2, 29, 30),
        ("2025-11-10", "2025-11-25", 0, 15, 30),  # inside one month: that month
        ("2024-02-15", "2024-03-01", 0, 15, 29),  # a leap February
        ("2025-01-31", "2025-02-28", 1, 0, 28),  # 31 Jan + 1 month is 28 Feb
        ("2025-01-31", "2025-03-30", 1, 30, 28),  # counted from 28 Feb, and longer than February
        ("2025-01-31", "2025-03-31", 2, 0, 31),  # from 31 Jan again: never 28 Mar
        ("2025-01-31", "2025-04-30", 3, 0, 30),
        ("2023-12-31", "2024-03-30", 2, 30, 29),
        ("2024-02-29", "2025-02-28", 12, 0, 28),
    ],
)
def test_worked_dates(day: str, end: str, whole: int, days: int, of: int) -> None:
    left = calendar_months(date.fromisoformat(day), date.fromisoformat(end))

    assert (left.whole, left.days, left.of) == (whole, days, of)
    assert left.months == whole + min(Fraction(days, of), 1)


def test_a_rest_longer_than_its_month_counts_as_one_month_and_stays_printed_raw() -> None:
    left = calendar_months(date(2023, 12, 31), date(2024, 3, 30))

    assert left.months == 3
    assert (left.whole, left.days, left.of, left.fraction) == (2, 30, 29, "3")


def test_the_last_day_is_charged_as_one_day_of_its_month() -> None:
    left = calendar_months(date(2025, 12, 1), date(2025, 12, 1))

    assert (left.whole, left.days, left.of) == (0, 1, 31)
    assert left.months == Fraction(1, 31)
    assert left.last_day


def test_months_are_clamped_from_the_original_day() -> None:
    assert [add_months(date(2025, 1, 31), n) for n in (1, 2, 13)] == [
        date(2025, 2, 28),
        date(2025, 3, 31),
        date(2026, 2, 28),
    ]
    assert add_months(date(2025, 3, 31), -1) == date(2025, 2, 28)


def test_a_term_that_is_over_has_no_time_left() -> None:
    with pytest.raises(BadInput, match="ended on 2025-11-30"):
        calendar_months(date(2025, 12, 1), date(2025, 11, 30))


@examples(300, 200_000)
@given(DAYS, st.integers(0, 1500))
def test_it_is_the_published_rule_read_for_the_remainder(day: date, length: int) -> None:
    """The rule's own words: days of the end month if the remainder lies in it, else of the month before the
    end month."""
    end = day + timedelta(days=length)
    left = calendar_months(day, end)

    whole = max(n for n in range(52) if add_months(day, n) <= end)
    anniversary = add_months(day, whole)
    in_end_month = (anniversary.year, anniversary.month) == (end.year, end.month)
    counted = end if in_end_month else end.replace(day=1) - timedelta(days=1)
    rest = Fraction((end - anniversary).days, monthrange(counted.year, counted.month)[1])

    assert left.whole == whole
    assert left.months == (
        whole + min(rest, 1) if length else Fraction(1, monthrange(day.year, day.month)[1])
    )


@examples(300, 200_000)
@given(DAYS, st.integers(0, 1500), st.integers(1, 70))
def test_a_later_expiry_never_has_less_time_left(day: date, length: int, more: int) -> None:
    end = day + timedelta(days=length)

    assert calendar_months(day, end + timedelta(days=more)).months >= calendar_months(day, end).months


def test_a_later_expiry_never_has_less_time_left_whatever_the_pair_of_dates() -> None:
    """All pairs: from a day on, each end has as much left as the end a day earlier. Every day of seven years in the
    long form, every thirteenth in the short one."""
    for start in (date(2024, 1, 1) + timedelta(days=n) for n in range(0, 2557, 1 if PROVING else 13)):
        lefts = [calendar_months(start, start + timedelta(days=n)).months for n in range(800)]
        assert lefts == sorted(lefts), start


@examples(200, 100_000)
@given(
    st.datetimes(datetime(2024, 1, 1), datetime(2030, 12, 31)), st.sampled_from(ZONES), st.integers(1, 10**6)
)
def test_the_zone_decides_the_dates_through_every_clock_change(
    moment: datetime, zone: str, minutes: int
) -> None:
    at = moment.replace(tzinfo=UTC)
    ends_at = at + timedelta(minutes=minutes)
    place = ZoneInfo(zone)

    left = time_left("calendar-months", at=at, ends_at=ends_at, zone=place)

    assert (left.day, left.end) == (at.astimezone(place).date(), ends_at.astimezone(place).date())
    assert left.months > 0
    assert left == time_left(
        "calendar-months", at=at.astimezone(ZoneInfo("Asia/Tokyo")), ends_at=ends_at, zone=place
    )


def test_one_instant_is_another_date_elsewhere() -> None:
    at = datetime(2025, 8, 14, 16, 30, tzinfo=UTC)

    assert local_date(at, ZoneInfo("Asia/Shanghai")) == date(2025, 8, 15)
    assert local_date(at, ZoneInfo("America/New_York")) == date(2025, 8, 14)


@pytest.mark.parametrize(
    ("zone", "at", "day"),
    [
        (
            "America/New_York",
            datetime(2025, 3, 9, 4, 59, tzinfo=UTC),
            date(2025, 3, 8),
        ),  # the day with 23 hours
        ("America/New_York", datetime(2025, 3, 10, 3, 59, tzinfo=UTC), date(2025, 3, 9)),
        ("America/New_York", datetime(2025, 11, 3, 4, 59, tzinfo=UTC), date(2025, 11, 2)),  # the day with 25
        (
            "Pacific/Apia",
            datetime(2011, 12, 30, 10, 0, tzinfo=UTC),
            date(2011, 12, 31),
        ),  # 30 December never was
    ],
)
def test_days_of_another_length_are_days(zone: str, at: datetime, day: date) -> None:
    assert local_date(at, ZoneInfo(zone)) == day


def test_a_clock_that_goes_back_over_midnight_does_not_end_a_service_early() -> None:
    """In St. John's the clocks of 7 Nov 2010 went from 00:01 back to 23:01 of the 6th."""
    at, ends_at = datetime(2010, 11, 7, 2, 30, 30, tzinfo=UTC), datetime(2010, 11, 7, 2, 50, tzinfo=UTC)
    zone = ZoneInfo("America/St_Johns")

    left = time_left("calendar-months", at=at, ends_at=ends_at, zone=zone)

    assert (local_date(at, zone), local_date(ends_at, zone)) == (date(2010, 11, 7), date(2010, 11, 6))
    assert (left.whole, left.days, left.of) == (0, 1, 30)
    with pytest.raises(BadInput, match="the term has ended: 2010-11-07"):
        time_left("calendar-months", at=ends_at, ends_at=at - timedelta(days=2), zone=zone)


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(BadInput, match="no time zone"):
        local_date(datetime(2025, 8, 15), ZoneInfo("UTC"))


def test_an_unknown_rule_is_refused_and_the_available_ones_named() -> None:
    at = datetime(2025, 8, 15, tzinfo=UTC)

    with pytest.raises(BadInput) as refused:
        time_left("average", at=at, ends_at=at + timedelta(days=9), zone=ZoneInfo("UTC"))

    assert str(refused.value) == (
        "the rule 'average' is not available: use calendar-months, average-months, thirty-day-months, "
        "calendar-sum, period-days, period-seconds"
    )
