"""A price book as a JSON file: read strictly, every refusal one line that names the place.

{"product": "cloud-vm", "currency": "USD", "tax_included": false,
 "rates": {"cpu": "12.50", "disk": {"tiered": [{"up_to": 100, "unit": "0.10"}, {"unit": "0.08"}]},
           "type": {"options": {"1c1g": "65", "2c4g": "218"}}},
 "discounts": [{"months": 3, "off": "0.20"}]}

`tax_included` is false unless given. Without `discounts` those in force stay; an empty list means none. Without
`minimum_charge` ("5.00", in major units) that in force stays as well.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from .errors import BadInput
from .money import minor_digits
from .quote_input import _each, _Fields, _not_negative, _parse, _refuse, _schedule, _text, _Wrong
from .rates import Rate, rate_from_json
from .tiers import Schedule

_KEYS = dict.fromkeys(("product", "currency", "tax_included", "minimum_charge", "rates", "discounts"))


@dataclass(frozen=True, kw_only=True)
class BookFile:
    """What one file says. `keeps_discounts`: it says nothing about discounts, so that those in force stay; None as the
    minimum charge (minor units) likewise."""

    product: str
    currency: str
    tax_included: bool
    rates: Mapping[str, Rate]
    schedule: Schedule | None
    keeps_discounts: bool
    minimum_charge_minor: int | None


def read_books(text: str) -> tuple[BookFile, ...]:
    """The price books in the text of one JSON object, or of a list of them. Raises BadInput with one line."""
    found = _parse(text)
    if found == []:
        raise BadInput("the list is empty: give one price book or more")
    try:
        return tuple(_each(_book)(found)) if isinstance(found, list) else (_book(found),)
    except _Wrong as wrong:
        raise BadInput(str(wrong)) from None


def _book(value: object) -> BookFile:
    fields = _Fields(value, _KEYS)
    currency = fields.read("currency", _text)
    minor_digits(currency)  # raises for a currency nobody can be charged in
    schedule = fields.read("discounts", _schedule, None)
    assert isinstance(value, dict)  # _Fields has refused anything else
    return BookFile(
        product=fields.read("product", _text),
        currency=currency,
        tax_included=fields.read("tax_included", _yes_or_no, False),
        rates=fields.read("rates", _rates),
        schedule=schedule if schedule is not None and schedule.tiers else None,
        keeps_discounts="discounts" not in value,
        minimum_charge_minor=fields.read("minimum_charge", _minor(currency), None),
    )


def _minor(currency: str) -> Callable[[object], int]:
    """A reader of amounts of that currency in minor units."""
    digits = minor_digits(currency)

    def read(value: object) -> int:
        minor = Fraction(_not_negative(value)) * 10**digits
        if minor.denominator != 1:
            _refuse(f"must have at most {digits} decimals", value)
        return int(minor)

    return read


def _rates(value: object) -> dict[str, Rate]:
    if not isinstance(value, dict) or not value:
        _refuse('must be rates by resource, such as {"cpu": "12.50"}', value)
    return {code: _rate(code, rate) for code, rate in value.items()}


def _rate(code: str, value: object) -> Rate:
    try:
        return rate_from_json(value, "")
    except BadInput as bad:
        # What went wrong inside a rate begins with its place there: ".tiered[0].unit must be ...".
        place, gap, said = re.fullmatch(r"([^ :]*)([ :]+)(.*)", str(bad), re.DOTALL).groups()  # type: ignore[union-attr]
        raise _Wrong(gap + said, f".{code}{place}") from None


def _yes_or_no(value: object) -> bool:
    if not isinstance(value, bool):
        _refuse("must be true or false", value)
    return value
