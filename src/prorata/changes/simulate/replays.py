"""Last month's changes again, from what their quotes kept: as they were, and with other prices or another rule.

Instants, discounts in force then, carries, paid layers and minimum charges stay what they were; so a change that was
delivered whole costs "now" exactly what it cost before tax and vouchers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from prorata.changes import states
from prorata.changes.inputs import component_of
from prorata.changes.models import Change, ChangeLine
from prorata.changes.simulate.monthly import Monthly, Unpriced
from prorata.changes.simulate.months import months_before
from prorata.changes.simulate.outcome import Row
from prorata.changes.simulate.question import CannotSimulate, OtherBook, Pair, Question
from prorata.changes.simulate.replay_columns import Basis, How, Replay, Side, totals, units
from prorata.pricing.change import CREDIT_VERSIONS, DEFAULT_CREDIT, REBUY
from prorata.pricing.tax import TaxRule

_AT_ONCE = 5_000
# Paid for or on its way; nothing came of the others, or nothing has come yet.
_BRINGS = (states.APPLYING, states.PARKED, states.ATTENTION, states.APPLIED, states.PARTLY_APPLIED)
_FACTS = (
    "id", "reference", "customer_id", "currency", "service__product_id", "service__term_starts_at",
    "service__term_months", "quote__inputs", "quote__from_configuration", "quote__to_configuration",
)  # fmt: skip


def replays(question: Question, since: datetime, until: datetime) -> Iterator[Row]:
    """A row for every change submitted after `since` and up to `until` that was paid for, given up ones excepted. A
    line that could not be delivered does not count. Raises CannotSimulate where the other prices lack one."""
    found = sorted(_read(question, since, until), key=lambda replay: replay.how)
    for how, group in groupby(found, key=lambda replay: replay.how):
        rows = list(group)
        now = totals([row.now for row in rows], rows, how)
        then = totals([row.then for row in rows], rows, how.by(question.rule))
        for row, before, after in zip(rows, now, then, strict=True):
            net = row.basis_now.net(before), row.basis_then.net(after)
            yield Row(row.product_id, row.customer_id, how.currency, *net)


def _read(question: Question, since: datetime, until: datetime) -> Iterator[Replay]:
    others = {pair: Monthly(other.name, other.rates) for pair, other in question.books.items()}
    undelivered = _undelivered(since, until)
    changes = Change.objects.filter(submitted_at__gt=since, submitted_at__lte=until, status__in=_BRINGS)
    for fact in changes.order_by("id").values(*_FACTS).iterator(_AT_ONCE):
        if question.concerns(fact["service__product_id"], fact["currency"]):
            replay = _replay(fact, question, others, undelivered.get(fact["id"], set()))
            if replay.now:
                yield replay


def _undelivered(since: datetime, until: datetime) -> dict[int, set[str]]:
    """The codes of the lines that were given back, by change."""
    found: dict[int, set[str]] = {}
    lines = ChangeLine.objects.filter(
        state=ChangeLine.State.REVERSED, change__submitted_at__gt=since, change__submitted_at__lte=until
    )
    for change, code in lines.values_list("change_id", "component"):
        found.setdefault(change, set()).add(code)
    return found


def _replay(
    fact: Mapping[str, Any], question: Question, others: Mapping[Pair, Monthly], undelivered: set[str]
) -> Replay:
    inputs, pair = fact["quote__inputs"], (fact["service__product_id"], fact["currency"])
    kept = [given for given in inputs["components"] if given["name"] not in undelivered]
    now = tuple(_as_it_was(given) for given in kept)
    tax = TaxRule(Decimal(inputs["tax"]["rate"]), inputs["tax"]["included"], inputs["tax"]["rounding"])
    then, basis = now, Basis(inputs.get("minimum", 0), tax)
    basis_then = basis
    if (other := question.books.get(pair)) is not None:
        least = basis.minimum if other.minimum_charge_minor is None else other.minimum_charge_minor
        basis_then = Basis(least, TaxRule(tax.rate, other.tax_included, tax.rounding))
        then = _at_other_prices(fact, [given["name"] for given in kept], now, other, others[pair])
    return Replay(
        how=How(
            inputs["zone"], inputs["currency"], inputs["rule"], inputs.get("rule_version", 1), *_credit(inputs),
        ),
        product_id=pair[0], customer_id=fact["customer_id"], at=datetime.fromisoformat(inputs["at"]),
        ends_at=datetime.fromisoformat(inputs["ends_at"]), starts_at=_start(inputs, fact),
        period_months=inputs.get("period_months") or fact["service__term_months"],
        carry=units(Decimal(inputs["carry"])), now=now, then=then, basis_now=basis, basis_then=basis_then,
    )  # fmt: skip


def _credit(inputs: Mapping[str, Any]) -> tuple[str, int]:
    """The credit model and its version. What was lowered by buying anew is compared by its paid layers alone: what was used
    at other prices is not known here."""
    if inputs["credit"] == REBUY:
        return DEFAULT_CREDIT, CREDIT_VERSIONS[DEFAULT_CREDIT]
    return inputs["credit"], inputs.get("credit_version", 1)


def _start(inputs: Mapping[str, Any], fact: Mapping[str, Any]) -> datetime:
    """Where the paid period began. A quote of the time when no rule asked for it says nothing: then it is that of the
    term, or, if the service has been renewed since, as far before the end as a term is long."""
    if inputs.get("starts_at"):
        return datetime.fromisoformat(inputs["starts_at"])
    ends_at, found = datetime.fromisoformat(inputs["ends_at"]), fact["service__term_starts_at"]
    if found < ends_at:
        return found
    return months_before(ends_at, fact["service__term_months"], ZoneInfo(inputs["zone"]))


def _as_it_was(given: dict[str, Any]) -> Side:
    it = component_of(given)
    return Side(units(it.old), units(it.new), it.old_schedule, it.new_schedule, it.layers or ())


def _at_other_prices(
    fact: Mapping[str, Any], codes: Sequence[str], now: Sequence[Side], other: OtherBook, prices: Monthly
) -> tuple[Side, ...]:
    before, after = fact["quote__from_configuration"], fact["quote__to_configuration"]
    try:
        return tuple(
            _elsewhere(side, other, prices.of(code, before[code]), prices.of(code, after[code]))
            for code, side in zip(codes, now, strict=True)
        )
    except Unpriced as missing:
        raise CannotSimulate(f"{missing}, which {fact['reference']} changed: add it") from None


def _elsewhere(side: Side, other: OtherBook, old: int, new: int) -> Side:
    """The same step at other prices, and at other discounts if they come with them."""
    moved = side._replace(old=old, new=new)
    if other.keeps_discounts:
        return moved
    return moved._replace(old_schedule=other.schedule, new_schedule=other.schedule)
