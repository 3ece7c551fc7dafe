"""One row by the scalar function."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple
from zoneinfo import ZoneInfo

from prorata.pricing.change import Component, price_change
from prorata.pricing.errors import BadInput
from prorata.pricing.layers import PaidShare
from prorata.pricing.money import PRECISE_DIGITS, decimal_of, exact_of, units_of

from .columns import Read, ReadLayers

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Scalar(NamedTuple):
    """What `Prices` says of one row."""

    total: int
    exact: int
    carry: int
    whole: int
    lines: tuple[int, ...]


class How(NamedTuple):
    """What all rows share."""

    zone: ZoneInfo
    currency: str
    rule: str
    credit: str
    rule_version: int | None
    credit_version: int | None


def price_row(columns: Read, row: int, how: How) -> Scalar:
    """The answer of `price_change` for one row. Raises its BadInput with the row's number before it."""
    try:
        price = price_change(
            at=_instant(columns.at[row]),
            ends_at=_instant(columns.ends_at[row]),
            components=[
                _component(columns, part)
                for part in range(int(columns.first[row]), int(columns.first[row + 1]))
            ],
            carry=decimal_of(columns.carry.exactly(row), PRECISE_DIGITS),
            starts_at=None if columns.starts_at is None else _instant(columns.starts_at[row]),
            period_months=int(columns.period_months[row]) or None,
            **how._asdict(),
        )
    except BadInput as refused:
        raise BadInput(f"row {row}: {refused}") from None
    return Scalar(
        price.total,
        _units(price.exact),
        _units(price.carry_out),
        price.time_left.whole,
        tuple(_units(line.exact) for line in price.lines),
    )


def _component(columns: Read, part: int) -> Component:
    return Component(
        f"component {part}",
        decimal_of(columns.old.exactly(part), PRECISE_DIGITS),
        decimal_of(columns.new.exactly(part), PRECISE_DIGITS),
        columns.schedules[columns.old_schedule[part]],
        columns.schedules[columns.new_schedule[part]],
        None if columns.layers is None else _layers(columns.layers, part),
    )


def _layers(layers: ReadLayers, part: int) -> tuple[PaidShare, ...] | None:
    if not layers.known[part]:
        return None
    return tuple(_layer(layers, n) for n in range(int(layers.first[part]), int(layers.first[part + 1])))


def _layer(layers: ReadLayers, n: int) -> PaidShare:
    below = layers.below.exactly(n)
    if below <= 0:
        raise BadInput("the share of a paid layer must have a positive denominator")
    return PaidShare(
        f"layer {n}",
        decimal_of(layers.amount.exactly(n), PRECISE_DIGITS),
        _day(layers.starts[n]),
        _day(layers.ends[n]),
        Fraction(layers.above.exactly(n), below),
    )


def _instant(micros: int) -> datetime:
    try:
        return _EPOCH + timedelta(microseconds=int(micros))
    except OverflowError:
        raise BadInput("an instant is outside the calendar: use years 1 to 9999") from None


def _day(days: int) -> date:
    try:
        return _EPOCH.date() + timedelta(days=int(days))
    except OverflowError:
        raise BadInput("a day of a paid layer is outside the calendar: use years 1 to 9999") from None


def _units(amount: Decimal) -> int:
    return units_of(exact_of(amount), PRECISE_DIGITS)
