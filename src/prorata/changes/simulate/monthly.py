"""Monthly prices of one book, each value worked out once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from prorata.catalog.values import Value
from prorata.changes.simulate.question import CannotSimulate
from prorata.pricing.errors import BadInput
from prorata.pricing.money import PRECISE_DIGITS, exact_of, units_of
from prorata.pricing.rates import Rate


class Unpriced(CannotSimulate):
    """A book has no price for what a service has; the message says which book and what."""


class Monthly:
    """Prices in whole units of 10^-8 of the major unit."""

    def __init__(self, name: str, rates: Mapping[str, Rate]) -> None:
        self.name = name
        self._rates = rates
        self._known: dict[tuple[str, Value], int] = {}

    def of(self, code: str, value: Value) -> int:
        """The price of one component. Raises Unpriced."""
        if (code, value) not in self._known:
            try:
                monthly = self._rates[code].monthly(value)
            except (KeyError, BadInput):
                raise Unpriced(f"{self.name} has no price for {code} {value}") from None
            self._known[code, value] = units_of(exact_of(monthly), PRECISE_DIGITS)
        return self._known[code, value]

    def sum(self, configuration: Mapping[str, Value], codes: Iterable[str]) -> int:
        """The price of everything a service has that its product sells. Raises Unpriced."""
        return sum(self.of(code, configuration[code]) for code in codes if code in configuration)
