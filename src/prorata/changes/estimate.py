"""What a change would cost now. Computed, stored nowhere, binding nobody: the quote does that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from prorata.catalog.models import ResourceType
from prorata.catalog.values import BookValues, Value
from prorata.changes.limits import Limit, check
from prorata.changes.refusals import Refusal, Refused
from prorata.changes.settle import rebuy_of
from prorata.changes.situation import Situation
from prorata.credit.models import Voucher
from prorata.credit.voucher import terms
from prorata.invoices.layers import Slice
from prorata.pricing.change import REBUY, Component, Price, price_change
from prorata.pricing.display import amount_text
from prorata.pricing.explain import Step, steps
from prorata.pricing.rebuy import Rebuy
from prorata.pricing.renewal import renewal_minor
from prorata.pricing.rules import rate_lost_at
from prorata.pricing.tax import Document, TaxRule, document
from prorata.pricing.terms import local_date
from prorata.pricing.tiers import Schedule
from prorata.pricing.voucher import NotForThis

NOTHING_PAID = Rebuy(Decimal(0), (), Decimal(0))
Mode = Literal["live", "restart"]


@dataclass(frozen=True, kw_only=True)
class EstimateLine:
    """One changed resource. Amounts in minor units; `old_monthly` and `new_monthly` in major units."""

    code: str
    name: str
    unit: str
    before: Value
    after: Value
    net_minor: int
    tax_minor: int
    gross_minor: int
    exact: Decimal
    old_monthly: Decimal
    new_monthly: Decimal
    mode: Mode
    reduces: bool
    capped: bool
    raised_minor: int
    discount_minor: int


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """The price of a change with everything that explains it. Monthly prices are major units in the book's basis."""

    situation: Situation
    at: datetime
    before: Mapping[str, Value]
    after: Mapping[str, Value]
    price: Price
    document: Document
    slices: Mapping[str, tuple[Slice, ...]]
    lines: tuple[EstimateLine, ...]
    monthly_before: Decimal
    monthly_after: Decimal
    renewal_before_minor: int
    renewal_after_minor: int
    renewal_months: int
    restart: bool
    keep_rate_until: datetime | None
    steps: tuple[Step, ...]
    back_today_minor: int | None
    tax: TaxRule
    tax_label: str
    currency: str

    @property
    def direction(self) -> str:
        return self.price.direction


def tax_rule(situation: Situation) -> TaxRule:
    book = live_prices(situation)
    return TaxRule(
        rate=situation.product.tax_rate, included=book.tax_included, rounding=situation.seller.tax_rounding
    )


def estimate(
    situation: Situation, wanted: Mapping[str, Value], *, voucher: Voucher | None = None
) -> Estimate:
    """Price `wanted` (code -> value; what is missing stays). Raises Refused with every reason at once."""
    before = dict(situation.service.configuration)
    after = before | dict(wanted)
    refusals = situation.obstacles or check(situation.limits, wanted)
    if refusals:
        raise Refused(*refusals)
    changed = [code for code in situation.limits if after[code] != before[code]]
    if not changed:
        raise Refused(Refusal("nothing_to_change"))
    book, day = live_prices(situation), local_date(situation.now, situation.zone)
    shrinking = {c: after[c] for c in changed if book.monthly(c, after[c]) <= book.monthly(c, before[c])}
    taken_back = situation.taken_back(shrinking, day, tax_included=book.tax_included) if shrinking else {}
    components = [
        _component(situation, book, code, before[code], after[code], taken_back) for code in changed
    ]
    settled = rebuy_of(situation, book, after) if situation.product.credit_model == REBUY else None
    price = _price(situation, components, situation.service.carry, settled)
    tax = tax_rule(situation)
    paper = _paper(price, tax, book.minimum_charge_minor, voucher)
    lines = tuple(_line(situation, price, paper, n, before, after) for n in range(len(changed)))
    live = _schedule(situation)
    return Estimate(
        situation=situation, at=situation.now, before=before, after=after, price=price, document=paper, slices=taken_back,
        lines=lines, monthly_before=_monthly(situation, book, before), monthly_after=_monthly(situation, book, after),
        renewal_before_minor=_renewal(situation, book, before), renewal_after_minor=_renewal(situation, book, after),
        renewal_months=situation.service.term_months, restart=any(line.mode == "restart" for line in lines),
        keep_rate_until=rate_lost_at(price.time_left, live, price.term),
        steps=steps(price, tax=tax, document=paper), back_today_minor=_back_today(situation, price, tax),
        tax=tax, tax_label=situation.product.tax_label, currency=situation.service.currency,
    )  # fmt: skip


