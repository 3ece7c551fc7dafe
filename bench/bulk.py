"""How long a million services take to be priced anew, beside the scalar function in the same run: one core.

    python -m bench.bulk            a million services, about a minute
    python -m bench.bulk --smoke    some thousand, to see that it works

Every service has prices of its own, dates to the second, and one of five price lists; all change at one instant, as they
do when a provider asks what another price book would bring. The scalar function prices a sample, and must agree.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import TypeVar
from zoneinfo import ZoneInfo

import numpy as np

from bench.figures import moment
from prorata.pricing.bulk import Columns, Layers, Prices, price_changes
from prorata.pricing.bulk.dates import micros
from prorata.pricing.change import Component, Price, price_change
from prorata.pricing.layers import PaidShare
from prorata.pricing.money import decimal_of
from prorata.pricing.rules import RULES
from prorata.pricing.terms import DEFAULT_RULE
from prorata.pricing.tiers import Schedule, Tier

ZONE, CURRENCY = ZoneInfo("Europe/Berlin"), "EUR"
NOW = datetime(2026, 3, 14, 9, 26, 53, tzinfo=UTC)
EPOCH, TODAY = datetime(1970, 1, 1, tzinfo=UTC), NOW.astimezone(ZONE).date()
Result = TypeVar("Result")
CENT = 10**6
LISTS = tuple(
    Schedule(tuple(Tier(months, Decimal(off * step) / 100) for step, months in enumerate((1, 3, 6, 12))))
    for off in (3, 5, 7, 10, 12)
)


@dataclass(frozen=True)
class Size:
    services: int
    sample: int
    rounds: int


FULL, SMOKE = Size(services=1_000_000, sample=3_000, rounds=5), Size(services=4_000, sample=200, rounds=1)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.bulk", description=__doc__.splitlines()[0])
    parser.add_argument("--smoke", action="store_true", help="some thousand services, to see that it works")
    size = SMOKE if parser.parse_args().smoke else FULL
    print(moment())
    print(
        f"{size.services:,} services, the best of {size.rounds} rounds; {size.sample:,} of them by the scalar function"
    )
    print(
        f"{'':<34}{'processor':>11}{'clock':>11}{'scalar, all':>14}{'ratio':>8}  rows left to the scalar function"
    )
    for rule in RULES:
        measure(rule, rule, size, lines=1)
    measure(f"{DEFAULT_RULE}, 3 lines", DEFAULT_RULE, size, lines=3)
    measure(f"{DEFAULT_RULE}, a paid layer", DEFAULT_RULE, size, lines=1, paid=True)
    print(moment())
    return 0


def measure(what: str, rule: str, size: Size, *, lines: int, paid: bool = False) -> None:
    """Price everything in columns and the sample one by one; print a line."""
    columns = draw(size.services, lines, paid)
    rounds, found = [], None
    for _ in range(size.rounds):
        spent, found = clocked(lambda: price_changes(columns, zone=ZONE, currency=CURRENCY, rule=rule))
        rounds.append(spent)
    assert found is not None
    step = size.services // size.sample
    asked = [(row, terms(columns, row, lines)) for row in range(0, size.services, step)]
    (each, _), prices = clocked(lambda: [one(how, components, rule) for _, (how, components) in asked])
    check(found, [(row, price) for (row, _), price in zip(asked, prices, strict=True)])
    cpu, scalar = min(cpu for cpu, _ in rounds), each / len(asked) * size.services
    print(
        f"{what:<34}{cpu:>9.3f} s{min(wall for _, wall in rounds):>9.3f} s{scalar:>12.1f} s{scalar / cpu:>8.0f}"
        f"  {int(found.by_scalar.sum()):,}"
    )


def clocked(work: Callable[[], Result]) -> tuple[tuple[float, float], Result]:
    """(seconds of this process's processor time, seconds by the clock), and what came out."""
    cpu, wall = time.process_time(), time.perf_counter()
    result = work()
    return (time.process_time() - cpu, time.perf_counter() - wall), result


def draw(services: int, lines: int, paid: bool) -> Columns:
    """Prices with cents up to 900 a month, terms of up to a year that end at any second. Paid: all shrink."""
    rng = np.random.default_rng(1)
    now, components = micros(NOW), services * lines
    old, new = rng.integers(0, 50_000, components) * CENT, rng.integers(0, 90_000, components) * CENT
    which = np.repeat(rng.integers(0, len(LISTS), services), lines)
    layers = None
    if paid:
        old, new = np.maximum(old, new), np.minimum(old, new)
        starts = (TODAY - date(1970, 1, 1)).days - rng.integers(0, 200, components)
        layers = Layers(
            first=np.arange(components + 1), amount=old * 3, starts=starts, ends=starts + rng.integers(200, 400, components),
            share_above=old - new, share_below=np.maximum(old, 1), known=np.ones(components, np.bool_),
        )  # fmt: skip
    return Columns(
        at=now, ends_at=now + rng.integers(1, 366 * 86_400, services) * 10**6,
        starts_at=now - rng.integers(0, 180 * 86_400, services) * 10**6, first=np.arange(0, components + 1, lines),
        old=old, new=new, carry=rng.integers(-500_000, 500_000, services), schedules=LISTS, old_schedule=which,
        new_schedule=which, layers=layers,
    )  # fmt: skip


def terms(columns: Columns, row: int, lines: int) -> tuple[dict[str, object], list[Component]]:
    """The same row for the scalar function, which is not timed while it is made ready."""
    assert isinstance(columns.starts_at, np.ndarray)
    assert isinstance(columns.carry, np.ndarray)
    how: dict[str, object] = {
        "ends_at": instant(columns.ends_at[row]), "starts_at": instant(columns.starts_at[row]),
        "carry": amount(columns.carry[row]),
    }  # fmt: skip
    return how, [component(columns, part) for part in range(row * lines, (row + 1) * lines)]


def component(columns: Columns, part: int) -> Component:
    assert isinstance(columns.old_schedule, np.ndarray)
    live = LISTS[columns.old_schedule[part]]
    paid = None
    if (held := columns.layers) is not None:
        share = Fraction(int(held.share_above[part]), int(held.share_below[part]))
        starts, ends = (date(1970, 1, 1) + timedelta(days=int(day[part])) for day in (held.starts, held.ends))
        paid = (PaidShare("paid", amount(held.amount[part]), starts, ends, share),)
    return Component("line", amount(columns.old[part]), amount(columns.new[part]), live, live, paid)


def one(how: dict[str, object], components: list[Component], rule: str) -> Price:
    return price_change(at=NOW, zone=ZONE, currency=CURRENCY, rule=rule, components=components, **how)  # type: ignore[arg-type]


def check(found: Prices, prices: list[tuple[int, Price]]) -> None:
    """Figures of answers that differ would be worth nothing."""
    for row, price in prices:
        if (price.total, price.exact) != (found.total[row], amount(found.exact[row])):
            raise SystemExit(
                f"bench: row {row} differs: {price.total} by the scalar function, {found.total[row]} in bulk"
            )


def amount(units: int) -> Decimal:
    return decimal_of(int(units), 8)


def instant(at: int) -> datetime:
    return EPOCH + timedelta(microseconds=int(at))


if __name__ == "__main__":
    raise SystemExit(main())
