"""What a slider card shows: the positions of every zone on the drawn track, the marks of its ruler, and the words.

Positions are shares of the track, 0 to 1, on a ruler whose marks are equally far apart: an arrow key moves the thumb by
one mark wherever it stands. Nothing here decides what may be chosen; that is `changes.limits`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property
from itertools import pairwise
from types import MappingProxyType

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from prorata.catalog.names import in_language
from prorata.catalog.values import BookValues, Value
from prorata.changes.limits import Limit
from prorata.changes.refusals import Refusal, WayOut, way_out, words
from prorata.portal.money import GAP, MINUS, exact_money
from prorata.pricing.rates import OptionPrices, UnitPrice

# Marks drawn one by one; above it only those with a numeral.
MOST_TICKS = 40
# What a numeral needs, in pixels, on a wide card and on a narrow one.
WIDE, NARROW, DIGIT, AIR = 470, 262, 7, 11
MANY_VALUES = 12


@dataclass(frozen=True)
class Mark:
    """One mark of the ruler. `at` is its position; `text` empty where it has only a tick; `key`: kept on narrow
    cards; `asks`: it cannot be chosen without more of another resource."""

    value: int
    at: float
    text: str
    key: bool
    closed: bool
    near: str
    asks: bool = False

    @property
    def percent(self) -> str:
        return percent(self.at)


@dataclass(frozen=True)
class Zone:
    """A stretch of the track, as percentages for the drawing."""

    kind: str
    start: float
    end: float

    @property
    def x(self) -> str:
        return percent(self.start)

    @property
    def width(self) -> str:
        return percent(max(self.end - self.start, 0))


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One option of a resource that is chosen rather than counted."""

    code: str
    name: str
    price: Decimal
    chosen: bool
    current: bool
    needs: str = ""


@dataclass(frozen=True, kw_only=True)
class Card:
    """One resource on the change page. `typed` is what stands in the field, whether or not it can be chosen.

    What is drawn is worked out where it is drawn: an answer to moved values shows none of it.
    """

    limit: Limit
    typed: str
    book: BookValues
    currency: str
    errors: tuple[str, ...] = ()
    ways: tuple[WayOut, ...] = ()
    notes: tuple[str, ...] = ()
    asking: Mapping[Value, Refusal] = field(default_factory=dict)
    choices: tuple[Choice, ...] = ()
    value: Value = 0
    old_monthly: Decimal = Decimal(0)
    new_monthly: Decimal = Decimal(0)
    way: str = ""

    @property
    def code(self) -> str:
        return self.limit.code

    @property
    def name(self) -> str:
        return in_language(self.limit.name)

    @property
    def is_option(self) -> bool:
        return self.limit.kind == "option"

    @property
    def direction(self) -> str:
        if self.is_option or isinstance(self.value, str) or isinstance(self.limit.current, str):
            return "same" if self.value == self.limit.current else "up" if self.change > 0 else "down"
        return (
            "up" if self.value > self.limit.current else "down" if self.value < self.limit.current else "same"
        )

    @property
    def change(self) -> Decimal:
        """Of the monthly price, in major units."""
        return self.new_monthly - self.old_monthly

    @property
    def delta(self) -> str:
        """+4 GB, −2."""
        if (
            isinstance(self.value, str)
            or isinstance(self.limit.current, str)
            or self.value == self.limit.current
        ):
            return ""
        by = self.value - self.limit.current
        return f"{'+' if by > 0 else MINUS}{self.limit.show(abs(by))}"

    @property
    def current_text(self) -> str:
        return self.limit.show(self.limit.current)

    @property
    def used_text(self) -> str:
        return "" if self.limit.used is None else with_unit(self.limit.used, self.limit.unit)

    @property
    def peak_text(self) -> str:
        """The most that was used in the product's window, where it asks for one: peak 2.9 GB in 7 days."""
        if self.limit.peak is None:
            return ""
        shown = {"peak": with_unit(self.limit.peak, self.limit.unit), "days": self.limit.peak_days}
        return ngettext("%(peak)s in a day", "%(peak)s in %(days)s days", self.limit.peak_days) % shown

    @property
    def used_label(self) -> str:
        return _("Stored") if self.limit.usage_kind == "objects" else _("In use")

    @property
    def floor_text(self) -> str:
        return self.limit.show(self.limit.floor)

    @property
    def ceiling_text(self) -> str:
        return self.limit.show(self.limit.ceiling)

    @property
    def floor_words(self) -> list[tuple[str, str]]:
        """Each reason for the floor in words, and the way out of it."""
        return [(words(refusal), way_out(refusal)) for refusal in self.limit.floor_reasons]

    @property
    def ceiling_words(self) -> list[tuple[str, str]]:
        """The same for the ceiling; what holds in both directions was said already."""
        above = [one for one in self.limit.ceiling_reasons if one not in self.limit.floor_reasons]
        return [(words(refusal), way_out(refusal)) for refusal in above]

    @property
    def description(self) -> str:
        """For readers that speak: where one is and how far one may go."""
        now = _("You have %(current)s.") % {"current": self.current_text}
        used = _("In use %(used)s.") % {"used": self.used_text} if self.used_text else ""
        span = _("Lowest possible now %(floor)s. Highest %(ceiling)s.") % {
            "floor": self.floor_text, "ceiling": self.ceiling_text,
        }  # fmt: skip
        return " ".join(part for part in (now, used, span, *self.notes) if part)

    @property
    def spoken(self) -> str:
        """The value of the slider for readers that speak: 8 GB, 4 more than now."""
        if self.direction == "same" or isinstance(self.value, str) or isinstance(self.limit.current, str):
            return _("%(value)s, as now") % {"value": self.limit.show(self.value)}
        shown = {"value": self.limit.show(self.value), "by": abs(self.value - self.limit.current)}
        if self.direction == "up":
            return _("%(value)s, %(by)s more than now") % shown
        return _("%(value)s, %(by)s less than now") % shown

    @property
    def rate(self) -> str:
        """What one of it costs, in words."""
        return _rate(self.limit, self.book, self.currency)

    @cached_property
    def _drawing(self) -> tuple[tuple[Mark, ...], dict[str, float]]:
        return _marks(self.limit, int(self.value), self.asking)

    @property
    def marks(self) -> tuple[Mark, ...]:
        return self._drawing[0]

    @property
    def places(self) -> Mapping[str, float]:
        """Where what stands on the track."""
        return self._drawing[1]

    @property
    def zones(self) -> tuple[Zone, ...]:
        return _zones(self.places)

    @property
    def picks(self) -> tuple[int, ...]:
        return _picks(self.limit, self.asking)

    @property
    def position(self) -> float:
        return self.places["value"]

    @property
    def mark_values(self) -> str:
        return " ".join(str(mark.value) for mark in self.marks)

    @property
    def allowed_values(self) -> str:
        return " ".join(str(value) for value in self.limit.allowed)

    @property
    def drawn(self) -> list[Mark]:
        """The marks with a tick: all of them, or only the numbered ones where there are too many."""
        return list(self.marks) if len(self.marks) <= MOST_TICKS else [m for m in self.marks if m.text]

    @property
    def gaps(self) -> list[str]:
        """Where zones meet: a gap of the surface's colour keeps neighbours apart for eyes that see little contrast."""
        edges = {self.places[name] for name in ("used", "floor", "current", "ceiling")}
        return [percent(edge) for edge in sorted(edges) if 0 < edge < 1]

    @property
    def current_x(self) -> str:
        return percent(self.places["current"])

    @property
    def value_x(self) -> str:
        return percent(self.position)


