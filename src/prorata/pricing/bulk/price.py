"""The price of many changes at once: the same lines, cap, total and carry as `pricing.change`, row for row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from prorata.pricing.change import CREDIT_MODELS, CREDIT_VERSIONS, DEFAULT_CREDIT
from prorata.pricing.errors import BadInput
from prorata.pricing.money import PRECISE_DIGITS, minor_digits
from prorata.pricing.rules import RULES, VERSIONS
from prorata.pricing.terms import DEFAULT_RULE

from .caps import caps
from .columns import Bools, Columns, Ints, Read, read, without_layers
from .exact import LARGEST_FACTOR, divided, half_even, half_up, too_large
from .factors import Factors
from .left import LEFT, Terms
from .refused import unusual
from .scalar import How, Scalar, price_row

# So many services at a time: their columns stay in the processor's own memory.
BLOCK = 1 << 14


@dataclass(frozen=True)
class Prices:
    """Columns out. `total` is in minor units; `exact` (before carry), `carry` (what is carried on) and `lines` (one a
    component) are units of 10^-8; `whole` are the months that chose the tiers.

    A column is int64, or holds Python integers where a value needs more. `by_scalar` tells which rows the scalar
    function answered.
    """

    total: NDArray[Any]
    exact: NDArray[Any]
    carry: NDArray[Any]
    whole: NDArray[Any]
    lines: NDArray[Any]
    by_scalar: Bools


def price_changes(
    columns: Columns,
    *,
    zone: ZoneInfo,
    currency: str,
    rule: str = DEFAULT_RULE,
    credit: str = DEFAULT_CREDIT,
    rule_version: int | None = None,
    credit_version: int | None = None,
) -> Prices:
    """The price of every change in `columns`, which share billing zone, currency, rule and credit model.

    Versions are the newest unless given; one that is not told in columns here is told row by row. Raises BadInput as
    `price_change` does; what is wrong with one row begins with "row N: " (from 0 on).
    """
    if rule not in RULES:
        raise BadInput(f"the rule {rule!r} is not available: use {', '.join(RULES)}")
    if credit not in CREDIT_MODELS:
        raise BadInput(f"the credit model {credit!r} is not available: use {', '.join(CREDIT_MODELS)}")
    unit = 10 ** (PRECISE_DIGITS - minor_digits(currency))
    given = read(columns)
    if RULES[rule].per_period and given.starts_at is None and given.count:
        raise BadInput(f"starts_at is missing: the rule {rule} needs the start of the paid period")
    asked = given if credit == DEFAULT_CREDIT else without_layers(given)
    out = _Out.of(given)
    work = _Work(asked, zone, rule, credit == "none", unit, Factors.of(given.schedules))
    if _is_told_here(rule, rule_version, credit, credit_version):
        for start in range(0, given.count, BLOCK):
            _price_block(work, slice(start, min(start + BLOCK, given.count)), out)
    else:
        out.by_scalar[:] = True
    rows = np.flatnonzero(out.by_scalar)
    how = How(zone, currency, rule, credit, rule_version, credit_version)
    answers = {int(row): price_row(given, int(row), how) for row in rows}
    return out.with_scalars(answers, given)


def _is_told_here(rule: str, rule_version: int | None, credit: str, credit_version: int | None) -> bool:
    wanted = len(VERSIONS[rule]) if rule_version is None else rule_version
    model = CREDIT_VERSIONS[credit] if credit_version is None else credit_version
    return (wanted, model) == (LEFT[rule].number, 1)


class _Work(NamedTuple):
    columns: Read
    zone: ZoneInfo
    rule: str
    pays_only: bool
    unit: int
    factors: Factors


@dataclass(frozen=True)
class _Out:
    total: Ints
    exact: Ints
    carry: Ints
    whole: Ints
    lines: Ints
    by_scalar: Bools

    @classmethod
    def of(cls, columns: Read) -> _Out:
        n, m = columns.count, int(columns.first[-1])
        total, exact, carry, whole, lines = (np.zeros(size, np.int64) for size in (n, n, n, n, m))
        return cls(total, exact, carry, whole, lines, np.zeros(n, np.bool_))

    def with_scalars(self, answers: dict[int, Scalar], columns: Read) -> Prices:
        def column(name: str) -> NDArray[Any]:
            return filled(getattr(self, name), {row: getattr(one, name) for row, one in answers.items()})

        lines = {
            int(columns.first[row]) + n: line
            for row, one in answers.items()
            for n, line in enumerate(one.lines)
        }
        return Prices(
            column("total"),
            column("exact"),
            column("carry"),
            column("whole"),
            filled(self.lines, lines),
            self.by_scalar,
        )


def filled(column: Ints, values: dict[int, int]) -> NDArray[Any]:
    """The column with some rows replaced; of Python integers if one of them needs more than 64 bits."""
    out: NDArray[Any] = column
    if any(abs(value) >= 2**63 for value in values.values()):
        out = column.astype(object)
    for row, value in values.items():
        out[row] = value
    return out


def _price_block(work: _Work, rows: slice, out: _Out) -> None:
    columns = work.columns
    first = columns.first[rows.start : rows.stop + 1]
    parts = slice(int(first[0]), int(first[-1]))
    counts = np.diff(first)
    odd = unusual(columns, rows, parts, counts, work.factors, RULES[work.rule].per_period)
    terms = _terms(columns, rows, odd, work.zone)
    above, below, whole = LEFT[work.rule].left(terms)
    if RULES[work.rule].per_period:
        above = _paid_for(above, columns.period_months[rows], odd)
    odd |= below.astype(np.float64) * work.factors.unit >= LARGEST_FACTOR
    below = np.where(odd, 1, below) * work.factors.unit

    def each(column: Ints) -> Ints:
        """A column of the services as one of their components."""
        return np.repeat(column, counts)

    skipped = np.repeat(odd, counts)
    step = each(work.factors.step(whole))
    table = work.factors.table
    new = _usual(columns.new[parts], skipped) * table[columns.new_schedule[parts], step]
    old = _usual(columns.old[parts], skipped) * table[columns.old_schedule[parts], step]
    lines, large = _lines(new - old, each(above), each(below))
    if work.pays_only:
        lines = np.maximum(lines, 0)
    if columns.layers is not None:
        cap = caps(columns.layers, parts, each(terms.day), skipped)
        lines = np.where(cap.known, np.maximum(lines, -cap.most), lines)
        large |= cap.large
    odd |= _any(large, first)

    exact = _sums(lines, first)
    carried = np.where(odd, 0, columns.carry[rows])
    total = np.where(counts > 0, half_up(exact + carried, work.unit), 0)
    out.total[rows], out.exact[rows], out.whole[rows] = total, exact, whole
    out.carry[rows] = exact + carried - total * work.unit
    out.lines[parts] = lines
    out.by_scalar[rows] = odd


def _terms(columns: Read, rows: slice, odd: Bools, zone: ZoneInfo) -> Terms:
    """The terms of a block; a usual one stands in where a row is left to the scalar function."""
    at, ends_at = columns.at[rows], columns.ends_at[rows]
    starts_at = None if columns.starts_at is None else columns.starts_at[rows]
    if odd.any():
        at, ends_at = np.where(odd, 0, at), np.where(odd, 1, ends_at)
        starts_at = None if starts_at is None else np.where(odd, 0, starts_at)
    return Terms.of(at, ends_at, starts_at, zone)


def _paid_for(above: Ints, months: Ints, odd: Bools) -> Ints:
    """A part of a period that was paid for so many months at once: so many times the part."""
    odd |= above.astype(np.float64) * months >= LARGEST_FACTOR
    return above * np.where((months > 0) & ~odd, months, 1)


def _usual(prices: Ints, skipped: Bools) -> Ints:
    return np.where(skipped, 0, prices) if skipped.any() else prices


def _lines(difference: Ints, above: Ints, below: Ints) -> tuple[Ints, Bools]:
    """`difference * above / below` to whole units, halves to even, and where that is too large."""
    size = np.abs(difference)
    large = too_large(size, above, below)
    if large.any():
        size, above, below = np.where(large, 0, size), np.where(large, 0, above), np.where(large, 1, below)
    quotient, rest = divided(size, above, below)
    lines = half_even(quotient, rest, below)
    return np.where(difference < 0, -lines, lines), large


def _sums(column: Ints, first: Ints) -> Ints:
    """The sum of each service's components; 0 for a service without any."""
    starts, some = first[:-1] - first[0], np.diff(first) > 0
    sums = np.zeros(len(starts), np.int64)
    if some.any():
        # A service without components would cut the one before it short.
        sums[some] = np.add.reduceat(column, starts[some])
    return sums


def _any(marks: Bools, first: Ints) -> Bools:
    if not marks.any():
        return np.zeros(len(first) - 1, np.bool_)
    return _sums(marks.astype(np.int64), first) > 0
