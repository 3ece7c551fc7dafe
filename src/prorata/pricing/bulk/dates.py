"""Dates of many instants at once, and months counted without a loop over them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np

from .columns import Ints

# The years the tables cover. Instants outside them are left to the scalar function.
FIRST_YEAR, LAST_YEAR = 1900, 2199
_DAY = 86_400_000_000
_SECOND = 1_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def micros(moment: datetime) -> int:
    """Microseconds since 1970 UTC."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


EARLIEST = micros(datetime(FIRST_YEAR, 1, 1, tzinfo=UTC))
LATEST = micros(datetime(LAST_YEAR + 1, 1, 1, tzinfo=UTC)) - 1

# A month more on either side, for what a zone adds or takes away.
_MONTHS = np.arange(f"{FIRST_YEAR - 1}-12", f"{LAST_YEAR + 1}-03", dtype="datetime64[M]")
_FIRST_DAYS: Ints = _MONTHS.astype("datetime64[D]").astype(np.int64)
_BASE_DAY = int(_FIRST_DAYS[0])
_LENGTHS: Ints = np.diff(_FIRST_DAYS)
_MONTH_OF_DAY = np.repeat(np.arange(len(_LENGTHS), dtype=np.int16), _LENGTHS)


def local_days(instants: Ints, zone: ZoneInfo) -> Ints:
    """The calendar date of each instant in `zone` as days since 1970: what `terms.local_date` says.

    Instants lie between EARLIEST and LATEST. The zone is asked once a year and kept: what it says only changes at a
    few instants.
    """
    if not instants.size:
        return np.zeros(0, np.int64)
    if instants.strides == (0,):  # one instant stands for all
        return np.broadcast_to(local_days(instants[:1].copy(), zone), instants.shape)
    starts, offsets = _offsets(zone, _year(int(instants.min())), _year(int(instants.max())))
    if len(starts) == 1:
        return (instants + int(offsets[0])) // _DAY
    offset: Ints = offsets[np.searchsorted(starts, instants, side="right") - 1]
    return (instants + offset) // _DAY


def month_of(days: Ints) -> Ints:
    """The month of each day, counted from the first one in the table."""
    return _MONTH_OF_DAY[days - _BASE_DAY].astype(np.int64)


def day_in_month(days: Ints, months: Ints) -> Ints:
    """Which day of its month it is, from 0 on."""
    return days - _FIRST_DAYS[months]


def length_of(months: Ints) -> Ints:
    """Days of the month."""
    lengths: Ints = _LENGTHS[months]
    return lengths


def anniversary(day_in_month: Ints, months: Ints) -> Ints:
    """That day of the month, clamped to its end, as days since 1970."""
    return _FIRST_DAYS[months] + np.minimum(day_in_month, _LENGTHS[months] - 1)


def whole_months(days: Ints, ends: Ints) -> tuple[Ints, Ints]:
    """The whole months that fit from each day to its end (not before it), and the month the last one leads to."""
    month = month_of(days)
    reached = month_of(ends)
    reached = reached - (anniversary(day_in_month(days, month), reached) > ends)
    return reached - month, reached


def _year(instant: int) -> int:
    return (_EPOCH + timedelta(microseconds=instant)).year


@lru_cache(maxsize=256)
def _offsets(zone: ZoneInfo, first: int, last: int) -> tuple[Ints, Ints]:
    """From which instants on which offset holds, both in microseconds, over those years."""
    steps = [step for year in range(first, last + 1) for step in _steps(zone, year)]
    kept = [step for n, step in enumerate(steps) if n == 0 or step[1] != steps[n - 1][1]]
    starts, offsets = np.array(kept, np.int64).T * _SECOND
    return starts, offsets


@lru_cache(maxsize=4096)
def _steps(zone: ZoneInfo, year: int) -> tuple[tuple[int, int], ...]:
    """(second since 1970, offset in seconds) from the start of a year on, by asking for every day of it. No zone has
    ever moved its clocks twice in three days, so a day in which nothing seems to change is one without a change."""
    start = int(datetime(year, 1, 1, tzinfo=UTC).timestamp())
    end = int(datetime(year + 1, 1, 1, tzinfo=UTC).timestamp())
    found = [(start, _offset(start, zone))]
    for second in range(start, end, 86_400):
        before, after = _offset(second, zone), _offset(second + 86_400, zone)
        if before != after:
            found.append((_changed(second, second + 86_400, zone, before), after))
    return tuple(found)


def _changed(low: int, high: int, zone: ZoneInfo, before: int) -> int:
    """The first second after `low` at which the offset is another."""
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _offset(middle, zone) == before else (low, middle)
    return high


def _offset(second: int, zone: ZoneInfo) -> int:
    offset = (_EPOCH + timedelta(seconds=second)).astimezone(zone).utcoffset()
    assert offset is not None
    return offset // timedelta(seconds=1)
