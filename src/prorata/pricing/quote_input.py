"""The JSON input of a quote: read strictly, every refusal one line that names the place."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import NoReturn, TypeVar, overload

from .change import CREDIT_MODELS, DEFAULT_CREDIT, Component
from .errors import BadInput
from .instants import read_date, read_instant, read_zone
from .layers import PaidShare
from .money import PRECISE_DIGITS, minor_digits
from .rules import Term
from .terms import DEFAULT_RULE
from .tiers import Schedule, Tier

_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_LONGEST_NUMBER = 1000  # characters
_REQUEST_KEYS = dict.fromkeys(
    ("rule", "at", "starts_at", "ends_at", "zone", "currency", "lines", "credit", "carry")
)
_LINE_KEYS = dict.fromkeys(("name", "old", "new", "discounts", "old_discounts", "new_discounts", "layers"))
_TIER_KEYS = dict.fromkeys(("months", "off"))
_LAYER_KEYS = dict.fromkeys(("amount", "from", "to", "share"))
_ABSENT, _NEEDED = object(), object()
_NOTHING, _EVERYTHING = Decimal(0), Fraction(1)
_KNOWN_SCHEDULES: dict[str, Schedule] = {}
_MOST_KNOWN = 1000
_T = TypeVar("_T")
_D = TypeVar("_D")


class Numeral(str):
    """A number that stood unquoted in the JSON text, kept as written."""

    __slots__ = ()


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
        return _request(_parse(text))
    except _Wrong as wrong:
        raise BadInput(str(wrong)) from None


def _request(value: object) -> Request:
    fields = _Fields(value, _REQUEST_KEYS)
    zone = fields.read("zone", _zone)
    instant = _checked(lambda given: read_instant(given, zone))
    # Only the rules of a paid period use its start, but a malformed one is always a mistake.
    term = Term(
        at=fields.read("at", instant),
        ends_at=fields.read("ends_at", instant),
        zone=zone,
        starts_at=fields.read("starts_at", instant, None),
    )
    if term.at >= term.ends_at:
        raise BadInput("ends_at must be later than at: nothing is left of this term")
    currency = fields.read("currency", _text)
    lines = fields.read("lines", _lines)
    return Request(
        rule=fields.read("rule", _text, DEFAULT_RULE),
        term=term,
        currency=currency,
        components=tuple([component for component, _ in lines]),
        as_given=tuple([given for _, given in lines]),
        credit=fields.read("credit", _credit, DEFAULT_CREDIT),
        carry=fields.read("carry", _carry(minor_digits(currency)), _NOTHING),
    )


class _Wrong(Exception):
    """A value that cannot be used. Its place grows from the inside out, and only when it is needed."""

    def __init__(self, said: str, place: str = "") -> None:
        self.said = said
        self.place = place

    def __str__(self) -> str:
        return (self.place.removeprefix(".") or "the input") + self.said

    def within(self, outer: str) -> _Wrong:
        return _Wrong(self.said, outer + self.place)


class _Fields:
    """One JSON object with the keys it may have. A reader makes something of a value or raises _Wrong."""

    __slots__ = ("_values",)

    def __init__(self, value: object, known: dict[str, None]) -> None:
        if not isinstance(value, dict):
            _refuse("must be a JSON object", value)
        self._values: dict[str, object] = value
        if not value.keys() <= known.keys():
            key = next(key for key in value if key not in known)
            shown = key if key.isidentifier() and key.isascii() else _shown(key)
            raise _Wrong(f" is not a known key: use {', '.join(known)}", f".{shown}")

    def as_written(self, key: str) -> str:
        """The text of a value that has been read, exactly as it stood."""
        return str(self._values[key])

    @overload
    def read(self, key: str, reader: Callable[[object], _T]) -> _T: ...
    @overload
    def read(self, key: str, reader: Callable[[object], _T], absent: _D) -> _T | _D: ...

    def read(self, key: str, reader: Callable[[object], _T], absent: object = _NEEDED) -> object:
        """The value of a key, or `absent` where it is not there. A key that is there, even null, is read."""
        value = self._values.get(key, _ABSENT)
        if value is _ABSENT:
            if absent is _NEEDED:
                raise _Wrong(" is missing: add it", f".{key}")
            return absent
        try:
            return reader(value)
        except _Wrong as wrong:
            raise wrong.within(f".{key}") from None


def _line(value: object) -> tuple[Component, tuple[str, str]]:
    fields = _Fields(value, _LINE_KEYS)
    both = fields.read("discounts", _schedule, None)
    layers = fields.read("layers", _layers, None)
    component = Component(
        name=fields.read("name", _text),
        old=fields.read("old", _not_negative),
        new=fields.read("new", _not_negative),
        # A side's own key counts even when it is null: then this side has no discount.
        old_schedule=fields.read("old_discounts", _schedule, both),
        new_schedule=fields.read("new_discounts", _schedule, both),
        layers=None if layers is None else tuple(layers),
    )
    return component, (fields.as_written("old"), fields.as_written("new"))


def _schedule(value: object) -> Schedule | None:
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
            raise _Wrong(f": {bad}") from None
    return _KNOWN_SCHEDULES[text]


def _tier(value: object) -> Tier:
    fields = _Fields(value, _TIER_KEYS)
    return Tier(fields.read("months", _whole), fields.read("off", _zero_to_one))


def _layer(value: object) -> PaidShare:
    fields = _Fields(value, _LAYER_KEYS)
    starts, ends = fields.read("from", _date), fields.read("to", _date)
    if starts >= ends:
        raise _Wrong(f": from must be before to, not {starts} to {ends}")
    amount, share = fields.read("amount", _not_negative), fields.read("share", _share, _EVERYTHING)
    return PaidShare(str(starts), amount, starts, ends, share)


def _carry(digits: int) -> Callable[[object], Decimal]:
    """A reader of what earlier changes left over in a currency of so many digits."""

    def reader(value: object) -> Decimal:
        carry = _number(value)
        if len(str(value).partition(".")[2]) > PRECISE_DIGITS:
            _refuse(f"must have at most {PRECISE_DIGITS} decimals", value)
        if abs(Fraction(carry)) > Fraction(1, 2 * 10**digits):
            _refuse("must be at most half a minor unit of the currency", value)
        return carry

    return reader


def _credit(value: object) -> str:
    model = _text(value)
    if model not in CREDIT_MODELS:
        _refuse(f"must be one of {', '.join(CREDIT_MODELS)}", value)
    return model


def _not_negative(value: object) -> Decimal:
    number = _number(value)
    if number < 0:
        _refuse("must be 0 or more", value)
    return number


def _zero_to_one(value: object) -> Decimal:
    number = _number(value)
    if not 0 <= number <= 1:
        _refuse("must be between 0 and 1", value)
    return number


def _share(value: object) -> Fraction:
    return Fraction(_zero_to_one(value))


def _whole(value: object) -> int:
    number = Fraction(_not_negative(value))
    if number.denominator != 1:
        _refuse("must be a whole number", value)
    return int(number)


def _number(value: object) -> Decimal:
    """A number as it was written: plain decimal digits, as a string or a JSON number."""
    if not isinstance(value, str) or not _NUMBER.fullmatch(value):
        _refuse("must be a number such as 65 or 65.50", value)
    if len(value) > _LONGEST_NUMBER:
        raise _Wrong(f" must have at most {_LONGEST_NUMBER} characters, not {len(value)}")
    return Decimal(value)


def _text(value: object) -> str:
    if not isinstance(value, str) or isinstance(value, Numeral):
        _refuse("must be a string", value)
    return value


def _checked(read: Callable[[str], _T]) -> Callable[[object], _T]:
    """A reader out of a function that takes text and raises BadInput("is not ...")."""

    def reader(value: object) -> _T:
        text = _text(value)
        try:
            return read(text)
        except BadInput as bad:
            raise _Wrong(f" {_shown(text)} {bad}") from None

    return reader


def _each(reader: Callable[[object], _T]) -> Callable[[object], list[_T]]:
    """A reader of a list whose every item goes through `reader`."""

    def read_list(value: object) -> list[_T]:
        if not isinstance(value, list):
            _refuse("must be a list", value)
        found: list[_T] = []
        try:
            for item in value:
                found.append(reader(item))
        except _Wrong as wrong:
            raise wrong.within(f"[{len(found)}]") from None
        return found

    return read_list


_date, _zone = _checked(read_date), _checked(read_zone)
_lines, _tiers, _layers = _each(_line), _each(_tier), _each(_layer)


def _refuse(demand: str, value: object) -> NoReturn:
    raise _Wrong(f" {demand}, not {_shown(value)}")


def _shown(value: object) -> str:
    """A value on one short line, as JSON writes it."""
    text = str(value) if isinstance(value, Numeral) else json.dumps(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _parse(text: str) -> object:
    try:
        parsed: object = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        where = f"column {error.colno}" if error.lineno == 1 else f"line {error.lineno} column {error.colno}"
        raise BadInput(f"the input is not one JSON object: {error.msg} at {where}") from None
    except RecursionError:
        raise BadInput("the input is nested too deeply: give one flat JSON object") from None
    return parsed


def _no_constant(word: str) -> NoReturn:
    raise BadInput(f"the input holds {word}: give a number in plain digits")


def _no_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise BadInput(f"the key {_shown(twice)} stands twice in one object: keep one")
    return found


_DECODER = json.JSONDecoder(
    parse_int=Numeral,
    parse_float=Numeral,
    parse_constant=_no_constant,
    object_pairs_hook=_no_duplicates,
)
