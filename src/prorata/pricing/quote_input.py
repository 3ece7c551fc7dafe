"""The JSON input of a quote: read strictly, every refusal one line that names the place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from .change import CREDIT_MODELS, DEFAULT_CREDIT, Component
from .errors import BadInput
from .instants import read_date, read_instant, read_zone
from .json_fields import (
    Fields,
    Wrong,
    checked,
    each,
    not_negative,
    number_in,
    parse,
    refuse,
    text_in,
    whole,
    zero_to_one,
)
from .layers import PaidShare
from .money import PRECISE_DIGITS, minor_digits
from .rules import Term
from .terms import DEFAULT_RULE
from .tiers import Schedule, Tier

_REQUEST_KEYS = dict.fromkeys(
    ("rule", "at", "starts_at", "ends_at", "zone", "currency", "lines", "credit", "carry")
)
_LINE_KEYS = dict.fromkeys(("name", "old", "new", "discounts", "old_discounts", "new_discounts", "layers"))
_TIER_KEYS = dict.fromkeys(("months", "off"))
_LAYER_KEYS = dict.fromkeys(("amount", "from", "to", "share"))
_NOTHING, _EVERYTHING = Decimal(0), Fraction(1)
_KNOWN_SCHEDULES: dict[str, Schedule] = {}
_MOST_KNOWN = 1000


@dataclass(frozen=True, slots=True)
class Request:
    """A quote to make. `as_given` holds the old and the new price of every line exactly as they were
    written."""

    rule: str
    term: Term
    currency: str
    components: tuple[Component, ...]
    as_given: tuple[tuple[str, str], ...]
    credit: str
    carry: Decimal


def read_request(text: str) -> Request:
    """The request in the text of one JSON object. Raises BadInput with one line."""
    try:
        return _request(parse(text))
    except Wrong as wrong:
        raise BadInput(str(wrong)) from None


def _request(value: object) -> Request:
    fields = Fields(value, _REQUEST_KEYS)
    zone = fields.read("zone", _zone)
    instant = checked(lambda given: read_instant(given, zone))
    # Only the rules of a paid period use its start, but a malformed one is always a mistake.
    term = Term(
        at=fields.read("at", instant),
        ends_at=fields.read("ends_at", instant),
        zone=zone,
        starts_at=fields.read("starts_at", instant, None),
    )
    if term.at >= term.ends_at:
        raise BadInput("ends_at must be later than at: nothing is left of this term")
    currency = fields.read("currency", text_in)
    lines = fields.read("lines", _lines)
    return Request(
        rule=fields.read("rule", text_in, DEFAULT_RULE),
        term=term,
        currency=currency,
        components=tuple([component for component, _ in lines]),
        as_given=tuple([given for _, given in lines]),
        credit=fields.read("credit", _credit, DEFAULT_CREDIT),
        carry=fields.read("carry", _carry(minor_digits(currency)), _NOTHING),
    )


def _line(value: object) -> tuple[Component, tuple[str, str]]:
    fields = Fields(value, _LINE_KEYS)
    both = fields.read("discounts", schedule_in, None)
    layers = fields.read("layers", _layers, None)
    component = Component(
        name=fields.read("name", text_in),
        old=fields.read("old", not_negative),
        new=fields.read("new", not_negative),
        # A side's own key counts even when it is null: then this side has no discount.
        old_schedule=fields.read("old_discounts", schedule_in, both),
        new_schedule=fields.read("new_discounts", schedule_in, both),
        layers=None if layers is None else tuple(layers),
    )
    return component, (fields.as_written("old"), fields.as_written("new"))


def schedule_in(value: object) -> Schedule | None:
    """The discounts of a price list; null means none."""
    if value is None:
        return None
    # Most lines of a file hold the same few price lists: one that was read is known by its text.
    text = repr(value)
    if text not in _KNOWN_SCHEDULES:
        tiers = _tiers(value)
        if len(_KNOWN_SCHEDULES) >= _MOST_KNOWN:
            _KNOWN_SCHEDULES.clear()
        try:
            _KNOWN_SCHEDULES[text] = Schedule(tuple(tiers))
        except BadInput as bad:
            raise Wrong(f": {bad}") from None
    return _KNOWN_SCHEDULES[text]


def _tier(value: object) -> Tier:
    fields = Fields(value, _TIER_KEYS)
    return Tier(fields.read("months", whole), fields.read("off", zero_to_one))


def _layer(value: object) -> PaidShare:
    fields = Fields(value, _LAYER_KEYS)
    starts, ends = fields.read("from", _date), fields.read("to", _date)
    if starts >= ends:
        raise Wrong(f": from must be before to, not {starts} to {ends}")
    amount, share = fields.read("amount", not_negative), fields.read("share", _share, _EVERYTHING)
    return PaidShare(str(starts), amount, starts, ends, share)


def _carry(digits: int) -> Callable[[object], Decimal]:
    """A reader of what earlier changes left over in a currency of so many digits."""

    def reader(value: object) -> Decimal:
        carry = number_in(value)
        if len(str(value).partition(".")[2]) > PRECISE_DIGITS:
            refuse(f"must have at most {PRECISE_DIGITS} decimals", value)
        if abs(Fraction(carry)) > Fraction(1, 2 * 10**digits):
            refuse("must be at most half a minor unit of the currency", value)
        return carry

    return reader


def _credit(value: object) -> str:
    model = text_in(value)
    if model not in CREDIT_MODELS:
        refuse(f"must be one of {', '.join(CREDIT_MODELS)}", value)
    return model


def _share(value: object) -> Fraction:
    return Fraction(zero_to_one(value))


_date, _zone = checked(read_date), checked(read_zone)
_lines, _tiers, _layers = each(_line), each(_tier), each(_layer)
