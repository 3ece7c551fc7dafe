"""Columns in: one row a service, one a component, one a paid layer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prorata.pricing.tiers import Schedule

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Column = NDArray[Any] | Sequence[int]

# Rows beyond this size are not for 64 bits: the room left is for sums and for doubling.
LARGE = 2**62


@dataclass(frozen=True, kw_only=True)
class Layers:
    """The paid layers that changes take back. Those of component j are rows `first[j]` up to `first[j + 1]`.

    `amount` is that of the whole layer in units of 10^-8; it covers the days `starts <= d < ends` (days since 1970 or
    datetime64); the part taken back is `share_above / share_below`. `known[j]` False: nobody says what was paid for
    component j, and nothing limits its credit; True without a row means that nothing was paid.
    """

    first: Column
    amount: Column
    starts: Column
    ends: Column
    share_above: Column
    share_below: Column
    known: NDArray[np.bool_] | Sequence[bool]


@dataclass(frozen=True, kw_only=True)
class Columns:
    """n services and their m components. The components of service i are rows `first[i]` up to `first[i + 1]`.

    Instants are microseconds since 1970 UTC or datetime64: one for all, or one a service. `starts_at`, the start of
    the paid period, is needed under `period-*`; `period_months` are the months it was paid for, 0 where a price is that of
    the whole period. `old`, `new` and `carry` are whole units of 10^-8 of the major unit;
    a column of Python integers (dtype object) may hold more than 64 bits. `old_schedule` and `new_schedule` choose
    from `schedules`, where None is the full price. Without `layers` nothing limits a credit.
    """

    at: Column | int
    ends_at: Column
    first: Column
    old: Column
    new: Column
    starts_at: Column | int | None = None
    period_months: Column | int = 0
    carry: Column | int = 0
    schedules: Sequence[Schedule | None] = (None,)
    old_schedule: Column | int = 0
    new_schedule: Column | int = 0
    layers: Layers | None = None


@dataclass(frozen=True)
class Whole:
    """A column of whole numbers. `values` is 0 where a number needs more than 64 bits; `given` always has it."""

    values: Ints
    given: NDArray[Any]
    large: Bools | None = None

    def __getitem__(self, part: slice) -> Ints:
        return self.values[part]

    def exactly(self, row: int) -> int:
        return int(self.given[row])


@dataclass(frozen=True)
class Read:
    """Columns as they are computed with, all of their right length."""

    count: int
    at: Ints
    ends_at: Ints
    starts_at: Ints | None
    period_months: Ints
    carry: Whole
    first: Ints
    old: Whole
    new: Whole
    schedules: tuple[Schedule | None, ...]
    old_schedule: Ints
    new_schedule: Ints
    layers: ReadLayers | None


@dataclass(frozen=True)
class ReadLayers:
    first: Ints
    amount: Whole
    starts: Ints
    ends: Ints
    above: Whole
    below: Whole
    known: Bools


def read(columns: Columns) -> Read:
    """The columns as whole numbers. Raises ValueError for columns that do not belong together and TypeError for what is
    no whole number: both are mistakes of the program, not of a row."""
    ends_at = _instants(columns.ends_at, "ends_at")
    count = len(ends_at)
    first = _groups(columns.first, count, "first")
    components = int(first[-1])
    schedules = tuple(columns.schedules)
    return Read(
        count=count,
        at=_wide(_instants(columns.at, "at"), count, "at"),
        ends_at=ends_at,
        starts_at=None
        if columns.starts_at is None
        else _wide(_instants(columns.starts_at, "starts_at"), count, "starts_at"),
        period_months=_wide(
            integers(np.asarray(columns.period_months), "period_months"), count, "period_months"
        ),
        carry=whole(columns.carry, count, "carry"),
        first=first,
        old=whole(columns.old, components, "old"),
        new=whole(columns.new, components, "new"),
        schedules=schedules,
        old_schedule=choice(columns.old_schedule, components, len(schedules), "old_schedule"),
        new_schedule=choice(columns.new_schedule, components, len(schedules), "new_schedule"),
        layers=None if columns.layers is None else _layers(columns.layers, components),
    )


def without_layers(columns: Read) -> Read:
    """For the credit models that do not ask what was paid."""
    return replace(columns, layers=None)


def _layers(layers: Layers, components: int) -> ReadLayers:
    first = _groups(layers.first, components, "layers.first")
    count = int(first[-1])
    known = np.asarray(layers.known, dtype=np.bool_)
    if known.shape != (components,):
        raise ValueError(f"layers.known has {known.size} rows, {components} are needed")
    return ReadLayers(
        first=first,
        amount=whole(layers.amount, count, "layers.amount"),
        starts=_wide(_days(layers.starts, "layers.starts"), count, "layers.starts"),
        ends=_wide(_days(layers.ends, "layers.ends"), count, "layers.ends"),
        above=whole(layers.share_above, count, "layers.share_above"),
        below=whole(layers.share_below, count, "layers.share_below"),
        known=known,
    )


def whole(given: Column | int, count: int, name: str) -> Whole:
    """Whole numbers of any size."""
    column = np.asarray(given)
    if column.dtype != object:
        values = _wide(integers(column, name), count, name)
        return Whole(values, values)
    numbers = np.broadcast_to(column, (count,))
    if not all(isinstance(number, (int, np.integer)) for number in numbers):
        raise TypeError(f"{name} holds whole numbers only")
    large = np.fromiter((abs(number) >= LARGE for number in numbers), np.bool_, count)
    values = np.fromiter((0 if abs(number) >= LARGE else number for number in numbers), np.int64, count)
    return Whole(values, numbers, large)


def integers(column: NDArray[Any], name: str) -> Ints:
    """Whole numbers of 64 bits. Raises TypeError, so that a float never gets in."""
    if not column.size:
        return column.astype(np.int64)
    if column.dtype.kind not in "iu" or column.dtype == np.uint64:
        raise TypeError(f"{name} holds whole numbers that fit 64 bits with their sign, not {column.dtype}")
    return column.astype(np.int64, copy=False)


def _instants(given: Column | int, name: str) -> Ints:
    column = np.asarray(given)
    if column.dtype.kind == "M":
        column = column.astype("datetime64[us]").astype(np.int64)
    return integers(column, name)


def _days(given: Column, name: str) -> Ints:
    column = np.asarray(given)
    if column.dtype.kind == "M":
        column = column.astype("datetime64[D]").astype(np.int64)
    return integers(column, name)


def _wide(column: Ints, count: int, name: str) -> Ints:
    """One value stands for all rows."""
    if column.ndim and column.shape != (count,):
        raise ValueError(f"{name} has {column.size} rows, {count} are needed")
    return np.broadcast_to(column, (count,))


def _groups(given: Column, count: int, name: str) -> Ints:
    first = integers(np.asarray(given), name)
    if first.shape != (count + 1,) or first[0] != 0 or (np.diff(first) < 0).any():
        raise ValueError(f"{name} has {count + 1} rising rows, the first of which is 0")
    return first


def choice(given: Column | int, count: int, choices: int, name: str) -> Ints:
    """Which of so many `choices` each row takes."""
    column = _wide(integers(np.asarray(given), name), count, name)
    if count and not (column.min() >= 0 and column.max() < choices):
        raise ValueError(f"{name} chooses from {choices} schedules")
    return column


def column(numbers: Iterable[int]) -> NDArray[Any]:
    """Python integers as a column: int64, or as they are where one of them needs more than 64 bits."""
    given = list(numbers)
    small = all(-(2**63) <= number < 2**63 for number in given)
    return np.array(given, np.int64 if small else object)