def percent(share: float) -> str:
    return f"{share * 100:.3f}".rstrip("0").rstrip(".") + "%"


def with_unit(amount: Decimal, unit: str) -> str:
    plain = f"{amount:f}"
    short = plain.rstrip("0").rstrip(".") if "." in plain else plain
    return f"{short}{GAP}{unit}" if unit else short


def card(
    limit: Limit,
    book: BookValues,
    currency: str,
    typed: str | None = None,
    errors: Sequence[Refusal] = (),
    *,
    notes: Sequence[str] = (),
    asking: Mapping[Value, Refusal] = MappingProxyType({}),
) -> Card:
    """The card of one resource with `typed` in its field (nothing typed: the current value).

    `notes` are sentences about what its values need of others, `asking` the values that need something now.
    """
    written = str(limit.current) if typed is None else typed.strip()[:40]
    # A way out that has buttons need not be told as well.
    said = tuple(words(one) if one.ways else f"{words(one)} {way_out(one)}".strip() for one in errors)
    ways = tuple(way for refusal in errors for way in refusal.ways)
    if limit.kind == "option":
        chosen = _option_card(limit, book, currency, written, said, asking)
        return replace(chosen, ways=ways, notes=tuple(notes))
    current = int(limit.current)
    # A value that only needs more of another is shown where it stands; one that cannot be chosen is not.
    shown = not errors or bool(ways)
    value = int(written) if shown and written.isascii() and written.isdigit() else current
    return Card(
        limit=limit, typed=written, book=book, currency=currency, errors=said, asking=asking, value=value,
        old_monthly=book.monthly(limit.code, current), new_monthly=book.monthly(limit.code, value),
        ways=ways, notes=tuple(notes),
    )  # fmt: skip


def _option_card(
    limit: Limit,
    book: BookValues,
    currency: str,
    written: str,
    errors: tuple[str, ...],
    asking: Mapping[Value, Refusal],
) -> Card:
    value = written if written in limit.allowed else str(limit.current)
    choices = tuple(
        Choice(
            code=str(code), name=limit.show(code), price=book.monthly(limit.code, code), chosen=code == value,
            current=code == limit.current, needs=words(asking[code]) if code in asking else "",
        )
        for code in limit.stops
        if code in limit.allowed or code == limit.current
    )  # fmt: skip
    return Card(
        limit=limit, typed=value, book=book, currency=currency, errors=errors, choices=choices, value=value,
        old_monthly=book.monthly(limit.code, limit.current), new_monthly=book.monthly(limit.code, value),
    )  # fmt: skip


