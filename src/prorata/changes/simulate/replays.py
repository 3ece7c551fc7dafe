"""Last month's changes again, from what their quotes kept: as they were, and with other prices or another rule.

Instants, discounts in force then, carries, paid layers and minimum charges stay what they were; so a change that was
delivered whole costs "now" exactly what it cost before tax and vouchers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import accumulate, groupby
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from prorata.catalog.values import Value
from prorata.changes import states
from prorata.changes.inputs import component_of
from prorata.changes.models import Change, ChangeLine
from prorata.changes.simulate.monthly import Monthly, Unpriced
from prorata.changes.simulate.months import months_before
from prorata.changes.simulate.net import without_tax
from prorata.changes.simulate.outcome import Row
from prorata.changes.simulate.question import CannotSimulate, OtherBook, Pair, Question
from prorata.pricing.bulk import Columns, Layers, column, price_changes
from prorata.pricing.bulk.dates import micros
from prorata.pricing.layers import PaidShare
from prorata.pricing.money import PRECISE_DIGITS, exact_of, units_of
from prorata.pricing.tax import TaxRule
from prorata.pricing.tiers import Schedule

_AT_ONCE = 5_000
# Paid for or on its way; nothing came of the others, or nothing has come yet.
_BRINGS = (states.APPLYING, states.PARKED, states.ATTENTION, states.APPLIED, states.PARTLY_APPLIED)


class _How(NamedTuple):
    """What changes must share to be priced as columns."""

    zone: str
    currency: str
    rule: str
    rule_version: int | None
    credit: str
    credit_version: int | None


class _Side(NamedTuple):
    """A component on one side of the comparison: prices in units of 10^-8."""

    old: int
    new: int
    old_schedule: Schedule | None
    new_schedule: Schedule | None
    layers: tuple[PaidShare, ...]


@dataclass(frozen=True, kw_only=True)
class _Replay:
    how: _How
    product_id: int
    customer_id: int
    at: datetime
    ends_at: datetime
    starts_at: datetime
    period_months: int
    minimum: int
    carry: int
    now: tuple[_Side, ...]
    then: tuple[_Side, ...]
    tax_now: TaxRule
    tax_then: TaxRule


def replays(question: Question, since: datetime, until: datetime) -> Iterator[Row]:
    """A row for every change submitted after `since` and up to `until` that was paid for, given up ones excepted. A
    line that could not be delivered does not count. Raises CannotSimulate where the other prices lack one."""
    found = sorted(_read(question, since, until), key=lambda replay: replay.how)
    for how, group in groupby(found, key=lambda replay: replay.how):
        rows = list(group)
        now = _priced([row.now for row in rows], rows, how)
        then = _priced([row.then for row in rows], rows, _by_rule(how, question.rule))
        for row, before, after in zip(rows, now, then, strict=True):
            yield Row(
                row.product_id, row.customer_id, how.currency, *without_tax([before], row.tax_now),
                *without_tax([after], row.tax_then),
            )  # fmt: skip


def _read(question: Question, since: datetime, until: datetime) -> Iterator[_Replay]:
    others = {pair: Monthly(other.name, other.rates) for pair, other in question.books.items()}
    submitted = {"submitted_at__gt": since, "submitted_at__lte": until}
    undelivered: dict[int, set[str]] = {}
    lines = ChangeLine.objects.filter(
        state=ChangeLine.State.REVERSED, **{f"change__{when}": at for when, at in submitted.items()}
    )
    for change, code in lines.values_list("change_id", "component"):
        undelivered.setdefault(change, set()).add(code)
    changes = Change.objects.filter(**submitted, status__in=_BRINGS).order_by("id")
    facts = changes.values(
        "id", "reference", "customer_id", "currency", "service__product_id", "service__term_starts_at", "quote__inputs",
        "service__term_months", "quote__from_configuration", "quote__to_configuration",
    )  # fmt: skip
    for fact in facts.iterator(_AT_ONCE):
        if question.concerns(fact["service__product_id"], fact["currency"]):
            replay = _replay(fact, question, others, undelivered.get(fact["id"], set()))
            if replay.now:
                yield replay


def _replay(
    fact: Mapping[str, Any], question: Question, others: dict[Pair, Monthly], undelivered: set[str]
) -> _Replay:
    inputs, pair = fact["quote__inputs"], (fact["service__product_id"], fact["currency"])
    kept = [given for given in inputs["components"] if given["name"] not in undelivered]
    now = tuple(_as_it_was(given) for given in kept)
    tax = TaxRule(Decimal(inputs["tax"]["rate"]), inputs["tax"]["included"], inputs["tax"]["rounding"])
    then, tax_then = now, tax
    if (other := question.books.get(pair)) is not None:
        tax_then = TaxRule(tax.rate, other.tax_included, tax.rounding)
        before, after = fact["quote__from_configuration"], fact["quote__to_configuration"]
        try:
            then = tuple(
                _elsewhere(side, other, others[pair], given["name"], before, after)
                for given, side in zip(kept, now, strict=True)
            )
        except Unpriced as missing:
            raise CannotSimulate(f"{missing}, which {fact['reference']} changed: add it") from None
    return _Replay(
        how=_How(
            inputs["zone"], inputs["currency"], inputs["rule"], inputs.get("rule_version", 1), inputs["credit"],
            inputs.get("credit_version", 1),
        ),
        product_id=pair[0], customer_id=fact["customer_id"], at=datetime.fromisoformat(inputs["at"]),
        ends_at=datetime.fromisoformat(inputs["ends_at"]), starts_at=_start(inputs, fact),
        period_months=inputs.get("period_months") or fact["service__term_months"], minimum=inputs.get("minimum", 0),
        carry=_units(Decimal(inputs["carry"])), now=now, then=then, tax_now=tax, tax_then=tax_then,
    )  # fmt: skip


def _start(inputs: Mapping[str, Any], fact: Mapping[str, Any]) -> datetime:
    """Where the paid period began. A quote of the time when no rule asked for it says nothing: then it is that of the
    term, or, if the service has been renewed since, as far before the end as a term is long."""
    if inputs.get("starts_at"):
        return datetime.fromisoformat(inputs["starts_at"])
    ends_at, found = datetime.fromisoformat(inputs["ends_at"]), fact["service__term_starts_at"]
    return (
        found
        if found < ends_at
        else months_before(ends_at, fact["service__term_months"], ZoneInfo(inputs["zone"]))
    )


def _by_rule(how: _How, rule: str | None) -> _How:
    """The same by another rule, in its newest version."""
    return how if rule is None else how._replace(rule=rule, rule_version=None)


def _as_it_was(given: dict[str, Any]) -> _Side:
    it = component_of(given)
    return _Side(_units(it.old), _units(it.new), it.old_schedule, it.new_schedule, it.layers or ())


def _elsewhere(
    side: _Side,
    other: OtherBook,
    prices: Monthly,
    code: str,
    before: Mapping[str, Value],
    after: Mapping[str, Value],
) -> _Side:
    """The same step at other prices, and at other discounts if they come with them."""
    moved = side._replace(old=prices.of(code, before[code]), new=prices.of(code, after[code]))
    if other.keeps_discounts:
        return moved
    return moved._replace(old_schedule=other.schedule, new_schedule=other.schedule)


def _units(amount: Decimal) -> int:
    return units_of(exact_of(amount), PRECISE_DIGITS)


def _priced(sides: Sequence[tuple[_Side, ...]], rows: Sequence[_Replay], how: _How) -> list[int]:
    """The totals of one side in minor units of the book's basis, a minimum charge included."""
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
    return [
        max(total, row.minimum) if total > 0 else total
        for total, row in zip(prices.total.tolist(), rows, strict=True)
    ]


def _schedules(parts: Iterable[_Side]) -> Iterator[Schedule | None]:
    for part in parts:
        yield part.old_schedule
        yield part.new_schedule


def _layers(parts: Sequence[_Side]) -> Layers:
    paid = [layer for part in parts for layer in part.layers]
    return Layers(
        first=_starts(len(part.layers) for part in parts),
        amount=column(_units(layer.amount) for layer in paid),
        starts=column(layer.starts.toordinal() - _EPOCH for layer in paid),
        ends=column(layer.ends.toordinal() - _EPOCH for layer in paid),
        share_above=column(layer.share.numerator for layer in paid),
        share_below=column(layer.share.denominator for layer in paid),
        known=[True] * len(parts),
    )


_EPOCH = datetime(1970, 1, 1).toordinal()  # noqa: DTZ001 - a day, not an instant


def _starts(counts: Iterable[int]) -> list[int]:
    return [0, *accumulate(counts)]
