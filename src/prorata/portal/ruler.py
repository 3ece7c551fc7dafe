"""The ruler of a slider: its marks, the zones of the drawn track, and which numerals there is room for.

Positions are shares of the track, 0 to 1, on a ruler whose marks are equally far apart: an arrow key moves the thumb by
one mark wherever it stands. Nothing here decides what may be chosen; that is `changes.limits`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from prorata.catalog.values import Value
from prorata.changes.limits import Limit

# Marks drawn one by one; above it only those with a numeral.
MOST_TICKS = 40
# In pixels: the track on a wide card and on a narrow one, the width of a digit, and the least gap between two numerals.
WIDE, NARROW, DIGIT, AIR = 470, 262, 7, 11
# With so many values or fewer, there are no picks: each is a few presses away.
MANY_VALUES = 12


@dataclass(frozen=True)
class Mark:
    """One mark of the ruler. `at` is its position; `text` is its numeral, empty where it has only a tick; `key`: the numeral
    stays on narrow cards; `closed`: it cannot be chosen; `near`: whether the numeral makes room for the one under the thumb,
    "near" always and "nearish" on narrow cards; `asks`: it cannot be chosen without more of another resource."""

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


@dataclass(frozen=True)
class Ruler:
    """Everything that is drawn of a slider. `places` says where on the track stands what is used, the floor, the lowest and
    the highest that can be chosen, the current value and the value in the field."""

    marks: tuple[Mark, ...]
    places: Mapping[str, float]

    @property
    def position(self) -> float:
        return self.places["value"]

    @property
    def mark_values(self) -> str:
        return " ".join(str(mark.value) for mark in self.marks)

    @property
    def drawn(self) -> list[Mark]:
        """The marks with a tick: all of them, or only the numbered ones where there are too many."""
        return list(self.marks) if len(self.marks) <= MOST_TICKS else [m for m in self.marks if m.text]

    @property
    def zones(self) -> tuple[Zone, ...]:
        used, floor, current, value, ceiling = (
            self.places[name] for name in ("used", "floor", "current", "value", "ceiling")
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
    """0.5 -> 50%, as style sheets and drawings write it."""
    return f"{share * 100:.3f}".rstrip("0").rstrip(".") + "%"


def ruler(limit: Limit, value: int, asking: Collection[Value]) -> Ruler:
    """The ruler of one resource with the thumb at `value`; `asking` are the values that need more of another resource."""
    values = sorted({0, int(limit.current), value, *(int(stop) for stop in limit.stops)})
    last = len(values) - 1 or 1
    at = {number: index / last for index, number in enumerate(values)}
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
    return Ruler(marks, _places(limit, value, values, at))


def _places(limit: Limit, value: int, values: Sequence[int], at: Mapping[int, float]) -> dict[str, float]:
    current, floor = int(limit.current), int(limit.floor)
    return {
        # What is in use counts against what may be chosen; stored things cannot stand beyond the track.
        "used": _place(limit.used, values, at) if limit.used else 0.0,
        "floor": at[floor] if floor in at else _place(floor, values, at),
        "low": at[min(int(limit.allowed[0]), current)],
        "current": at[current],
        "value": at[value],
        "ceiling": at[max(int(limit.ceiling), current)],
    }


def _place(amount: Decimal | int, values: Sequence[int], at: Mapping[int, float]) -> float:
    """Between two marks in proportion, so that 2.9 stands just before 3."""
    upper = bisect_right(values, amount)
    if upper >= len(values):
        return 1.0
    low, high = values[upper - 1], values[upper]
    return float((Decimal(amount) - low) / (high - low)) / (len(values) - 1) + at[low]


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


def picks(limit: Limit, asking: Collection[Value]) -> tuple[int, ...]:
    """A few round values to jump to, where there are many; none that needs more of something else."""
    allowed = [int(value) for value in limit.allowed if value not in asking]
    if len(allowed) <= MANY_VALUES:
        return ()
    stride = (len(allowed) - 1) / 4
    picked = {allowed[round(stride * n)] for n in range(5)}
    return tuple(sorted(picked | {int(limit.current)}))
