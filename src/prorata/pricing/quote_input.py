"""The JSON input of a quote: read strictly, every refusal one line that names the place."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import NoReturn, TypeVar

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
_REQUEST_KEYS = ["rule", "at", "starts_at", "ends_at", "zone", "currency", "lines", "credit", "carry"]
_LINE_KEYS = ["name", "old", "new", "discounts", "old_discounts", "new_discounts", "layers"]
_KNOWN_SCHEDULES: dict[str, Schedule] = {}
_MOST_KNOWN = 1000
_T = TypeVar("_T")
_D = TypeVar("_D")


class Numeral(str):
    """A number that stood unquoted in the JSON text, kept as written."""

    __slots__ = ()


@dataclass(frozen=True)
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
    fields = _Fields(_parse(text), "", _REQUEST_KEYS)
    zone = fields.read("zone", _checked(read_zone))
    instant = _checked(lambda given: read_instant(given, zone))
    # Only the rules of a paid period use its start, but a malformed one is always a mistake.
    term = Term(
        at=fields.read("at", instant),
        ends_at=fields.read("ends_at", instant),
        zone=zone,
        starts_at=fields.read_or("starts_at", instant, None),
    )
    if term.at >= term.ends_at:
        raise BadInput("ends_at must be later than at: nothing is left of this term")
    currency = fields.read("currency", _text)
    lines = fields.read("lines", _each(_line))
    return Request(
        rule=fields.read_or("rule", _text, DEFAULT_RULE),
        term=term,
        currency=currency,
        components=tuple(component for component, _ in lines),
        as_given=tuple(given for _, given in lines),
        credit=fields.read_or("credit", _credit, DEFAULT_CREDIT),
        carry=_carry(fields, minor_digits(currency)),
    )


class _Fields:
    """One JSON object at `place` (empty for the outermost), with the keys it may have."""

    def __init__(self, value: object, place: str, known: list[str]) -> None:
        if not isinstance(value, dict):
            _refuse(place or "the input", "must be a JSON object", value)
        self._values: dict[str, object] = value
        self._place = place
        for key in self._values:
            if key not in known:
                shown = key if key.isidentifier() and key.isascii() else _shown(key)
                where = f"{place}.{shown}" if place else shown
                raise BadInput(f"{where} is not a known key: use {', '.join(known)}")

    def as_written(self, key: str) -> str:
        """The text of a value that has been read, exactly as it stood."""
        return str(self._values[key])

    def read(self, key: str, reader: Callable[[object, str], _T]) -> _T:
        """The value of a required key through `reader(value, place)`."""
        place = f"{self._place}.{key}" if self._place else key
        if key not in self._values:
            raise BadInput(f"{place} is missing: add it")
        return reader(self._values[key], place)

    def read_or(self, key: str, reader: Callable[[object, str], _T], absent: _D) -> _T | _D:
        """As `read`, or `absent` where the key is not there. A key that is there, even null, is read."""
        return self.read(key, reader) if key in self._values else absent


def _line(value: object, place: str) -> tuple[Component, tuple[str, str]]:
    fields = _Fields(value, place, _LINE_KEYS)
    both = fields.read_or("discounts", _schedule, None)
    layers = fields.read_or("layers", _each(_layer), None)
    component = Component(
        name=fields.read("name", _text),
        old=fields.read("old", _not_negative),
        new=fields.read("new", _not_negative),
        # A side's own key counts even when it is null: then this side has no discount.
        old_schedule=fields.read_or("old_discounts", _schedule, both),
        new_schedule=fields.read_or("new_discounts", _schedule, both),
        layers=None if layers is None else tuple(layers),
    )
    return component, (fields.as_written("old"), fields.as_written("new"))


def _schedule(value: object, place: str) -> Schedule | None:
    if value is None:
        return None
    # Most lines of a file hold the same few price lists: one that was read is known by its text.
    text = repr(value)
    if text not in _KNOWN_SCHEDULES:
        tiers = _each(_tier)(value, place)
        if len(_KNOWN_SCHEDULES) >= _MOST_KNOWN:
            _KNOWN_SCHEDULES.clear()
        try:
            _KNOWN_SCHEDULES[text] = Schedule(tuple(tiers))
        except BadInput as bad:
            raise BadInput(f"{place}: {bad}") from None
    return _KNOWN_SCHEDULES[text]


def _tier(value: object, place: str) -> Tier:
    fields = _Fields(value, place, ["months", "off"])
    return Tier(fields.read("months", _whole), fields.read("off", _zero_to_one))


def _layer(value: object, place: str) -> PaidShare:
    fields = _Fields(value, place, ["amount", "from", "to", "share"])
    starts, ends = fields.read("from", _checked(read_date)), fields.read("to", _checked(read_date))
    if starts >= ends:
        raise BadInput(f"{place}: from must be before to, not {starts} to {ends}")
    share = fields.read_or("share", _zero_to_one, Decimal(1))
    return PaidShare(place, fields.read("amount", _not_negative), starts, ends, Fraction(share))


def _carry(fields: _Fields, digits: int) -> Decimal:
    written = fields.read_or("carry", _numeral, None)
    if written is None:
        return Decimal(0)
    if len(written.partition(".")[2]) > PRECISE_DIGITS:
        raise BadInput(f"carry must have at most {PRECISE_DIGITS} decimals, not {_shown(written)}")
    if abs(Fraction(written)) > Fraction(1, 2 * 10**digits):
        raise BadInput(f"carry must be at most half a minor unit of the currency, not {_shown(written)}")
    return Decimal(written)


def _credit(value: object, place: str) -> str:
    model = _text(value, place)
    if model not in CREDIT_MODELS:
        _refuse(place, f"must be one of {', '.join(CREDIT_MODELS)}", value)
    return model


def _not_negative(value: object, place: str) -> Decimal:
    number = _number(value, place)
    if number < 0:
        _refuse(place, "must be 0 or more", value)
    return number


def _zero_to_one(value: object, place: str) -> Decimal:
    number = _number(value, place)
    if not 0 <= number <= 1:
        _refuse(place, "must be between 0 and 1", value)
    return number


def _whole(value: object, place: str) -> int:
    number = Fraction(_not_negative(value, place))
    if number.denominator != 1:
        _refuse(place, "must be a whole number", value)
    return int(number)


def _number(value: object, place: str) -> Decimal:
    return Decimal(_numeral(value, place))


def _numeral(value: object, place: str) -> str:
    """A number as it was written: plain decimal digits, as a string or a JSON number."""
    if not isinstance(value, str) or not _NUMBER.fullmatch(value):
        _refuse(place, "must be a number such as 65 or 65.50", value)
    if len(value) > _LONGEST_NUMBER:
        raise BadInput(f"{place} must have at most {_LONGEST_NUMBER} characters, not {len(value)}")
    return str(value)


def _text(value: object, place: str) -> str:
    if not isinstance(value, str) or isinstance(value, Numeral):
        _refuse(place, "must be a string", value)
    return value


def _checked(read: Callable[[str], _T]) -> Callable[[object, str], _T]:
    """A reader out of a function that takes text and raises BadInput("is not ...")."""

    def reader(value: object, place: str) -> _T:
        text = _text(value, place)
        try:
            return read(text)
        except BadInput as bad:
            raise BadInput(f"{place} {_shown(text)} {bad}") from None

    return reader


def _each(reader: Callable[[object, str], _T]) -> Callable[[object, str], list[_T]]:
    """A reader of a list whose every item goes through `reader`."""

    def read_list(value: object, place: str) -> list[_T]:
        if not isinstance(value, list):
            _refuse(place, "must be a list", value)
        return [reader(item, f"{place}[{index}]") for index, item in enumerate(value)]

    return read_list


def _refuse(place: str, demand: str, value: object) -> NoReturn:
    raise BadInput(f"{place} {demand}, not {_shown(value)}")


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
