"""A service in memory: it stacks paid layers per component as a real one does, and counts what went in and
out.

Only the layers' bookkeeping is here; every price, tax and purse comes from `prorata.pricing`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

from prorata.pricing.change import Component, Price, price_change
from prorata.pricing.funding import Funding, fund
from prorata.pricing.layers import PaidShare, in_basis, share_of
from prorata.pricing.money import eight_decimals, minor_digits
from prorata.pricing.rates import Tiered, Volume
from prorata.pricing.rebuy import Bought, Rebuy
from prorata.pricing.rules import RULES
from prorata.pricing.tax import Document, TaxRule, document
from prorata.pricing.term import layers_of_term, price_of_term
from prorata.pricing.terms import follow_on, local_date
from prorata.pricing.tiers import Schedule
from prorata.pricing.voucher import NotForThis, Voucher

DUST = Fraction(1, 10**6)  # lines are kept to 8 decimals: a sequence may collect some halves of the last one


@dataclass(frozen=True)
class Book:
    """A price book version: what one unit of each component costs a month, and the live schedules of each
    side."""

    rates: Mapping[str, Decimal | Tiered | Volume]
    old_schedule: Schedule | None
    new_schedule: Schedule | None
    tax: TaxRule
    minimum: int = 0

    def monthly(self, name: str, value: int) -> Decimal:
        rate = self.rates[name]
        return rate * value if isinstance(rate, Decimal) else rate.monthly(value)


@dataclass
class Layer:
    """A paid layer in the prices of its own book; `top` is what earlier reductions left."""

    name: str
    book: Book
    low: int
    high: int
    starts: date
    ends: date
    amount: Decimal
    tax: Decimal
    gifted: Decimal
    top: Decimal = field(init=False)

    def __post_init__(self) -> None:
        self.top = self.price(self.high)

    def price(self, value: int) -> Decimal:
        return self.book.monthly(self.name, value)

    def share(self, target: int) -> Fraction:
        low, high = self.price(self.low), self.price(self.high)
        if self.top <= low < high:
            return Fraction(0)
        return share_of(low, high, self.top, self.price(target))

    def paid_share(self, target: int, with_tax: bool) -> PaidShare:
        amount = in_basis(self.amount, self.tax, included=self.book.tax.included, wanted=with_tax)
        return PaidShare(self.name, amount, self.starts, self.ends, self.share(target), self.tax, self.gifted)

    @property
    def gross(self) -> Fraction:
        return Fraction(self.amount) + (0 if self.book.tax.included else Fraction(self.tax))

    def unwind(self, target: int) -> None:
        if self.share(target) > 0:
            low, high = self.price(self.low), self.price(self.high)
            self.top = max(self.price(target), low) if high > low else self.price(target)

    @property
    def left(self) -> Fraction:
        low, high = Fraction(self.price(self.low)), Fraction(self.price(self.high))
        if high <= low:
            return Fraction(1 if self.top >= high else 0)
        return (Fraction(self.top) - low) / (high - low)


@dataclass
class PaidService:
    """One service of one customer, with the money that went in and out of it in minor units. `starts_at` is
    the start of its last paid period, `period_months` the months each was paid for where prices are monthly."""

    currency: str
    zone: ZoneInfo
    book: Book
    ends_at: datetime
    values: dict[str, int]
    rule: str = "calendar-months"
    starts_at: datetime | None = None
    period_months: int | None = None
    credit: str = "capped"
    carry: Decimal = Decimal(0)
    layers: list[Layer] = field(default_factory=list)
    paid: int = 0
    returned: int = 0
    gifted_paid: int = 0
    gifted_returned: int = 0
    events: int = 0
    partly: int = 0
    settled: int = 0
    exact_sum: Fraction = Fraction(0)
    charged: int = 0
    vouchers: int = 0
    renewals: int = 0
    raises: int = 0

    def prepay(self, at: datetime, until: datetime, gifted: Fraction) -> None:
        """Buy or renew every component for a term from `at` (now, or the present end) to `until`."""
        self.starts_at = at
        components = [
            Component(name, Decimal(0), self.book.monthly(name, value), None, self.book.new_schedule, ())
            for name, value in self.values.items()
        ]
        price = self._price(at, until, components)
        self._settle(price, dict.fromkeys(self.values, 0), self.values, frozenset(), gifted, until)
        self.ends_at = until

    @property
    def by_the_month(self) -> bool:
        """Whether its prices are monthly, so that it can be renewed for months."""
        return self.period_months is not None or not RULES[self.rule].per_period

    def renew(self, months: int, gifted: Fraction) -> Document:
        """Sell the next term as staff do: so many months, rounded by itself, its layers what was charged."""
        begins, first = self.ends_at, self.ends_at.astimezone(self.zone)
        ends = first.replace(tzinfo=None)
        until = datetime.combine(follow_on(ends.date(), months, ends.day), ends.time(), self.zone)
        price = price_of_term(
            starts_at=begins, ends_at=until, zone=self.zone, months=months, currency=self.currency,
            schedule=self.book.new_schedule,
            monthly=[(name, self.book.monthly(name, value), "") for name, value in self.values.items()],
        )  # fmt: skip
        paper = document(price, self.book.tax)
        gifted_minor = int(paper.gross * gifted)
        self.events += 1
        self.renewals += 1
        self.paid += paper.gross
        self.gifted_paid += gifted_minor
        self.charged += price.total
        self.exact_sum += Fraction(price.total, self.unit)
        day, end = local_date(begins, self.zone), local_date(until, self.zone)
        for made in layers_of_term(price, paper, gifted_minor=gifted_minor):
            value = self.values[made.name]
            self.layers.append(
                Layer(made.name, self.book, 0, value, day, end, made.amount, made.tax, made.gifted)
            )
        self.starts_at, self.ends_at = begins, until
        if self.period_months is not None:
            self.period_months = months
        return paper

    def change(
        self,
        at: datetime,
        values: Mapping[str, int],
        failing: Sequence[str],
        gifted: Fraction,
        voucher: Voucher | None = None,
    ) -> tuple[Price, Document, Funding]:
        """Change to `values`; of the growing lines those in `failing` cannot be delivered, or, if a reduced
        line is among them, nothing can."""
        changed = {name: value for name, value in values.items() if value != self.values[name]}
        components = [
            Component(
                name,
                self.book.monthly(name, self.values[name]),
                self.book.monthly(name, value),
                self.book.old_schedule,
                self.book.new_schedule,
                tuple(
                    layer.paid_share(value, self.book.tax.included)
                    for layer in self._newest_first(name)
                    if layer.share(value) > 0
                ),
            )
            for name, value in changed.items()
        ]
        price = self._price(at, self.ends_at, components, self._rebuy(at, values))
        self._check_settled(price, at, components)
        failed = frozenset(failing) & changed.keys()
        if any(line.exact < 0 and line.name in failed for line in price.lines):
            failed = frozenset(changed)
        return self._settle(price, self.values, changed, failed, gifted, self.ends_at, voucher)

    def _rebuy(self, at: datetime, values: Mapping[str, int]) -> Rebuy:
        """What stands in the layers of the term at today's list prices, and the new configuration."""
        day, end = local_date(at, self.zone), local_date(self.ends_at, self.zone)
        standing = [layer for layer in self.layers if layer.starts < end and layer.ends > day and layer.left]
        paid = Fraction(0)
        for layer in standing:
            wanted = self.book.tax.included
            amount = in_basis(layer.amount, layer.tax, included=layer.book.tax.included, wanted=wanted)
            cash = 1 - Fraction(layer.gifted) / layer.gross if layer.gross else Fraction(0)
            paid += Fraction(amount) * cash * layer.left
        bought = tuple(
            Bought(layer.starts, eight_decimals(Fraction(self._step_price(layer)) * layer.left))
            for layer in standing
        )
        new = {**self.values, **values}
        monthly = sum((self.book.monthly(name, value) for name, value in new.items()), Decimal(0))
        return Rebuy(eight_decimals(max(paid, Fraction(0))), bought, monthly, self.book.new_schedule)

    def _step_price(self, layer: Layer) -> Decimal:
        low, high = (self.book.monthly(layer.name, value) for value in (layer.low, layer.high))
        return max(high - low, Decimal(0))

    def _check_settled(self, price: Price, at: datetime, components: Sequence[Component]) -> None:
        """A settlement only ever lowers a credit, and no line gives back more than its layers hold."""
        if self.credit != "rebuy":
            return
        capped = price_change(
            at=at, ends_at=self.ends_at, zone=self.zone, currency=self.currency, components=components,
            carry=self.carry, rule=self.rule, starts_at=self.starts_at, period_months=self.period_months,
        )  # fmt: skip
        self.settled += price.settlement is not None
        for line, other in zip(price.lines, capped.lines, strict=True):
            assert line.exact >= other.exact
            assert line.exact == other.exact or line.settled
        if price.settlement:
            assert abs(Fraction(price.exact) + price.settlement.credit) <= DUST
        elif price.exact < 0:
            assert price.exact == capped.exact

    def _price(
        self, at: datetime, until: datetime, components: Sequence[Component], rebuy: Rebuy | None = None
    ) -> Price:
        return price_change(
            at=at,
            ends_at=until,
            zone=self.zone,
            currency=self.currency,
            components=components,
            carry=self.carry,
            rule=self.rule,
            starts_at=self.starts_at,
            period_months=self.period_months,
            credit=self.credit,
            rebuy=rebuy or Rebuy(Decimal(0), (), Decimal(0)),
        )

    def _settle(
        self,
        price: Price,
        old: Mapping[str, int],
        new: Mapping[str, int],
        failed: AbstractSet[str],
        gifted: Fraction,
        ends_at: datetime,
        voucher: Voucher | None = None,
    ) -> tuple[Price, Document, Funding]:
        paper = self._document(price, voucher)
        gifted_minor = int(max(paper.gross, 0) * gifted)
        funding = fund(price, paper, gifted_minor=gifted_minor)
        everything = {line.name for line in price.lines}
        back = funding.reversal(failed)
        self.events += 1
        self.partly += bool(failed) and failed != everything
        self.paid += max(paper.gross, 0)
        self.gifted_paid += gifted_minor
        applied = not everything or failed != everything
        for gone in (back, funding.returned) if applied else (back,):
            self.returned += gone.total_minor
            self.gifted_returned += gone.gifted_minor
        assert sum(line.gross for line in back.lines) == back.total_minor
        basis = "gross" if paper.included else "net"
        self.charged += paper.charge.total if applied else max(paper.charge.total, 0)
        self.charged -= sum(getattr(line, basis) for line in back.lines)
        for index, line in enumerate(price.lines):
            if line.name not in failed:
                # What a voucher pays beyond the exact price of a line is lost, and owed by nobody.
                exact, differs = Fraction(line.exact) * self.unit, paper.charge.differs(index)
                self.exact_sum += max(differs, -exact) / self.unit if line.exact > 0 else 0
        self._apply(price, old, new, failed, funding, ends_at)
        return price, paper, funding

    def _document(self, price: Price, voucher: Voucher | None) -> Document:
        """With the voucher where it fits, and without it where not."""
        try:
            paper = document(price, self.book.tax, minimum=self.book.minimum, voucher=voucher)
        except NotForThis:
            paper = document(price, self.book.tax, minimum=self.book.minimum)
        self.vouchers += paper.charge.discount_minor > 0
        self.raises += paper.charge.raise_minor > 0
        return paper

    def _apply(
        self,
        price: Price,
        old: Mapping[str, int],
        new: Mapping[str, int],
        failed: AbstractSet[str],
        funding: Funding,
        ends_at: datetime,
    ) -> None:
        old = dict(old)
        day, until = local_date(price.at, self.zone), local_date(ends_at, self.zone)
        self.carry = funding.carry_after(failed)
        kept = [line for line in price.lines if line.name not in failed]
        self.exact_sum += sum((Fraction(line.exact) for line in kept), Fraction(0))
        if kept and not failed and not funding.voucher_rest:
            assert abs(self.carry) * 2 * self.unit <= 1
        for line in kept:
            if line.component.layers:
                for layer in self._newest_first(line.name):
                    layer.unwind(new[line.name])
            self.values[line.name] = new[line.name]
        for made in funding.layers:
            if made.name not in failed and day < until:
                self.layers.append(
                    Layer(
                        made.name,
                        self.book,
                        old[made.name],
                        new[made.name],
                        day,
                        until,
                        made.amount,
                        made.tax,
                        made.gifted,
                    )
                )

    def _newest_first(self, name: str) -> list[Layer]:
        return [layer for layer in reversed(self.layers) if layer.name == name]

    @property
    def unit(self) -> int:
        return 10 ** minor_digits(self.currency)

    def held(self, what: str) -> Fraction:
        """What the layers still stand for, used days included, in minor units."""
        return (
            sum((Fraction(getattr(layer, what)) * layer.left for layer in self.layers), Fraction(0))
            * self.unit
        )

    def check(self) -> None:
        """The promises that hold after every event."""
        carry = Fraction(self.carry) * self.unit
        kept = self.paid - self.returned
        held = self.held("gross")
        assert self.charged + carry == self.exact_sum * self.unit, "the carry is not what rounding left over"
        assert kept >= 0, f"returned {self.returned} of {self.paid}"
        assert self.gifted_returned <= self.gifted_paid
        assert kept + carry >= held - DUST * self.unit * self.events, (
            "the layers stand for more than was kept"
        )
        assert self.gifted_paid - self.gifted_returned >= self.held("gifted")
        # Gifts round down, so at most a unit an event turns into cash.
        cash_kept = (self.paid - self.gifted_paid) - (self.returned - self.gifted_returned)
        assert cash_kept >= -self.events
