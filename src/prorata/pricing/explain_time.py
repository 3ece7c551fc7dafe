"""The time-left steps of an explanation, one function per rule; the keys are listed in `explain`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import groupby

from .change import Price
from .figures import four_decimals, shortest
from .step import Step, step
from .terms import MonthDays, TimeLeft


def time_steps(price: Price) -> Iterator[Step]:
    """How the time left of `price` was counted."""
    return _BY_RULE[price.rule](price)


def _calendar_months(price: Price) -> Iterator[Step]:
    left = price.time_left
    if left.last_day:
        yield step("time.last_day", {"from": left.day, "of": left.of, "months": four_decimals(left.months)})
        return
    if left.whole:
        yield step("time.whole", {"from": left.day, "to": left.anniversary, "months": left.whole})
    if left.days and left.of:
        leg: dict[str, object] = {"from": left.anniversary, "to": left.end, "days": left.days, "of": left.of}
        if left.days > left.of:
            yield step("time.days_over", leg)
        else:
            yield step("time.days", {**leg, "months": four_decimals(Fraction(left.days, left.of))})
        if left.whole:
            days = min(left.days, left.of)
            yield step(
                "time.together", {"whole": left.whole, "days": days, "of": left.of, "months": left.fraction}
            )


def _average_months(price: Price) -> Iterator[Step]:
    left = price.time_left
    yield step("time.average", {**_days(left), "days": left.days, **_result(left)})


def _thirty_day_months(price: Price) -> Iterator[Step]:
    left = price.time_left
    hours, of = left.ratio
    yield step("time.hours", {**_instants(price), "hours": hours, "of": of, **_result(left)})


def _calendar_sum(price: Price) -> Iterator[Step]:
    left = price.time_left
    if not left.calendar:
        yield step("time.month_none", {"from": left.day})
    terms = []
    for is_whole, group in groupby(left.calendar, lambda part: part.days == part.of):
        parts = list(group)
        if is_whole:
            yield step(
                "time.month_whole", {"from": parts[0].month, "to": parts[-1].month, "count": len(parts)}
            )
            terms.append(str(len(parts)))
        else:
            yield from map(_month_days, parts)
            terms += [f"{part.days}/{part.of}" for part in parts]
    if len(terms) > 1:
        yield step("time.month_sum", {"parts": " + ".join(terms), **_result(left)})


def _month_days(part: MonthDays) -> Step:
    months = four_decimals(Fraction(part.days, part.of))
    return step("time.month_days", {"month": part.month, "days": part.days, "of": part.of, "months": months})


def _period_days(price: Price) -> Iterator[Step]:
    left = price.time_left
    yield step("time.period_days", {**_days(left), "days": left.days, "of": left.of, **_part(left)})
    yield from _paid_months(left)


def _period_seconds(price: Price) -> Iterator[Step]:
    left = price.time_left
    seconds, of = (shortest(Fraction(part), 0) for part in left.ratio)
    yield step("time.period_seconds", {**_instants(price), "seconds": seconds, "of": of, **_part(left)})
    yield from _paid_months(left)


def _paid_months(left: TimeLeft) -> Iterator[Step]:
    if left.paid_months is not None and left.paid_months > 1:
        yield step("time.period_months", {"part": left.part, "paid": left.paid_months, **_result(left)})


def _days(left: TimeLeft) -> dict[str, object]:
    # Clocks that go back over midnight can put the end on the day before: it is the last day all the same.
    return {"from": left.day, "to": max(left.day, left.end)}


def _instants(price: Price) -> dict[str, object]:
    return {
        "from": price.at.astimezone(price.zone).isoformat(),
        "to": price.ends_at.astimezone(price.zone).isoformat(),
        "zone": price.zone.key,
    }


def _part(left: TimeLeft) -> dict[str, object]:
    """The part of the period alone, before it is multiplied by the months paid for."""
    return {"fraction": left.part, "months": four_decimals(left.months / (left.paid_months or 1))}


def _result(left: TimeLeft) -> dict[str, object]:
    return {"fraction": left.fraction, "months": four_decimals(left.months)}


_BY_RULE: dict[str, Callable[[Price], Iterator[Step]]] = {
    "calendar-months": _calendar_months,
    "average-months": _average_months,
    "thirty-day-months": _thirty_day_months,
    "calendar-sum": _calendar_sum,
    "period-days": _period_days,
    "period-seconds": _period_seconds,
}
