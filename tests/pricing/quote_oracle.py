"""What `prorata quote` must answer, a second time: plain and slow, written from the contract alone.

Shares nothing with `prorata.pricing`. Dates are (year, month, day), time left is counted up one month or one
day at a time, and lines are fractions until they are printed. The words of the steps are not repeated here.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from math import ceil, floor
from typing import Any
from zoneinfo import ZoneInfo

Day = tuple[int, int, int]

DIGITS = {"USD": 2, "EUR": 2, "CNY": 2, "JPY": 0, "KRW": 0, "KWD": 3, "TND": 3, "CLF": 4}
RULES = (
    "calendar-months",
    "average-months",
    "thirty-day-months",
    "calendar-sum",
    "period-days",
    "period-seconds",
)
KEYS = {"rule", "at", "starts_at", "ends_at", "zone", "currency", "lines", "credit", "carry"}
LINE_KEYS = {"name", "old", "new", "discounts", "old_discounts", "new_discounts", "layers"}


class Refused(Exception):
    """The input is bad."""


class Written(str):
    """A JSON number as it stood in the text."""

    __slots__ = ()


def answer(text: str) -> dict[str, Any] | None:
    """The answer without its steps, or None where the input must be refused."""
    try:
        return _answer(_parsed(text))
    except Refused:
        return None


def _answer(asked: Any) -> dict[str, Any]:
    _object(asked, KEYS, {"at", "ends_at", "zone", "currency", "lines"})
    digits, zone = DIGITS.get(_string(asked["currency"])), _zone(asked["zone"])
    rule, credit = _string(asked.get("rule", RULES[0])), _string(asked.get("credit", "capped"))
    carry = _number(asked.get("carry", "0"))
    _demand(digits is not None and rule in RULES and credit in ("capped", "symmetric", "none"))
    assert digits is not None
    unit = Fraction(1, 10**digits)
    _demand(abs(carry) <= unit / 2 and len(str(asked.get("carry", "")).partition(".")[2]) <= 8)
    at, ends_at = _instant(asked["at"], zone), _instant(asked["ends_at"], zone)
    starts_at = _instant(asked["starts_at"], zone) if "starts_at" in asked else None
    _demand(at < ends_at)
    left = _time_left(rule, at, ends_at, starts_at, zone)
    _demand(isinstance(asked["lines"], list))
    lines = [_line(line, left, credit, _local(at, zone)) for line in asked["lines"]]
    exact = sum((line["exact"] for line in lines), Fraction(0))
    total = _half_up((exact + carry) / unit) if lines else 0
    amounts = _amounts(total, [line["exact"] / unit for line in lines])
    for line, amount in zip(lines, amounts, strict=True):
        line |= {"amount": _fixed(amount * unit, digits), "exact": _fixed(line["exact"], 8)}
    shown = {key: value for key, value in left.items() if key != "multiplier" and value is not None}
    return {
        "total": _fixed(total * unit, digits),
        "exact": _fixed(exact, 8),
        "direction": "upgrade" if total > 0 else "downgrade" if total < 0 else "none",
        "carry": _fixed(exact + carry - total * unit, 8),
        "time_left": shown | {"months": _fixed(_half_even(left["multiplier"], 4), 4)},
        "lines": lines,
    }


# --- time


def _time_left(
    rule: str, at: Fraction, ends_at: Fraction, starts_at: Fraction | None, zone: ZoneInfo
) -> dict[str, Any]:
    day, end = _local(at, zone), _local(ends_at, zone)
    whole, rest, of = _whole_months(day, max(day, end))
    days_left = max(1, _number_of(end) - _number_of(day))
    found: dict[str, Any] = {"rule": rule, "whole": whole, "days": None, "of": None}
    if rule == "calendar-months":
        return found | {"days": rest, "of": of, "multiplier": whole + min(Fraction(rest, of), Fraction(1))}
    if rule == "average-months":
        months = days_left / Fraction(365, 12)
        return found | {"days": days_left, "whole": floor(months), "multiplier": months}
    if rule == "thirty-day-months":
        months = Fraction(ceil((ends_at - at) / 3600), 30 * 24)
        return found | {"whole": floor(months), "multiplier": months}
    if rule == "calendar-sum":
        months = _sum_over_dates(day, end)
        return found | {"whole": floor(months), "multiplier": months}
    if starts_at is None or starts_at >= ends_at:
        raise Refused
    if rule == "period-seconds":
        return found | {"multiplier": (ends_at - at) / (ends_at - starts_at)}
    days = max(1, _number_of(end) - _number_of(_local(starts_at, zone)))
    return found | {"days": days_left, "of": days, "multiplier": Fraction(days_left, days)}


def _whole_months(day: Day, end: Day) -> tuple[int, int, int]:
    """Whole months from `day`, the rest in days, and the days of the month in which the rest begins."""
    if day == end:
        return 0, 1, _month_length(*day[:2])
    whole, begins, following = 0, day, _same_day(day, *_next_month(*day[:2]))
    while following <= end:
        whole, begins, following = whole + 1, following, _same_day(day, *_next_month(*following[:2]))
    return whole, _number_of(end) - _number_of(begins), _month_length(*begins[:2])


def _same_day(day: Day, year: int, month: int) -> Day:
    return year, month, min(day[2], _month_length(year, month))


def _next_month(year: int, month: int) -> tuple[int, int]:
    return (year + 1, 1) if month == 12 else (year, month + 1)


def _sum_over_dates(day: Day, end: Day) -> Fraction:
    """Every date after `day` and before `end` is one part of its own month."""
    dates_by_length = dict.fromkeys((28, 29, 30, 31), 0)
    year, month, number = day
    while (year, month) <= end[:2]:
        length = _month_length(year, month)
        last = end[2] - 1 if (year, month) == end[:2] else length
        dates_by_length[length] += max(0, last - number)
        number, (year, month) = 0, _next_month(year, month)
    return sum((Fraction(count, length) for length, count in dates_by_length.items()), Fraction(0))


def _month_length(year: int, month: int) -> int:
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month in (4, 6, 9, 11) else 31


def _number_of(day: Day) -> int:
    """Days since a day long ago."""
    year, month, number = day
    before = year - 1
    leap_days = before // 4 - before // 100 + before // 400
    return 365 * before + leap_days + sum(_month_length(year, m) for m in range(1, month)) + number


def _instant(value: Any, zone: ZoneInfo) -> Fraction:
    """Seconds since 1 January 1 UTC."""
    form = r"(\d{4})-(\d\d)-(\d\d)([T ](\d\d):(\d\d)(:(\d\d)(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?"
    found = re.fullmatch(form, _string(value), re.ASCII)
    if not found:
        raise Refused
    year, month, day, hour, minute, second = (int(found[group] or 0) for group in (1, 2, 3, 5, 6, 8))
    _demand(year >= 1 and 1 <= month <= 12 and 1 <= day <= _month_length(year, month))
    _demand(hour <= 23 and minute <= 59 and second <= 59)
    clock = datetime(year, month, day, hour, minute, second, tzinfo=zone if not found[10] else UTC)
    offset = clock.utcoffset() or timedelta(0)  # in a gap that before it, twice the first
    if found[10] and found[10] != "Z":
        hours, minutes = int(found[10][1:3]), int(found[10][4:])
        _demand(hours <= 23 and minutes <= 59)
        offset = timedelta(hours=hours, minutes=minutes) * (1 if found[10][0] == "+" else -1)
    seconds = (_number_of((year, month, day)) - 1) * 86400 + hour * 3600 + minute * 60 + second
    instant = seconds - Fraction(offset // timedelta(microseconds=1), 10**6)
    _demand(0 <= instant < _number_of((9999, 12, 31)) * 86400)
    return instant + Fraction("0" + (found[9] or ""))


def _local(instant: Fraction, zone: ZoneInfo) -> Day:
    try:
        there = (datetime(1, 1, 1, tzinfo=UTC) + timedelta(seconds=floor(instant))).astimezone(zone)
    except OverflowError:
        raise Refused from None
    return there.year, there.month, there.day


def _zone(value: Any) -> ZoneInfo:
    try:
        return ZoneInfo(_string(value))
    except (KeyError, ValueError, OSError):
        raise Refused from None


# --- lines


def _line(line: Any, left: dict[str, Any], credit: str, day: Day) -> dict[str, Any]:
    _object(line, LINE_KEYS, {"name", "old", "new"})
    common = _tiers(line.get("discounts"))
    sides = [_tiers(line[key]) if key in line else common for key in ("old_discounts", "new_discounts")]
    old_factor, new_factor = (_factor(tiers, left["whole"]) for tiers in sides)
    old, new = _number(line["old"], at_least=0), _number(line["new"], at_least=0)
    formula = (new * new_factor - old * old_factor) * left["multiplier"]
    caps = _caps(line["layers"], day) if "layers" in line else None
    if credit == "none":
        counted = max(formula, Fraction(0))
    elif credit == "symmetric" or caps is None:
        counted = formula
    else:
        counted = max(formula, -caps)
    return {
        "name": _string(line["name"]),
        "old": str(line["old"]),
        "new": str(line["new"]),
        "old_factor": _shortest(old_factor),
        "new_factor": _shortest(new_factor),
        "exact": _half_even(counted, 8),
    }


def _tiers(value: Any) -> dict[int, Fraction]:
    if value is None:
        return {}
    _demand(isinstance(value, list))
    tiers: dict[int, Fraction] = {}
    for tier in value:
        _object(tier, {"months", "off"}, {"months", "off"})
        months, off = _number(tier["months"], at_least=0), _number(tier["off"], at_least=0)
        _demand(months.denominator == 1 and off <= 1 and int(months) not in tiers)
        tiers[int(months)] = off
    return tiers


def _factor(tiers: dict[int, Fraction], whole: int) -> Fraction:
    reached = [months for months in tiers if months <= whole]
    return 1 - tiers[max(reached)] if reached else Fraction(1)


def _caps(value: Any, day: Day) -> Fraction:
    _demand(isinstance(value, list))
    cap = Fraction(0)
    for layer in value:
        _object(layer, {"amount", "from", "to", "share"}, {"amount", "from", "to"})
        starts, ends = _date_number(layer["from"]), _date_number(layer["to"])
        amount, share = _number(layer["amount"], at_least=0), _number(layer.get("share", "1"), at_least=0)
        _demand(starts < ends and share <= 1)
        unused = max(0, ends - max(starts, _number_of(day) + 1))
        cap += amount * unused / (ends - starts) * share
    return cap


def _date_number(value: Any) -> int:
    found = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)", _string(value), re.ASCII)
    if not found:
        raise Refused
    year, month, day = (int(part) for part in found.groups())
    _demand(year >= 1 and 1 <= month <= 12 and 1 <= day <= _month_length(year, month))
    return _number_of((year, month, day))


def _amounts(total: int, exacts: list[Fraction]) -> list[int]:
    """Floors, then one unit at a time until they add up."""
    parts = [floor(exact) for exact in exacts]
    remainders = [exact - part for exact, part in zip(exacts, parts, strict=True)]
    order = sorted(range(len(parts)), key=lambda line: (-remainders[line], line))
    turn = 0
    while sum(parts) < total:
        parts[order[turn % len(order)]] += 1
        turn += 1
    while sum(parts) > total:
        turn += 1
        parts[order[-turn % len(order)]] -= 1
    return parts


# --- numbers and JSON


def _half_up(exact: Fraction) -> int:
    size = floor(abs(exact) + Fraction(1, 2))
    return size if exact > 0 else -size


def _half_even(exact: Fraction, digits: int) -> Fraction:
    return Fraction(round(exact * 10**digits), 10**digits)


def _fixed(amount: Fraction, digits: int) -> str:
    units = amount * 10**digits
    assert units.denominator == 1
    text = str(abs(int(units))).rjust(digits + 1, "0")
    whole, part = text[: len(text) - digits], text[len(text) - digits :]
    return ("-" if units < 0 else "") + whole + ("." + part if digits else "")


def _shortest(factor: Fraction) -> str:
    digits = 2
    while (factor * 10**digits).denominator != 1:
        digits += 1
    return _fixed(factor, digits)


def _number(value: Any, at_least: int | None = None) -> Fraction:
    _demand(isinstance(value, str) and re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", value) is not None)
    number = Fraction(value)
    _demand(at_least is None or number >= at_least)
    return number


def _string(value: Any) -> str:
    _demand(isinstance(value, str) and not isinstance(value, Written))
    return str(value)


def _object(value: Any, known: set[str], needed: set[str]) -> None:
    _demand(isinstance(value, dict) and needed <= value.keys() <= known)


def _demand(held: bool) -> None:
    if not held:
        raise Refused


def _parsed(text: str) -> Any:
    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        _demand(len({key for key, _ in found}) == len(found))
        return dict(found)

    def constant(word: str) -> None:
        raise Refused

    try:
        return json.loads(
            text, parse_int=Written, parse_float=Written, parse_constant=constant, object_pairs_hook=pairs
        )
    except ValueError:
        raise Refused from None
