"""What a component costs a month: one price a unit, a price an option, or prices in bands.

A rate never rounds: its prices have at most 8 decimals of the major unit, and so has every monthly price.
Nothing costs nothing: 0 units are in no band, and no band's fee is due for them.
"""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple, TypeVar

from .errors import BadInput
from .figures import plain
from .money import PRECISE_DIGITS, decimal_of

Value = int | str

_FORMS = ("unit", "options", "tiered", "volume")
_AMOUNT = re.compile(r"[0-9]{1,30}(\.[0-9]+)?")
_WHOLE = re.compile(r"[0-9]{1,9}")
_T = TypeVar("_T")


class Part(NamedTuple):
    """One term of a monthly price in major units: `units` at `unit` each, and a fee once."""

    units: int
    unit: Decimal
    flat: Decimal


@dataclass(frozen=True)
class UnitPrice:
    """Every unit at one price, in major units a month; `hourly` is the list price of an hour without a term."""

    unit: Decimal
    hourly_unit: Decimal | None = None

    def __post_init__(self) -> None:
        _price("the price of a unit", self.unit)
        _price("the hourly price", self.hourly_unit)

    def monthly(self, value: Value) -> Decimal:
        """The exact price of `value` units a month, in major units. Raises BadInput."""
        return _sum([Part(_count(value), self.unit, Decimal(0))])

    def hourly(self, value: Value) -> Decimal | None:
        """The price of `value` units for an hour, in major units; None where no hour is sold."""
        return _hourly(self.hourly_unit, value)

    def parts(self, value: Value) -> tuple[Part, ...]:
        """Empty: such a price needs no explanation."""
        return ()


@dataclass(frozen=True)
class OptionPrices:
    """One monthly price an option, by its code; `hourly_options` likewise, for those that have one."""

    options: Mapping[str, Decimal]
    hourly_options: Mapping[str, Decimal] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for code, price in self.options.items():
            _price(f"the price of option {code!r}", price)
        for code, price in self.hourly_options.items():
            if code not in self.options:
                raise BadInput(f"the option {code!r} has an hourly price but no monthly one: add it")
            _price(f"the hourly price of option {code!r}", price)

    def monthly(self, value: Value) -> Decimal:
        """The price of the option `value` a month, in major units. Raises BadInput."""
        if not isinstance(value, str) or value not in self.options:
            raise BadInput(f"there is no price for option {value!r}: use one of {', '.join(self.options)}")
        return self.options[value]

    def hourly(self, value: Value) -> Decimal | None:
        self.monthly(value)
        return self.hourly_options.get(str(value))

    def parts(self, value: Value) -> tuple[Part, ...]:
        return ()


@dataclass(frozen=True)
class Band:
    """Units up to and including `up_to` (None: all above): the price of one, and a fee once it is reached."""

    up_to: int | None
    unit: Decimal
    flat: Decimal = Decimal(0)

    def __post_init__(self) -> None:
        if self.up_to is not None and self.up_to < 1:
            raise BadInput(f"a band ends at 1 unit or more, not at {self.up_to}")
        _price("the price of a unit", self.unit)
        _price("the fee of a band", self.flat)


@dataclass(frozen=True)
class _Banded(ABC):
    """Prices in bands, in rising order; the last one is open, so that there is a price for any number."""

    bands: tuple[Band, ...]
    hourly_unit: Decimal | None = None

    def __post_init__(self) -> None:
        if not self.bands:
            raise BadInput("a rate in bands needs at least one band")
        _price("the hourly price", self.hourly_unit)
        *closed, last = self.bands
        if last.up_to is not None:
            raise BadInput(
                f"the last band must be open: leave out its up_to, or add a band for more than {last.up_to}"
            )
        ends = [band.up_to for band in closed if band.up_to is not None]
        if len(ends) < len(closed):
            raise BadInput("only the last band may be open: give the others an up_to")
        for lower, upper in pairwise(ends):
            if upper <= lower:
                raise BadInput(f"bands must rise: {upper} does not come after {lower}")

    def monthly(self, value: Value) -> Decimal:
        """The exact price of `value` units a month, in major units. Raises BadInput."""
        return _sum(self.parts(value))

    def hourly(self, value: Value) -> Decimal | None:
        """The price of `value` units for an hour, in major units; None where no hour is sold."""
        return _hourly(self.hourly_unit, value)

    @abstractmethod
    def parts(self, value: Value) -> tuple[Part, ...]:
        """The terms that add up to the monthly price, band by band."""


class Tiered(_Banded):
    """Graduated: each unit at the price of the band it lies in."""

    def parts(self, value: Value) -> tuple[Part, ...]:
        count, found, below = _count(value), [], 0
        for band in self.bands:
            if count <= below:
                break
            top = count if band.up_to is None else min(count, band.up_to)
            found.append(Part(top - below, band.unit, band.flat))
            below = top
        return tuple(found)


class Volume(_Banded):
    """All units at the price of the band in which their number lies."""

    def parts(self, value: Value) -> tuple[Part, ...]:
        count = _count(value)
        if not count:
            return ()
        band = next(band for band in self.bands if band.up_to is None or count <= band.up_to)
        return (Part(count, band.unit, band.flat),)


Rate = UnitPrice | OptionPrices | Tiered | Volume


class Drop(NamedTuple):
    """`more` units would cost less in all than `less` of them: monthly prices in major units."""

    less: int
    less_price: Decimal
    more: int
    more_price: Decimal


