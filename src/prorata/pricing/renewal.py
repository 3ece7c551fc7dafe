"""The price of the next term of a service."""

from __future__ import annotations

from decimal import Decimal

from .errors import BadInput
from .money import exact_of, half_up, minor_digits
from .tiers import Schedule, factor_of


def renewal_minor(monthly: Decimal, months: int, schedule: Schedule | None, currency: str) -> int:
    """What `months` whole months cost at a monthly price (major units), in minor units: the tier of those months,
    rounded once. Raises BadInput for a negative price or term."""
    if not (monthly.is_finite() and monthly >= 0):
        raise BadInput(f"a monthly price must be 0 or more, not {monthly}")
    if months < 0:
        raise BadInput(f"a term must be 0 months or more, not {months}")
    exact = exact_of(monthly) * months * factor_of(schedule, months)
    return half_up(exact * 10 ** minor_digits(currency))