def _rate(limit: Limit, book: BookValues, currency: str) -> str:
    """What one of it costs; for prices in bands the span of those that may count here."""
    rate = book.rates.get(limit.code)
    if rate is None or isinstance(rate, OptionPrices):
        return ""
    one = in_language(limit.unit_word or limit.unit or limit.name)
    if isinstance(rate, UnitPrice):
        return _("%(price)s per %(one)s and month") % {"price": exact_money(rate.unit, currency), "one": one}
    parts = [part for stop in limit.stops for part in rate.parts(stop)]
    units = [part.unit for part in parts] or [rate.bands[0].unit]
    low, high = min(units), max(units)
    first, last = (low, high) if units[0] < units[-1] else (high, low)
    shown = {"first": exact_money(first, currency), "last": exact_money(last, currency), "one": one}
    if any(part.flat for part in parts):
        return _("%(first)s to %(last)s per %(one)s and month, by how many, and a fee in some bands") % shown
    if low == high:
        return _("%(price)s per %(one)s and month") % {"price": shown["first"], "one": one}
    return _("%(first)s to %(last)s per %(one)s and month, by how many") % shown


def _marks(
    limit: Limit, value: int, asking: Mapping[Value, Refusal]
) -> tuple[tuple[Mark, ...], dict[str, float]]:
    stops = [int(stop) for stop in limit.stops]
    values = sorted({0, int(limit.current), value, *stops})
    last = len(values) - 1 or 1
    at = {number: index / last for index, number in enumerate(values)}

    def place(amount: Decimal | int) -> float:
        """Between two marks in proportion, so that 2.9 stands just before 3."""
        upper = bisect_right(values, amount)
        if upper >= len(values):
            return 1.0
        low, high = values[upper - 1], values[upper]
        return float((Decimal(amount) - low) / (high - low)) / last + at[low]

    # What is in use counts against what may be chosen; stored things cannot stand beyond the track.
    places = {
        "used": place(limit.used) if limit.used else 0.0,
        "floor": at.get(int(limit.floor), place(int(limit.floor))),
        "low": at[min(int(limit.allowed[0]), int(limit.current))],
        "current": at[int(limit.current)],
        "value": at[value],
        "ceiling": at[max(int(limit.ceiling), int(limit.current))],
    }
    numbered = _numbered(values, at, WIDE)
    keys = set(_numbered(numbered, at, NARROW))
    marks = tuple(
        Mark(
            number, at[number], str(number) if number in numbered else "", number in keys,
            number not in limit.allowed, _near(number, value, abs(at[number] - at[value])),
            number in asking,
        )
        for number in values
    )  # fmt: skip
    return marks, places


def _numbered(values: Sequence[int], at: Mapping[int, float], width: int) -> list[int]:
    """The values that get a numeral: as many as fit, evenly, always both ends."""
    last = len(values) - 1
    for stride in range(1, last + 1):
        chosen = list(values[:last:stride])
        if last % stride and len(chosen) > 1:
            chosen.pop()  # the end has its own numeral; the one just before it would touch it
        chosen.append(values[last])
        if all((at[b] - at[a]) * width >= _half(a) + _half(b) + AIR for a, b in pairwise(chosen)):
            return chosen
    return [values[0], values[last]]


def _half(value: int) -> float:
    return len(str(value)) * DIGIT / 2


def _near(number: int, value: int, away: float) -> str:
    """Whether a numeral makes room for the one under the thumb: always, or on narrow cards only."""
    needed = _half(number) + _half(value) + AIR / 2
    return "near" if away < needed / WIDE else "nearish" if away < needed / NARROW else ""


def _zones(places: Mapping[str, float]) -> tuple[Zone, ...]:
    used, floor, current, value, ceiling = (
        places[k] for k in ("used", "floor", "current", "value", "ceiling")
    )
    return (
        Zone("room", max(current, value), ceiling),
        Zone("host", ceiling, 1.0),
        Zone("used", 0.0, min(used, 1.0)),
        Zone("blocked", used, max(floor, used)),
        Zone("kept", max(floor, used), min(current, value)),
        Zone("added", current, value),
        Zone("given", value, current),
    )


def _picks(limit: Limit, asking: Mapping[Value, Refusal]) -> tuple[int, ...]:
    """A few round values to jump to, where there are many; none that needs more of something else."""
    allowed = [int(value) for value in limit.allowed if value not in asking]
    if len(allowed) <= MANY_VALUES:
        return ()
    stride = (len(allowed) - 1) / 4
    picked = {allowed[round(stride * n)] for n in range(5)}
    return tuple(sorted(picked | {int(limit.current)}))
