"""The figures of one currency as the page shows them: a chart of bars with its table, products, customers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from prorata.changes.simulate.outcome import Amounts, InCurrency, Party
from prorata.changes.simulate.say import NAMED, signed
from prorata.pricing.display import amount_text

# So many customers stand on the page; all of them are in the CSV.
MOST_CUSTOMERS = 50
# The width of the chart in its own units.
WIDE = 1000


@dataclass(frozen=True)
class Bar:
    """A bar from `x`, `width` long, in thousandths of the chart."""

    x: int
    width: int


@dataclass(frozen=True)
class Line:
    """One line of a table; amounts are text without the currency."""

    name: str
    count: int
    now: str
    then: str
    difference: str
    sign: str
    bars: tuple[Bar, ...] = ()


@dataclass(frozen=True)
class Tables:
    """Everything about one currency. `zero` is where the chart's amounts begin."""

    currency: str
    sums: tuple[Line, ...]
    zero: int
    products: tuple[Line, ...]
    customers: tuple[Line, ...]
    customers_in_all: int
    less: tuple[Line, ...]
    more: tuple[Line, ...]


def tables(one: InCurrency) -> Tables:
    """What the page shows of one currency; of the customers those whose amounts change most."""
    named = (
        (_("Renewals"), one.renewals),
        (_("Changes of last month"), one.changes),
        (_("Together"), one.total),
    )
    scale = _Scale([amount for _name, given in named for amount in (given.now, given.then)])
    sums = tuple(
        _line(name, given, one.currency, (scale.bar(given.now), scale.bar(given.then)))
        for name, given in named
    )
    most_changed = sorted(one.customers, key=lambda party: (-abs(party.total.difference), party.name))
    return Tables(
        currency=one.currency,
        sums=sums,
        zero=scale.at(0),
        products=_lines(one.products, one.currency),
        customers=_lines(most_changed[:MOST_CUSTOMERS], one.currency),
        customers_in_all=len(one.customers),
        less=_lines(one.winners(NAMED), one.currency),
        more=_lines(one.losers(NAMED), one.currency),
    )


def _lines(parties: Iterable[Party], currency: str) -> tuple[Line, ...]:
    return tuple(_line(party.name, party.total, currency) for party in parties)


def _line(name: str, given: Amounts, currency: str, bars: tuple[Bar, ...] = ()) -> Line:
    difference = given.difference
    sign = "more" if difference > 0 else "less" if difference < 0 else "same"
    now, then = (amount_text(minor, currency) for minor in (given.now, given.then))
    return Line(name, given.count, now, then, signed(difference, currency), sign, bars)


class _Scale:
    """Amounts to thousandths of the chart, with zero always on it."""

    def __init__(self, amounts: list[int]) -> None:
        self.low, self.high = min(0, *amounts), max(0, *amounts)

    def at(self, amount: int) -> int:
        span = self.high - self.low
        return (amount - self.low) * WIDE // span if span else 0

    def bar(self, amount: int) -> Bar:
        begin, end = sorted((self.at(0), self.at(amount)))
        # What is not nothing is seen, however small it is beside the others.
        return Bar(begin, max(end - begin, 2 if amount else 0))
