"""Which rows the columns cannot answer: wrong ones, and those that would need more than 64 bits. Told by size alone,
before anything is multiplied; the scalar function answers or refuses them."""

from __future__ import annotations

import numpy as np

from .columns import LARGE, Bools, Ints, Read, ReadLayers, Whole
from .dates import EARLIEST, LATEST
from .exact import LARGEST_FACTOR
from .factors import Factors

# More components than these in one service are not added up in 64 bits.
MOST_COMPONENTS = 32


def unusual(
    columns: Read,
    rows: slice,
    parts: slice,
    counts: Ints,
    factors: Factors,
    per_period: bool,
) -> Bools:
    """True for each service of the block `rows` (its components are `parts`) that is left to the scalar function."""
    if not factors.fits:
        return np.ones(len(counts), np.bool_)
    at, ends_at = columns.at[rows], columns.ends_at[rows]
    odd = (at >= ends_at) | _outside(at) | _outside(ends_at) | (counts > MOST_COMPONENTS)
    carry = columns.carry[rows]
    odd |= (carry >= LARGE // 2) | (carry <= -LARGE // 2)
    if columns.carry.large is not None:
        odd |= columns.carry.large[rows]
    if per_period and columns.starts_at is not None:
        starts_at = columns.starts_at[rows]
        odd |= _outside(starts_at) | (starts_at >= ends_at) | (columns.period_months[rows] < 0)
    owner = np.repeat(np.arange(len(counts)), counts)
    for prices in (columns.old, columns.new):
        _mark(odd, owner, _not_between(prices, parts, LARGE // factors.unit))
    if columns.layers is not None:
        first = columns.layers.first
        held = slice(int(first[parts.start]), int(first[parts.stop]))
        holder = np.repeat(owner, np.diff(first[parts.start : parts.stop + 1]))
        _mark(odd, holder, _wrong_layers(columns.layers, held))
    return odd


def _mark(odd: Bools, owner: Ints, wrong: Bools) -> None:
    if wrong.any():
        odd[owner[wrong]] = True


def _outside(instants: Ints) -> Bools:
    wrong: Bools = (instants < EARLIEST) | (instants > LATEST)
    return wrong


def _not_between(column: Whole, rows: slice, below: int) -> Bools:
    """True where a value is negative or too large."""
    values = column[rows]
    wrong: Bools = (values < 0) | (values >= below)
    return wrong if column.large is None else wrong | column.large[rows]


def _wrong_layers(layers: ReadLayers, rows: slice) -> Bools:
    above, below = layers.above[rows], layers.below[rows]
    starts, ends = layers.starts[rows], layers.ends[rows]
    wrong = (starts >= ends) | (above > below) | (below <= 0)
    for days in (starts, ends):
        wrong |= (days < EARLIEST // 86_400_000_000) | (days > LATEST // 86_400_000_000)
    for column in (layers.above, layers.below):
        wrong |= _not_between(column, rows, LARGEST_FACTOR)
    return wrong | _not_between(layers.amount, rows, LARGE)
