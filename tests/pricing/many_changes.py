"""Many random changes at once, as the scalar function takes them and as columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import accumulate
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from pricing.random_books import FIRST, ZONES, rate, schedule
from prorata.pricing.bulk import Columns, Layers, Prices, column, price_changes
from prorata.pricing.bulk.dates import micros
from prorata.pricing.change import CREDIT_MODELS, Component, Price, price_change
from prorata.pricing.layers import PaidShare
from prorata.pricing.money import units_of
from prorata.pricing.rules import RULES
from prorata.pricing.tiers import Schedule, Tier

CURRENCIES = {"JPY": 0, "USD": 2, "KWD": 3, "CLF": 4}


@dataclass
class Row:
    at: datetime
    ends_at: datetime
    starts_at: datetime
    components: list[Component]
    carry: Decimal
    period_months: int = 0


@dataclass
class Many:
    """Changes that share zone, currency, rule and credit model."""

    zone: ZoneInfo
    currency: str
    rule: str
    credit: str = "capped"
    rows: list[Row] = field(default_factory=list)

    def columns(self) -> Columns:
        """The same rows as columns."""
        components = [component for row in self.rows for component in row.components]
        schedules = list(dict.fromkeys(s for c in components for s in (c.old_schedule, c.new_schedule))) or [
            None
        ]
        return Columns(
            at=[micros(row.at) for row in self.rows],
            ends_at=[micros(row.ends_at) for row in self.rows],
            starts_at=[micros(row.starts_at) for row in self.rows],
            period_months=[row.period_months for row in self.rows],
            first=starts(len(row.components) for row in self.rows),
            old=column(units(c.old) for c in components),
            new=column(units(c.new) for c in components),
            carry=column(units(row.carry) for row in self.rows),
            schedules=schedules,
            old_schedule=[schedules.index(c.old_schedule) for c in components],
            new_schedule=[schedules.index(c.new_schedule) for c in components],
            layers=layers(components),
        )

    def bulk(self) -> Prices:
        return price_changes(
            self.columns(), zone=self.zone, currency=self.currency, rule=self.rule, credit=self.credit
        )

    def scalar(self) -> list[Price]:
        return [
            price_change(
                at=row.at,
                ends_at=row.ends_at,
                zone=self.zone,
                currency=self.currency,
                components=row.components,
                carry=row.carry,
                rule=self.rule,
                credit=self.credit,
                starts_at=row.starts_at,
                period_months=row.period_months or None,
            )
            for row in self.rows
        ]


def same(many: Many) -> Prices:
    """Both ways give the same answer on every row and in every column."""
    found, expected = many.bulk(), many.scalar()
    assert list(found.total) == [price.total for price in expected]
    assert list(found.exact) == [units(price.exact) for price in expected]
    assert list(found.carry) == [units(price.carry_out) for price in expected]
    assert list(found.whole) == [price.time_left.whole for price in expected]
    assert list(found.lines) == [units(line.exact) for price in expected for line in price.lines]
    return found


def units(amount: Decimal) -> int:
    return units_of(Fraction(amount), 8)


def starts(counts: Any) -> list[int]:
    return [0, *accumulate(counts)]


def layers(components: Sequence[Component]) -> Layers:
    paid = [layer for component in components for layer in component.layers or ()]
    return Layers(
        first=starts(len(component.layers or ()) for component in components),
        amount=column(units(layer.amount) for layer in paid),
        starts=[days(layer.starts) for layer in paid],
        ends=[days(layer.ends) for layer in paid],
        share_above=column(layer.share.numerator for layer in paid),
        share_below=column(layer.share.denominator for layer in paid),
        known=[component.layers is not None for component in components],
    )


def days(day: date) -> int:
    return (day - date(1970, 1, 1)).days


def draw(rng: Random, count: int, *, huge: bool = False) -> Many:
    """`count` random changes. `huge`: prices, terms, schedules and shares far beyond what anybody sells are among
    them."""
    currency, digits = rng.choice(sorted(CURRENCIES.items()))
    many = Many(
        ZoneInfo(rng.choice(ZONES)), currency, rng.choice(list(RULES)), rng.choice((*CREDIT_MODELS, "capped"))
    )
    books = [schedule(rng) for _ in range(rng.randint(1, 3))]
    if huge and rng.random() < 0.3:
        books.append(Schedule((Tier(rng.choice((2, 10**10)), Decimal(rng.randint(1, 10**12)).scaleb(-12)),)))
    many.rows = [_row(rng, digits, books, huge) for _ in range(count)]
    return many


def _row(rng: Random, digits: int, books: Sequence[Schedule | None], huge: bool) -> Row:
    odd = huge and rng.random() < 0.5
    at = FIRST + timedelta(microseconds=rng.randint(0, 6 * 365 * 86_400) * 10**6)
    if rng.random() < 0.2:
        at += timedelta(microseconds=rng.randint(0, 10**6))
    years = rng.choice((1, 1, 1, 60, 1000)) if odd else 1
    ends_at = at + timedelta(minutes=rng.choice((rng.randint(1, 1440), rng.randint(1, years * 525_600))))
    starts_at = ends_at - timedelta(
        minutes=rng.choice((rng.randint(1, 600), rng.randint(1, years * 525_600)))
    )
    carry = rng.randint(-(10 ** rng.choice((3, 8, 17, 24))), 10**7) if odd else rng.randint(-(10**7), 10**7)
    components = [
        _component(rng, digits, books, at.date(), odd) for _ in range(rng.choice((0, 1, 1, 2, 3, 5)))
    ]
    if odd and rng.random() < 0.1:
        components *= 20
    months = rng.choice((0, 1, 3, 12, 120, 10**9 if odd else 36))
    return Row(at, ends_at, starts_at, components, Decimal(carry).scaleb(-8), months)


def _component(
    rng: Random, digits: int, books: Sequence[Schedule | None], day: date, huge: bool
) -> Component:
    old, new = (_price(rng, digits, huge) for _ in range(2))
    paid = None if rng.random() < 0.2 else _layers(rng, digits, day, huge)
    return Component("c", old, new, rng.choice(books), rng.choice(books), paid)


def _price(rng: Random, digits: int, huge: bool) -> Decimal:
    if huge and rng.random() < 0.5:
        return Decimal(rng.randint(0, 10 ** rng.choice((12, 15, 17, 19, 22)))) / 10**8
    return rate(rng, digits) * rng.randint(0, 8)


def _layers(rng: Random, digits: int, day: date, huge: bool) -> tuple[PaidShare, ...]:
    return tuple(
        PaidShare(
            str(number),
            _price(rng, digits, huge) * 9,
            starts := day - timedelta(days=rng.randint(-30, 300)),
            starts + timedelta(days=rng.randint(1, 600 if not huge else 10**5)),
            _share(rng, huge),
        )
        for number in range(rng.choice((0, 1, 1, 2, 3, 40 if huge else 4)))
    )


def _share(rng: Random, huge: bool) -> Fraction:
    below = rng.choice((1, 6, 6, 10 ** rng.choice((3, 9, 13, 17, 20)) + 1 if huge else 7))
    return Fraction(rng.randint(0, below), below)


def one(
    component: Component, *, at: datetime, ends_at: datetime, rule: str = "calendar-months", zone: str = "UTC"
) -> Many:
    """A single change of one component."""
    row = Row(at, ends_at, at, [component], Decimal(0))
    return Many(ZoneInfo(zone), "USD", rule, rows=[row])


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