def first_drop(rate: Rate, values: Iterable[int]) -> Drop | None:
    """The first of the rising `values` at which more would cost less in all, or None. Volume prices can do
    that: 9 x 10 are 90, but 10 x 8 are 80."""
    for less, more in pairwise(values):
        before, after = rate.monthly(less), rate.monthly(more)
        if after < before:
            return Drop(less, before, more, after)
    return None


def parts_text(parts: Sequence[Part]) -> str:
    """How a price is made up, in plain figures: "4 × 10 + 2 × 8 + 5"."""
    terms = []
    for part in parts:
        terms.append(f"{part.units} × {plain(part.unit, 0)}")
        if part.flat:
            terms.append(plain(part.flat, 0))
    return " + ".join(terms)


# --- as JSON ---


def rate_from_json(value: object, place: str = "rate") -> Rate:
    """A rate as files write it: "1.50", {"unit": "1.50", "hourly": "0.004"}, {"options": {"2C4G": "65"}},
    {"tiered": [{"up_to": 4, "unit": "10"}, {"unit": "8", "flat": "5"}]} or {"volume": [...]}.

    Amounts are strings of plain digits (or whole JSON numbers); every form may have "hourly": one price a unit, or
    for options one each. Raises BadInput with one line that begins with `place`.
    """
    if not isinstance(value, dict):
        return UnitPrice(_amount(value, place))
    form = next((form for form in _FORMS if form in value), None)
    if form is None:
        raise BadInput(f"{place} must have one of {', '.join(_FORMS)}")
    _only(value, (form, "hourly"), place)
    here, hourly = f"{place}.{form}", value.get("hourly")
    if form == "options":
        prices = _amounts(value[form], here)
        hours = {} if hourly is None else _amounts(hourly, f"{place}.hourly")
        return _at(place, lambda: OptionPrices(prices, hours))
    hour = None if hourly is None else _amount(hourly, f"{place}.hourly")
    if form == "unit":
        return UnitPrice(_amount(value[form], here), hour)
    bands = _bands(value[form], here)
    return _at(here, lambda: (Tiered if form == "tiered" else Volume)(bands, hour))


def _bands(value: object, place: str) -> tuple[Band, ...]:
    if not isinstance(value, list):
        raise BadInput(f"{place} must be a list of bands")
    return tuple(_band(each, f"{place}[{n}]") for n, each in enumerate(value))


def _band(value: object, place: str) -> Band:
    if not isinstance(value, dict):
        raise BadInput(f'{place} must be a band such as {{"up_to": 4, "unit": "10"}}')
    _only(value, ("up_to", "unit", "flat"), place)
    if "unit" not in value:
        raise BadInput(f"{place}.unit is missing: add the price of one unit")
    up_to = _whole(value["up_to"], f"{place}.up_to") if "up_to" in value else None
    unit = _amount(value["unit"], f"{place}.unit")
    flat = _amount(value["flat"], f"{place}.flat") if "flat" in value else Decimal(0)
    return _at(place, lambda: Band(up_to, unit, flat))


def _amounts(value: object, place: str) -> dict[str, Decimal]:
    if not isinstance(value, dict) or not value:
        raise BadInput(f'{place} must be prices by option, such as {{"2C4G": "65"}}')
    return {code: _amount(price, f"{place}.{code}") for code, price in value.items()}


def _amount(value: object, place: str) -> Decimal:
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str) or not _AMOUNT.fullmatch(text):
        raise BadInput(f'{place} must be a price in quotes such as "65" or "1.50", not {_shown(value)}')
    if len(text.partition(".")[2]) > PRECISE_DIGITS:
        raise BadInput(f"{place} must have at most {PRECISE_DIGITS} decimals, not {_shown(value)}")
    return Decimal(text)


def _whole(value: object, place: str) -> int:
    # Readers that keep numbers as they were written hand them over as text.
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str) or not _WHOLE.fullmatch(text):
        raise BadInput(f"{place} must be a whole number such as 4, not {_shown(value)}")
    return int(text)


def _only(value: dict[object, object], known: Sequence[str], place: str) -> None:
    for key in value:
        if key not in known:
            raise BadInput(f"{place}.{key} is not a known key here: use {', '.join(known)}")


def _at(place: str, make: Callable[[], _T]) -> _T:
    try:
        return make()
    except BadInput as bad:
        raise BadInput(f"{place}: {bad}") from None


def _shown(value: object) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= 60 else f"{text[:57]}..."


# --- exactly ---


def _price(what: str, price: Decimal | None) -> None:
    if price is None:
        return
    if not (price.is_finite() and price >= 0):
        raise BadInput(f"{what} must be 0 or more, not {price}")
    if not (10**PRECISE_DIGITS * Fraction(price)).denominator == 1:
        raise BadInput(f"{what} has at most {PRECISE_DIGITS} decimals, not {price}")


def _count(value: Value) -> int:
    if isinstance(value, str) or value < 0:
        raise BadInput(f"a quantity is a whole number of 0 or more, not {value!r}")
    return value


def _hourly(unit: Decimal | None, value: Value) -> Decimal | None:
    return None if unit is None else _sum([Part(_count(value), unit, Decimal(0))])


def _sum(parts: Iterable[Part]) -> Decimal:
    """In whole 10^-8, because Decimal sums would round to the digits of their context."""
    units = sum(_precise(part.unit) * part.units + _precise(part.flat) for part in parts)
    return decimal_of(units, PRECISE_DIGITS)


def _precise(price: Decimal) -> int:
    above, below = price.as_integer_ratio()
    return int(above * 10**PRECISE_DIGITS // below)
