"""The prices of the next terms of many services."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prorata.pricing.errors import BadInput
from prorata.pricing.money import PRECISE_DIGITS, decimal_of, minor_digits
from prorata.pricing.renewal import renewal_minor
from prorata.pricing.tiers import Schedule

from .columns import LARGE, Column, Ints, choice, integers, whole
from .exact import LARGEST_FACTOR, divided, too_large
from .factors import Factors
from .price import filled


def renewal_prices(
    monthly: Column,
    months: Column,
    *,
    currency: str,
    schedules: Sequence[Schedule | None] = (None,),
    schedule: Column | int = 0,
) -> NDArray[Any]:
    """What the next term of each service costs, in minor units: `renewal.renewal_minor` row for row.

    `monthly` are units of 10^-8, `months` the length of the term, `schedule` chooses from `schedules`. Raises BadInput
    with the number of the row (from 0 on) for a negative price or term.
    """
    length = integers(np.asarray(months), "months")
    count = len(length)
    price = whole(monthly, count, "monthly")
    which = choice(schedule, count, len(schedules), "schedule")
    factors = Factors.of(schedules)
    unit = factors.unit * 10 ** (PRECISE_DIGITS - minor_digits(currency))
    odd = (price.values < 0) | (price.values >= LARGE // factors.unit) | (length < 0)
    if price.large is not None:
        odd |= price.large
    if not factors.fits or unit >= LARGEST_FACTOR:
        odd[:] = True
    months_left = np.where(odd, 0, length)
    size = np.where(odd, 0, price.values) * factors.table[which, factors.step(months_left)]
    below: Ints = np.full(count, 1 if unit >= LARGEST_FACTOR else unit, np.int64)
    odd |= too_large(size, months_left, below)
    quotient, rest = divided(np.where(odd, 0, size), np.where(odd, 0, months_left), below)
    total = quotient + (2 * rest >= below)
    answers = {}
    for row in map(int, np.flatnonzero(odd)):
        try:
            answers[row] = renewal_minor(
                decimal_of(price.exactly(row), PRECISE_DIGITS),
                int(length[row]),
                schedules[which[row]],
                currency,
            )
        except BadInput as refused:
            raise BadInput(f"row {row}: {refused}") from None
    return filled(total, answers)
