"""Dates of many instants at once are those of one instant after the other."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from random import Random
from zoneinfo import ZoneInfo, available_timezones

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pricing.sizes import PROVING, examples
from prorata.pricing.bulk.dates import EARLIEST, LATEST, local_days, micros, month_of, whole_months
from prorata.pricing.terms import calendar_months, local_date

EPOCH = date(1970, 1, 1)
KNOWN = sorted(available_timezones())
# Every zone when proving; else those with the oddest clocks and some more.
SEEN = KNOWN if PROVING else [
    "UTC", "Asia/Tokyo", "America/New_York", "Pacific/Apia", "Europe/Dublin", "Australia/Lord_Howe", "Asia/Gaza",
    "Africa/Casablanca", "America/Scoresbysund", "Africa/Freetown", "Europe/Amsterdam", "Antarctica/Troll",
    *Random(1).sample(KNOWN, 3),
]  # fmt: skip


def by_one(instants: list[datetime], zone: ZoneInfo) -> list[int]:
    return [(local_date(instant, zone) - EPOCH).days for instant in instants]


def column(instants: list[datetime]) -> np.ndarray:
    return np.array([micros(instant) for instant in instants], np.int64)


def test_in_every_zone_around_every_change_of_its_clocks() -> None:
    """Each second at which the offset changes, and a microsecond before it, found hour by hour and not as the code
    finds them; and the last and first instants of the local days there."""
    for name in SEEN:
        zone = ZoneInfo(name)
        instants = []
        for year in (1919, 2011, 2024, 2100) if PROVING else (2011, 2024):
            hours = [datetime(year, 1, 1, tzinfo=UTC) + timedelta(hours=n) for n in range(0, 8784, 8)]
            for before, after in pairwise(hours):
                if before.astimezone(zone).utcoffset() != after.astimezone(zone).utcoffset():
                    for second in range(0, 8 * 3600, 900):
                        edge = before + timedelta(seconds=second)
                        instants += [edge, edge - timedelta(microseconds=1), edge + timedelta(seconds=1)]
            instants += hours[::50]
        assert list(local_days(column(instants), zone)) == by_one(instants, zone), name


@examples(200, 50_000)
@given(st.integers(EARLIEST, LATEST), st.sampled_from(KNOWN))
def test_at_any_instant_in_any_zone(instant: int, name: str) -> None:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=instant)
    zone = ZoneInfo(name)

    assert list(local_days(np.array([instant]), zone)) == by_one([moment], zone)


def test_where_clocks_go_back_over_midnight_the_date_falls_back() -> None:
    """St. John's moved its clocks at 00:01 until 2011."""
    zone = ZoneInfo("America/St_Johns")
    before, after = datetime(2009, 11, 1, 2, 30, 30, tzinfo=UTC), datetime(2009, 11, 1, 2, 31, tzinfo=UTC)

    assert list(local_days(column([before, after]), zone)) == by_one([before, after], zone)
    assert local_date(before, zone) > local_date(after, zone)


def test_no_zone_moves_its_clocks_twice_in_three_days() -> None:
    """What makes it enough to ask once a day."""
    for name in SEEN:
        zone = ZoneInfo(name)
        last = None
        start = datetime(1900, 1, 1, tzinfo=UTC) if PROVING else datetime(2020, 1, 1, tzinfo=UTC)
        offset = start.astimezone(zone).utcoffset()
        for n in range((2050 - start.year) * 366 * 8 // 2):
            now = start + timedelta(hours=6 * n)
            if (found := now.astimezone(zone).utcoffset()) != offset:
                assert last is None or now - last > timedelta(days=3), name
                last, offset = now, found


@examples(300, 100_000)
@given(st.dates(date(1900, 1, 1), date(2199, 12, 31)), st.integers(0, 5000))
def test_whole_months_from_the_original_day(day: date, days: int) -> None:
    end = min(day + timedelta(days=days), date(2199, 12, 31))
    expected = calendar_months(day, end)
    start, reached = np.array([(day - EPOCH).days]), np.array([(end - EPOCH).days])
    whole, month = whole_months(start, reached)

    assert list(whole) == [expected.whole]
    assert expected.anniversary is not None
    assert list(month - month_of(start)) == [
        (expected.anniversary.year - day.year) * 12 + expected.anniversary.month - day.month
    ]
