"""What came out: sums per currency, product and customer. Amounts are minor units before tax."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple


class Row(NamedTuple):
    """One renewal or change, now and then."""

    product_id: int
    customer_id: int
    currency: str
    now: int
    then: int


@dataclass(frozen=True)
class Amounts:
    count: int = 0
    now: int = 0
    then: int = 0

    @property
    def difference(self) -> int:
        return self.then - self.now

    def __add__(self, other: Amounts) -> Amounts:
        return Amounts(self.count + other.count, self.now + other.now, self.then + other.then)


@dataclass(frozen=True)
class Party:
    """A product or a customer, in one currency."""

    id: int
    name: str
    renewals: Amounts
    changes: Amounts

    @property
    def total(self) -> Amounts:
        return self.renewals + self.changes


@dataclass(frozen=True)
class InCurrency:
    """Everything in one currency. `products` and `customers` are in the order of their names."""

    currency: str
    renewals: Amounts
    changes: Amounts
    products: tuple[Party, ...]
    customers: tuple[Party, ...]

    @property
    def total(self) -> Amounts:
        return self.renewals + self.changes

    def winners(self, most: int) -> list[Party]:
        """The customers who would pay less, by the largest amounts first."""
        found = [party for party in self.customers if party.total.difference < 0]
        return sorted(found, key=lambda party: (party.total.difference, party.name))[:most]

    def losers(self, most: int) -> list[Party]:
        """The customers who would pay more, by the largest amounts first."""
        found = [party for party in self.customers if party.total.difference > 0]
        return sorted(found, key=lambda party: (-party.total.difference, party.name))[:most]


@dataclass(frozen=True)
class Outcome:
    """The answer to a question at an instant; `since` is where last month began. `left_out` says, one line each, what has
    no price today and is in no sum."""

    at: datetime
    since: datetime
    currencies: tuple[InCurrency, ...]
    left_out: tuple[str, ...]


def sums(
    renewals: Iterable[Row], changes: Iterable[Row], products: dict[int, str], customers: dict[int, str]
) -> tuple[InCurrency, ...]:
    """The rows added up, never over currencies."""
    found: dict[str, _Sums] = {}
    for position, rows in enumerate((renewals, changes)):
        for row in rows:
            found.setdefault(row.currency, _Sums()).add(position, row)
    return tuple(found[currency].closed(currency, products, customers) for currency in sorted(found))


class _Sums:
    def __init__(self) -> None:
        self.products: dict[int, tuple[list[int], list[int]]] = {}
        self.customers: dict[int, tuple[list[int], list[int]]] = {}

    def add(self, position: int, row: Row) -> None:
        for parties, key in ((self.products, row.product_id), (self.customers, row.customer_id)):
            amounts = parties.setdefault(key, ([0, 0, 0], [0, 0, 0]))[position]
            amounts[0] += 1
            amounts[1] += row.now
            amounts[2] += row.then

    def closed(self, currency: str, products: dict[int, str], customers: dict[int, str]) -> InCurrency:
        by_product, by_customer = _parties(self.products, products), _parties(self.customers, customers)
        return InCurrency(
            currency,
            sum((party.renewals for party in by_product), Amounts()),
            sum((party.changes for party in by_product), Amounts()),
            by_product,
            by_customer,
        )


def _parties(found: dict[int, tuple[list[int], list[int]]], names: dict[int, str]) -> tuple[Party, ...]:
    parties = [
        Party(key, names[key], Amounts(*first), Amounts(*second)) for key, (first, second) in found.items()
    ]
    return tuple(sorted(parties, key=lambda party: (party.name, party.id)))
