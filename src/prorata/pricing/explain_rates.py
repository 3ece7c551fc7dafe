"""The rate steps of an explanation: said once where all lines share it, else per line, else per side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from fractions import Fraction
from functools import lru_cache
from typing import TypeVar

from .change import Price
from .figures import factor_text, per_cent
from .rules import rate_lost_at
from .step import Step, step
from .tiers import Schedule

_T = TypeVar("_T")


def rates(price: Price) -> Iterator[Step]:
    """The discounts of today, the rest of the price list, and how long today's last."""
    pairs = [
        (_tiered(line.component.old_schedule), _tiered(line.component.new_schedule)) for line in price.lines
    ]
    sides = _distinct(pairs)
    schedules = _distinct(schedule for side in sides for schedule in side)
    if len(schedules) > 1 and (factor := _one_factor(price)) is not None:
        yield from _same(price, schedules, factor)
    elif len(sides) == 1:
        yield from _pair(price, "", *sides[0])
    else:
        names = [line.name for line in price.lines]
        for name, (old, new) in _distinct(zip(names, pairs, strict=True)):
            yield from _pair(price, name, old, new)


def _distinct(found: Iterable[_T]) -> list[_T]:
    """Each once, in order. (Not by hash: lines mostly share one schedule, and `is` is quickest.)"""
    kept: list[_T] = []
    for one in found:
        if one not in kept:
            kept.append(one)
    return kept


def _one_factor(price: Price) -> Fraction | None:
    """The factor that every side of every line has today, if it is one."""
    factors = {factor for line in price.lines for factor in (line.old_factor, line.new_factor)}
    return factors.pop() if len(factors) == 1 else None


def _tiered(schedule: Schedule | None) -> Schedule | None:
    """A schedule without tiers says the same as none."""
    return schedule if schedule and schedule.tiers else None


def _pair(price: Price, line: str, old: Schedule | None, new: Schedule | None) -> Iterator[Step]:
    if old is new or old == new:
        yield from _rate(price, new, line, "both")
    else:
        yield from _rate(price, old, line, "old")
        yield from _rate(price, new, line, "new")


def _rate(price: Price, schedule: Schedule | None, line: str, side: str) -> Iterator[Step]:
    """One schedule: the stretch that holds today, the others, and how long today's lasts."""
    scope: dict[str, object] = {"line": line, "side": side}
    if schedule is None:
        yield step("rate.none", scope)
        return
    yield from _stretches(schedule, price.time_left.whole, line, side)
    yield from _until(price, [schedule], scope)


@lru_cache(maxsize=4096)
def _stretches(schedule: Schedule, whole: int, line: str, side: str) -> tuple[Step, ...]:
    """The stretch that holds with `whole` months left, then the others."""
    today, others = [], []
    for start, stop, off in schedule.ranges:
        stretch: dict[str, object] = {"line": line, "side": side, "from": start, "off": per_cent(off)}
        if stop is not None:
            stretch["to"] = stop
        if start <= whole and (stop is None or whole <= stop):
            factor = factor_text(schedule.factor(whole))
            today.append(step("rate.open" if stop is None else "rate.range", {**stretch, "factor": factor}))
        else:
            others.append(step("rate.other_open" if stop is None else "rate.other", stretch))
    return (*today, *others)


def _same(price: Price, schedules: Iterable[Schedule | None], factor: Fraction) -> Iterator[Step]:
    scope: dict[str, object] = {"line": "", "side": "both"}
    yield step("rate.same", {**scope, "off": per_cent(1 - factor), "factor": factor_text(factor)})
    yield from _until(price, schedules, scope)


def _until(price: Price, schedules: Iterable[Schedule | None], scope: dict[str, object]) -> Iterator[Step]:
    """When the first of these schedules steps, if one does before the end of the term."""
    instants: list[datetime] = []
    for schedule in schedules:
        instant = rate_lost_at(price.time_left, schedule, price.term)
        if instant is not None:
            instants.append(instant)
    if instants:
        yield step("rate.until", {**scope, "until": min(instants).isoformat(), "zone": price.zone.key})
