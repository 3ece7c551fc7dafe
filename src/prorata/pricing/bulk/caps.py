"""The most that may come back for many components: what their paid layers still hold."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .columns import Bools, Ints, ReadLayers
from .exact import LARGEST_FACTOR, divided, half_even, too_large

# So many layers of one component are added up here; a longer history goes to the scalar function.
_MOST_LAYERS = 32
_ROOM = float(2**61)


class Caps(NamedTuple):
    """`most` in units of 10^-8, halves to even, where `known`; `large` where it would need more than 64 bits."""

    most: Ints
    known: Bools
    large: Bools


def caps(layers: ReadLayers, part: slice, day: Ints, skipped: Bools) -> Caps:
    """The caps of the components in `part`; `day` is the day of the change of each of them. Where `skipped`, layers are
    not looked at."""
    first, last = layers.first[part], layers.first[part.start + 1 : part.stop + 1]
    rows = slice(int(first[0]), int(last[-1])) if len(first) else slice(0, 0)
    counts = last - first
    large = (counts > _MOST_LAYERS) | skipped
    owner = np.repeat(np.arange(len(counts)), counts)
    quotient, rest, below, wide = _values(layers, rows, day[owner], large[owner])
    large = large | (np.bincount(owner[wide], minlength=len(large)) > 0)

    most, rests, unit = np.zeros_like(first), np.zeros_like(first), np.ones_like(first)
    for rank in range(int(counts[~large].max(initial=0))):
        # One layer of every component that has so many: exact fractions, brought to a common denominator.
        some = np.flatnonzero((counts > rank) & ~large)
        at = first[some] - rows.start + rank
        more = below[at] // np.gcd(unit[some], below[at])
        fits = unit[some].astype(np.float64) * more * (rank + 1) < _ROOM
        large[some[~fits]] = True
        some, at, more = some[fits], at[fits], more[fits]
        common = unit[some] * more
        rests[some] = rests[some] * more + rest[at] * (common // below[at])
        most[some] += quotient[at]
        unit[some] = common
    return Caps(half_even(most + rests // unit, rests % unit, unit), layers.known[part], large & ~skipped)


def _values(layers: ReadLayers, rows: slice, day: Ints, skipped: Bools) -> tuple[Ints, Ints, Ints, Bools]:
    """What each layer gives back: whole units, what is left over of `below` of them, and whether it is too large."""
    starts, ends = layers.starts[rows], layers.ends[rows]
    unused = np.maximum(ends - np.maximum(starts, day + 1), 0)
    above, below = layers.above[rows], layers.below[rows]
    parts = np.gcd(above, np.maximum(below, 1))
    above, below = above // parts, np.maximum(below, 1) // parts
    days = np.maximum(ends - starts, 1)
    wide = skipped | (days.astype(np.float64) * below >= LARGEST_FACTOR)
    above, below = np.where(wide, 0, above * unused), np.where(wide, 1, below * days)
    amount = layers.amount[rows]
    wide |= too_large(amount, above, below)
    quotient, rest = divided(np.where(wide, 0, amount), np.where(wide, 0, above), below)
    return quotient, rest, below, wide