def _paper(price: Price, tax: TaxRule, minimum: int, voucher: Voucher | None) -> Document:
    """Raises Refused where the voucher does not fit what is to be paid."""
    try:
        return document(price, tax, minimum=minimum, voucher=terms(voucher) if voucher else None)
    except NotForThis as unfit:
        assert voucher is not None
        shown = {"code": voucher.code, "minimum": _shown(voucher.minimum_spend_minor, price.currency)}
        raise Refused(Refusal(f"voucher_{unfit.why}", None, shown)) from unfit


def _shown(minor: int, currency: str) -> str:
    return f"{amount_text(minor, currency)}\u00a0{currency}"


def _price(
    situation: Situation,
    components: Sequence[Component],
    carry: Decimal = Decimal(0),
    settled: Rebuy | None = None,
) -> Price:
    """By the rule and the credit model of the product. A price book is monthly under every rule: under `period-*` the
    period is the term, paid for so many months at once. It counts from the whole second, as it is printed, so that what is
    said of the seconds left can be worked out again."""
    service, product = situation.service, situation.product
    return price_change(
        at=situation.now.replace(microsecond=0), ends_at=service.term_ends_at, zone=situation.zone,
        currency=service.currency, components=components, carry=carry, rule=product.rule, credit=product.credit_model,
        starts_at=service.term_starts_at, period_months=service.term_months, rebuy=settled,
    )  # fmt: skip


def live_prices(situation: Situation) -> BookValues:
    """The price book in force; without one nothing can be priced. Raises Refused."""
    if situation.book is None:
        raise Refused(*situation.obstacles)
    return situation.book


def _schedule(situation: Situation) -> Schedule | None:
    return situation.schedule.schedule if situation.schedule else None


def _component(
    situation: Situation,
    book: BookValues,
    code: str,
    old: Value,
    new: Value,
    taken_back: Mapping[str, tuple[Slice, ...]],
) -> Component:
    live = _schedule(situation)
    return Component(
        name=code, old=book.monthly(code, old), new=book.monthly(code, new), old_schedule=live, new_schedule=live,
        layers=tuple(s.paid for s in taken_back.get(code, ())),
        old_made=book.made_up(code, old), new_made=book.made_up(code, new),
    )  # fmt: skip


def _line(
    situation: Situation,
    price: Price,
    paper: Document,
    n: int,
    before: Mapping[str, Value],
    after: Mapping[str, Value],
) -> EstimateLine:
    priced, printed = price.lines[n], paper.lines[n]
    limit = situation.limits[priced.name]
    reduces = shrinks(limit, before[priced.name], after[priced.name], priced.new < priced.old)
    kind = situation.kind(priced.name)
    restarts = kind.shrink_restarts if reduces else kind.grow_restarts
    return EstimateLine(
        code=priced.name, name=limit.name, unit=limit.unit, before=before[priced.name], after=after[priced.name],
        net_minor=printed.net, tax_minor=printed.tax, gross_minor=printed.gross, exact=priced.exact,
        old_monthly=priced.old, new_monthly=priced.new, mode="restart" if restarts else "live", reduces=reduces,
        capped=priced.capped, raised_minor=paper.charge.raised[n], discount_minor=paper.charge.discounts[n],
    )  # fmt: skip


def shrinks(limit: Limit, before: Value, after: Value, cheaper: bool) -> bool:
    """Whether the machine gets smaller: by value for quantities, by price for options."""
    if limit.kind == ResourceType.Kind.OPTION or isinstance(before, str) or isinstance(after, str):
        return cheaper
    return after < before


def _monthly(situation: Situation, book: BookValues, configuration: Mapping[str, Value]) -> Decimal:
    return sum((book.monthly(code, configuration[code]) for code in situation.limits), Decimal(0))


def _renewal(situation: Situation, book: BookValues, configuration: Mapping[str, Value]) -> int:
    """The price of the next term of the same length, in minor units of the book's basis, before any change of prices."""
    service = situation.service
    return renewal_minor(
        _monthly(situation, book, configuration), service.term_months, _schedule(situation), service.currency
    )


def _back_today(situation: Situation, price: Price, tax: TaxRule) -> int | None:
    """What taking the reductions back today would cost, gross: going down and up again is not free.

    What rounding would leave over from this change is part of it, so a customer who does go back pays this very amount.
    """
    reduced = [line for line in price.lines if line.formula < 0]
    if not reduced:
        return None
    live = _schedule(situation)
    back = [Component(line.name, line.new, line.old, live, live, ()) for line in reduced]
    again = _price(situation, back, price.carry_out, NOTHING_PAID)  # what grows is never lowered
    return document(again, tax, minimum=live_prices(situation).minimum_charge_minor).gross
