"""JSON read strictly: only known keys, numbers as they were written, and every refusal one line that names its place.

`Fields` reads an object key by key; a reader is a function that makes something of a value or raises Wrong. What cannot be
parsed at all raises BadInput.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import NoReturn, TypeVar, overload

from .errors import BadInput

_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_LONGEST_NUMBER = 1000  # characters
_ABSENT, _NEEDED = object(), object()
_T = TypeVar("_T")
_D = TypeVar("_D")


class Numeral(str):
    """A number that stood unquoted in the JSON text, kept as written."""

    __slots__ = ()


class Wrong(Exception):
    """A value that cannot be used. Its place grows from the inside out, and only when it is needed."""

    def __init__(self, said: str, place: str = "") -> None:
        self.said = said
        self.place = place

    def __str__(self) -> str:
        return (self.place.removeprefix(".") or "the input") + self.said

    def within(self, outer: str) -> Wrong:
        return Wrong(self.said, outer + self.place)


class Fields:
    """One JSON object with the keys it may have. A reader makes something of a value or raises Wrong."""

    __slots__ = ("_values",)

    def __init__(self, value: object, known: dict[str, None]) -> None:
        if not isinstance(value, dict):
            refuse("must be a JSON object", value)
        self._values: dict[str, object] = value
        if not value.keys() <= known.keys():
            key = next(key for key in value if key not in known)
            shown = key if key.isidentifier() and key.isascii() else shown_as(key)
            raise Wrong(f" is not a known key: use {', '.join(known)}", f".{shown}")

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
                raise Wrong(" is missing: add it", f".{key}")
            return absent
        try:
            return reader(value)
        except Wrong as wrong:
            raise wrong.within(f".{key}") from None


def not_negative(value: object) -> Decimal:
    number = number_in(value)
    if number < 0:
        refuse("must be 0 or more", value)
    return number


def zero_to_one(value: object) -> Decimal:
    number = number_in(value)
    if not 0 <= number <= 1:
        refuse("must be between 0 and 1", value)
    return number


def whole(value: object) -> int:
    number = Fraction(not_negative(value))
    if number.denominator != 1:
        refuse("must be a whole number", value)
    return int(number)


def number_in(value: object) -> Decimal:
    """A number as it was written: plain decimal digits, as a string or a JSON number."""
    if not isinstance(value, str) or not _NUMBER.fullmatch(value):
        refuse("must be a number such as 65 or 65.50", value)
    if len(value) > _LONGEST_NUMBER:
        raise Wrong(f" must have at most {_LONGEST_NUMBER} characters, not {len(value)}")
    return Decimal(value)


def text_in(value: object) -> str:
    if not isinstance(value, str) or isinstance(value, Numeral):
        refuse("must be a string", value)
    return value


def checked(read: Callable[[str], _T]) -> Callable[[object], _T]:
    """A reader out of a function that takes text and raises BadInput("is not ...")."""

    def reader(value: object) -> _T:
        text = text_in(value)
        try:
            return read(text)
        except BadInput as bad:
            raise Wrong(f" {shown_as(text)} {bad}") from None

    return reader


def each(reader: Callable[[object], _T]) -> Callable[[object], list[_T]]:
    """A reader of a list whose every item goes through `reader`."""

    def read_list(value: object) -> list[_T]:
        if not isinstance(value, list):
            refuse("must be a list", value)
        found: list[_T] = []
        try:
            for item in value:
                found.append(reader(item))
        except Wrong as wrong:
            raise wrong.within(f"[{len(found)}]") from None
        return found

    return read_list


def refuse(demand: str, value: object) -> NoReturn:
    raise Wrong(f" {demand}, not {shown_as(value)}")


def shown_as(value: object) -> str:
    """A value on one short line, as JSON writes it."""
    text = str(value) if isinstance(value, Numeral) else json.dumps(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def parse(text: str) -> object:
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
        raise BadInput(f"the key {shown_as(twice)} stands twice in one object: keep one")
    return found


_DECODER = json.JSONDecoder(
    parse_int=Numeral,
    parse_float=Numeral,
    parse_constant=_no_constant,
    object_pairs_hook=_no_duplicates,
)
