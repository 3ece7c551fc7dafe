"""Replays as columns: what was frozen, priced together where rule, zone, currency and credit model are the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import accumulate
from typing import NamedTuple
from zoneinfo import ZoneInfo

from prorata.changes.simulate.net import without_tax
from prorata.pricing.bulk import Columns, Layers, column, price_changes
from prorata.pricing.bulk.dates import micros
from prorata.pricing.layers import PaidShare
from prorata.pricing.money import PRECISE_DIGITS, exact_of, units_of
from prorata.pricing.tax import TaxRule
from prorata.pricing.tiers import Schedule

_EPOCH = date(1970, 1, 1).toordinal()


class How(NamedTuple):
    """What changes must share to be priced as columns; no version is the newest."""

    zone: str
    currency: str
    rule: str
    rule_version: int | None
    credit: str
    credit_version: int | None

    def by(self, rule: str | None) -> How:
        """The same by another rule, in its newest version."""
        return self if rule is None else self._replace(rule=rule, rule_version=None)


class Side(NamedTuple):
    """A component on one side of the comparison: prices in units of 10^-8."""

    old: int
    new: int
    old_schedule: Schedule | None
    new_schedule: Schedule | None
    layers: tuple[PaidShare, ...]


class Basis(NamedTuple):
    """What becomes of a rounded total: a minimum charge (minor units), and tax that is taken out."""

    minimum: int
    tax: TaxRule

    def net(self, total: int) -> int:
        """What is charged, before tax; nothing and a credit know no minimum."""
        return without_tax([max(total, self.minimum) if total > 0 else total], self.tax)[0]


@dataclass(frozen=True, kw_only=True)
class Replay:
    """One change. `carry` is in units of 10^-8; `now` and `then` are its components on both sides."""

    how: How
    product_id: int
    customer_id: int
    at: datetime
    ends_at: datetime
    starts_at: datetime
    period_months: int
    carry: int
    now: tuple[Side, ...]
    then: tuple[Side, ...]
    basis_now: Basis
    basis_then: Basis


def totals(sides: Sequence[tuple[Side, ...]], rows: Sequence[Replay], how: How) -> list[int]:
    """The totals of one side, row by row, in minor units of the book's basis."""
    parts = [part for side in sides for part in side]
    schedules = {schedule: n for n, schedule in enumerate(dict.fromkeys(_schedules(parts)))}
    columns = Columns(
        at=column(micros(row.at) for row in rows),
        ends_at=column(micros(row.ends_at) for row in rows),
        starts_at=column(micros(row.starts_at) for row in rows),
        period_months=column(row.period_months for row in rows),
        first=_starts(len(side) for side in sides),
        old=column(part.old for part in parts),
        new=column(part.new for part in parts),
        carry=column(row.carry for row in rows),
        schedules=tuple(schedules),
        old_schedule=column(schedules[part.old_schedule] for part in parts),
        new_schedule=column(schedules[part.new_schedule] for part in parts),
        layers=_layers(parts),
    )
    prices = price_changes(
        columns, zone=ZoneInfo(how.zone), currency=how.currency, rule=how.rule, credit=how.credit,
        rule_version=how.rule_version, credit_version=how.credit_version,
    )  # fmt: skip
    return [int(total) for total in prices.total]


def units(amount: Decimal) -> int:
    """A precise amount in units of 10^-8."""
    return units_of(exact_of(amount), PRECISE_DIGITS)


def _schedules(parts: Iterable[Side]) -> Iterator[Schedule | None]:
    for part in parts:
        yield part.old_schedule
        yield part.new_schedule


def _layers(parts: Sequence[Side]) -> Layers:
    paid = [layer for part in parts for layer in part.layers]
    return Layers(
        first=_starts(len(part.layers) for part in parts),
        amount=column(units(layer.amount) for layer in paid),
        starts=column(layer.starts.toordinal() - _EPOCH for layer in paid),
        ends=column(layer.ends.toordinal() - _EPOCH for layer in paid),
        share_above=column(layer.share.numerator for layer in paid),
        share_below=column(layer.share.denominator for layer in paid),
        known=[True] * len(parts),
    )


def _starts(counts: Iterable[int]) -> list[int]:
    return [0, *accumulate(counts)]
