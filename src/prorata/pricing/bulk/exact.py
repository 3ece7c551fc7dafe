"""Products and quotients of 64 bits that are exact although their middle would not fit."""

from __future__ import annotations

import numpy as np

from .columns import Bools, Ints

# What a quotient may reach, so that sums of some dozens of them still fit.
LARGEST_QUOTIENT = 2**55
# A factor or divisor must leave eight bits a step for the long division.
LARGEST_FACTOR = 2**54
# Below this a product and its double fit into 64 bits, whatever a float made of it.
_NARROW = float(2**61)
_BITS = 62


def too_large(size: Ints, above: Ints, below: Ints) -> Bools:
    """True where `divided` could not answer. By magnitude, before anything is multiplied."""
    quotient = size.astype(np.float64) * above.astype(np.float64) / below.astype(np.float64)
    wrong: Bools = (quotient >= LARGEST_QUOTIENT) | (above >= LARGEST_FACTOR) | (below >= LARGEST_FACTOR)
    return wrong


def divided(size: Ints, above: Ints, below: Ints) -> tuple[Ints, Ints]:
    """`size * above / below`, rounded down, and what is left over. All are 0 or more (below: 1 or more), size < 2^62,
    and none is `too_large`."""
    product = size.astype(np.float64) * above.astype(np.float64)
    wide = product >= _NARROW
    if not wide.any():
        return _short(size, above, below)
    quotient, rest = _short(np.where(wide, 0, size), above, below)
    quotient[wide], rest[wide] = _long(size[wide], above[wide], below[wide])
    return quotient, rest


def half_even(quotient: Ints, rest: Ints, below: Ints) -> Ints:
    """The quotient to the nearest whole number, halves to even."""
    more = 2 * rest - below
    rounded: Ints = quotient + ((more > 0) | ((more == 0) & (quotient & 1 == 1)))
    return rounded


def half_up(amount: Ints, unit: int) -> Ints:
    """`amount / unit` to the nearest whole number, halves away from zero. |amount| < 2^62."""
    size = (2 * np.abs(amount) + unit) // (2 * unit)
    return np.where(amount < 0, -size, size)


def _short(size: Ints, above: Ints, below: Ints) -> tuple[Ints, Ints]:
    product = size * above
    quotient = product // below
    return quotient, product - quotient * below


def _long(size: Ints, above: Ints, below: Ints) -> tuple[Ints, Ints]:
    """Long division, as many binary digits of `size` at a time as leave room for the factor and the divisor."""
    digits = _BITS - max(int(above.max()).bit_length(), int(below.max()).bit_length())
    quotient, rest = np.zeros_like(size), np.zeros_like(size)
    for step in reversed(range(-(-_BITS // digits))):
        digit = (size >> (step * digits)) & ((1 << digits) - 1)
        part = (rest << digits) + digit * above
        whole = part // below
        quotient, rest = (quotient << digits) + whole, part - whole * below
    return quotient, rest
