"""The price of a change: lines, cap, total and carry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from functools import reduce
from operator import add
from typing import NamedTuple
from zoneinfo import ZoneInfo

from .errors import BadInput
from .instants import Instant
from .layers import PaidShare
from .money import PRECISE_DIGITS, decimal_of, half_up_of, minor_digits, split, units_of
from .rebuy import Rebuy, Settlement
from .rules import Term, time_left
from .terms import DEFAULT_RULE, TimeLeft
from .tiers import Schedule, factor_of

__all__ = [
    "CREDIT_MODELS",
    "BadInput",
    "Component",
    "Price",
    "PricedLine",
    "price_change",
    "price_term",
]

_NOTHING = Fraction(0)
DEFAULT_CREDIT = "capped"
CREDIT_MODELS = (DEFAULT_CREDIT, "symmetric", "none")
REBUY = "rebuy"  # only together with what was paid and used: see `rebuy`
# As with rules: a model that has priced something is never edited, its correction is a version of its own.
CREDIT_VERSIONS = dict.fromkeys((*CREDIT_MODELS, REBUY), 1)


@dataclass(frozen=True, slots=True)
class Component:
    """One component of a service before and after: monthly prices (under `period-*` without `period_months`:
    prices per period) in major units and the live schedule of each side.

    `old_made` and `new_made` say how a price in bands is made up ("4 × 10 + 2 × 8"); empty where it is one price.
    `layers` are the paid layers the change takes back, newest first; () means nothing was paid, None means no
    cap. A service always gives a tuple: None is for published examples and bare quotes.
    """

    name: str
    old: Decimal
    new: Decimal
    old_schedule: Schedule | None = None
    new_schedule: Schedule | None = None
    layers: tuple[PaidShare, ...] | None = None
    old_made: str = ""
    new_made: str = ""

    def __post_init__(self) -> None:
        for monthly in (self.old, self.new):
            if not (monthly.is_finite() and monthly >= 0):
                side = "old" if monthly is self.old else "new"
                raise BadInput(f"the {side} monthly price of {self.name!r} must be 0 or more, not {monthly}")


class PricedLine(NamedTuple):
    """One priced component. `formula` is the bare rule, `exact` what counts (capped, 8 decimals), `amount`
    the displayed whole minor units, which add up to the total. `cap` is the most that may come back, None
    where nothing limits it; `settled` is true where a settlement has lowered it below what the layers hold."""

    name: str
    old: Decimal
    new: Decimal
    old_factor: Fraction
    new_factor: Fraction
    formula: Fraction
    cap: Fraction | None
    exact: Decimal
    amount: int
    component: Component
    settled: bool = False

    @property
    def capped(self) -> bool:
        """True when the formula would give back more than the cap allows."""
        return _beyond(self.formula, self.cap)


@dataclass(frozen=True, slots=True)
class Price:
    """The price of a change. `exact` is the sum of the lines before carry; `total` is in minor units, rounded
    once; `carry_in` and `carry_out` are precise major units. `settlement` is there where the credit model `rebuy`
    has lowered what comes back."""

    currency: str
    term: Term
    time_left: TimeLeft
    lines: tuple[PricedLine, ...]
    exact: Decimal
    carry_in: Decimal
    total: int
    carry_out: Decimal
    credit: str = DEFAULT_CREDIT
    credit_version: int = 1
    rebuy: Rebuy | None = None
    settlement: Settlement | None = None

    @property
    def rule(self) -> str:
        """The name of the rule that told the time left."""
        return self.time_left.rule

    @property
    def rule_version(self) -> int:
        """The version of that rule."""
        return self.time_left.version

    @property
    def at(self) -> datetime:
        """The instant of the change, in UTC."""
        return self.term.at.utc

    @property
    def ends_at(self) -> datetime:
        """The half-open end of the term, in UTC."""
        return self.term.ends_at.utc

    @property
    def zone(self) -> ZoneInfo:
        """The billing zone."""
        return self.term.zone

    @property
    def direction(self) -> str:
        """The sign of the total in a word: "upgrade" (pay), "downgrade" (credit) or "none"."""
        return "upgrade" if self.total > 0 else "downgrade" if self.total < 0 else "none"


def price_change(
    *,
    at: datetime,
    ends_at: datetime,
    zone: ZoneInfo,
    currency: str,
    components: Sequence[Component],
    carry: Decimal = Decimal(0),
    rule: str = DEFAULT_RULE,
    credit: str = DEFAULT_CREDIT,
    starts_at: datetime | None = None,
    period_months: int | None = None,
    rule_version: int | None = None,
    credit_version: int | None = None,
    rebuy: Rebuy | None = None,
) -> Price:
    """The price of changing `components` at `at` on a term that ends (half-open) at `ends_at`.

    Instants are time-zone aware; `zone` is the billing zone that turns them into dates; `starts_at` is the
    start of the paid period, which the rules `period-*` need, and `period_months` the months it was paid for
    (see `Term`); `carry` is what earlier changes of the same service left over (precise major units, at most 8
    decimals); versions are the newest unless given; the credit model `rebuy` needs to know what was paid and used
    (`rebuy`). Raises BadInput with one clear line.
    """
    start = Instant.of(starts_at) if starts_at else None
    term = Term(Instant.of(at), Instant.of(ends_at), zone, start, period_months)
    return price_term(
        term,
        rule=rule,
        currency=currency,
        components=components,
        carry=carry,
        credit=credit,
        rule_version=rule_version,
        credit_version=credit_version,
        rebuy=rebuy,
    )


def price_term(
    term: Term,
    *,
    currency: str,
    components: Sequence[Component],
    carry: Decimal = Decimal(0),
    rule: str = DEFAULT_RULE,
    credit: str = DEFAULT_CREDIT,
    rule_version: int | None = None,
    credit_version: int | None = None,
    rebuy: Rebuy | None = None,
) -> Price:
    """As `price_change`, for a term whose instants are exact beyond the microsecond."""
    left = time_left(rule, term, version=rule_version)
    minor = 10 ** (PRECISE_DIGITS - minor_digits(currency))
    model = _credit_model(credit, credit_version, rebuy)
    carried = _precise(carry)

    # From here on everything is whole: precise units of 10^-8, `minor` of them in a minor unit.
    worked = [_work_out(component, left, credit) for component in components]
    settlement = rebuy.settle(left) if rebuy and credit == REBUY else None
    lowered = settlement is not None and _lower(worked, settlement.credit)
    exacts = [units_of(line.counted, PRECISE_DIGITS) for line in worked]
    exact = sum(exacts)
    # With no line there is nothing to round: the carry stays as it is, even at exactly half a unit.
    total = half_up_of(exact + carried, minor) if components else 0
    return Price(
        currency=currency,
        term=term,
        time_left=left,
        lines=_priced(components, worked, exacts, split(total, exacts, minor)),
        exact=decimal_of(exact, PRECISE_DIGITS),
        carry_in=decimal_of(carried, PRECISE_DIGITS),
        total=total,
        carry_out=decimal_of(exact + carried - total * minor, PRECISE_DIGITS),
        credit=credit,
        credit_version=model,
        rebuy=rebuy,
        settlement=settlement if lowered else None,
    )


def _credit_model(credit: str, version: int | None, rebuy: Rebuy | None) -> int:
    """The version of a credit model that is available here; the newest where none is named."""
    if credit not in CREDIT_MODELS and (credit != REBUY or rebuy is None):
        raise BadInput(f"the credit model {credit!r} is not available: use {', '.join(CREDIT_MODELS)}")
    model = CREDIT_VERSIONS[credit] if version is None else version
    if not 1 <= model <= CREDIT_VERSIONS[credit]:
        raise BadInput(f"the credit model {credit} has no version {model}")
    return model


def _priced(
    components: Sequence[Component], worked: list[_Worked], exacts: list[int], amounts: Sequence[int]
) -> tuple[PricedLine, ...]:
    return tuple(
        PricedLine(
            component.name,
            component.old,
            component.new,
            work.old_factor,
            work.new_factor,
            work.formula,
            work.cap,
            decimal_of(units, PRECISE_DIGITS),
            amount,
            component,
            work.settled,
        )
        for component, work, units, amount in zip(components, worked, exacts, amounts, strict=True)
    )


def _lower(worked: list[_Worked], at_most: Fraction) -> bool:
    """Where the lines together give back more than `at_most`, every reduced line gives back the same smaller part of
    what it did, so that together it is that much; whether it was so.

    No line gives back more for it: whatever the layers promise holds here too.
    """
    reduced = -sum((line.counted for line in worked if line.counted < 0), _NOTHING)
    grown = sum((line.counted for line in worked if line.counted > 0), _NOTHING)
    if reduced - grown <= at_most:
        return False
    part = (grown + at_most) / reduced
    worked[:] = [
        line._replace(cap=-line.counted * part, settled=True) if line.counted < 0 else line for line in worked
    ]
    return True


def _precise(carry: Decimal) -> int:
    """A carry in units of 10^-8."""
    if carry.is_finite():
        above, below = carry.as_integer_ratio()
        units, rest = divmod(above * 10**PRECISE_DIGITS, below)
        if not rest:
            return int(units)
    raise BadInput(f"a carry has at most {PRECISE_DIGITS} decimals, not {carry}")


class _Worked(NamedTuple):
    """One component in major units: the bare formula with its factors, and the most that may come back or
    None."""

    old_factor: Fraction
    new_factor: Fraction
    formula: Fraction
    cap: Fraction | None
    settled: bool = False

    @property
    def counted(self) -> Fraction:
        return -self.cap if self.cap is not None and _beyond(self.formula, self.cap) else self.formula


def _beyond(formula: Fraction, cap: Fraction | None) -> bool:
    """Whether a formula would give back more than its cap."""
    # By its sign first: to compare fractions takes long, and most lines grow.
    return cap is not None and formula.numerator < 0 and formula < -cap


def _work_out(component: Component, left: TimeLeft, credit: str) -> _Worked:
    old_factor = factor_of(component.old_schedule, left.whole)
    new_factor = factor_of(component.new_schedule, left.whole)
    formula = _formula(component, old_factor, new_factor, left.months)
    return _Worked(old_factor, new_factor, formula, _cap(component, left, credit))


def _formula(component: Component, old_factor: Fraction, new_factor: Fraction, months: Fraction) -> Fraction:
    """(new x its factor - old x its factor) x months, brought over one denominator by hand: the greatest common
    divisor is looked for once, not after every step."""
    new, new_below = component.new.as_integer_ratio()
    old, old_below = component.old.as_integer_ratio()
    new_part, new_of = new_factor.as_integer_ratio()
    old_part, old_of = old_factor.as_integer_ratio()
    above, below = months.as_integer_ratio()
    new_below, old_below = new_below * new_of, old_below * old_of
    difference = new * new_part * old_below - old * old_part * new_below
    return Fraction(difference * above, new_below * old_below * below)


def _cap(component: Component, left: TimeLeft, credit: str) -> Fraction | None:
    if credit == "none":
        return _NOTHING
    if credit == "symmetric" or component.layers is None:
        return None
    values = [layer.value(left.day) for layer in component.layers]
    return reduce(add, values) if values else _NOTHING
