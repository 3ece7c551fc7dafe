"""The credit model `rebuy`: what is left of a payment once what was used and the new configuration are paid
from it.

It never gives more than the paid layers do: it can only lower what a change that is a credit as a whole returns.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from .errors import BadInput
from .money import exact_of
from .terms import TimeLeft, add_months, calendar_months
from .tiers import Schedule, factor_of

_DAYS_A_MONTH = 30
_HOURS_A_DAY = 24


def rebuy_credit(paid: Decimal | Fraction, used: Decimal | Fraction, anew: Decimal | Fraction) -> Fraction:
    """What returns, exactly, in major units: never below zero, never more than was paid.

    `paid` is the cash paid for the old configuration; `used` what its time so far costs at today's list, with
    the tier of the whole months used and pay-as-you-go for the rest; `anew` the price of the new
    configuration for the time left. Raises BadInput for an amount below zero.
    """
    for word, amount in (("paid", paid), ("used", used), ("of the new configuration", anew)):
        if (isinstance(amount, Decimal) and not amount.is_finite()) or amount < 0:
            raise BadInput(f"the amount {word} must be 0 or more, not {amount}")
    return max(Fraction(paid) - Fraction(used) - Fraction(anew), Fraction(0))


@dataclass(frozen=True)
class Bought:
    """What was bought on one day and still stands, at today's list: its monthly price and, where an hour is sold
    without a term, its hourly price (major units)."""

    since: date
    monthly: Decimal
    hourly: Decimal | None = None

    def used(self, day: date, schedule: Schedule | None) -> Used:
        """How long it was used before `day`, the day of the change, which belongs to the time left."""
        whole = calendar_months(self.since, day).whole if day > self.since else 0
        days = max((day - add_months(self.since, whole)).days, 0)
        return Used(self, whole, days, factor_of(schedule, whole))


@dataclass(frozen=True)
class Used:
    """Whole months at the discount of so many months, and the days after them without any."""

    bought: Bought
    months: int
    days: int
    factor: Fraction

    @property
    def of_months(self) -> Fraction:
        return exact_of(self.bought.monthly) * self.months * self.factor

    @property
    def hours(self) -> int:
        return self.days * _HOURS_A_DAY

    @property
    def of_days(self) -> Fraction:
        """By the hour where an hour has a price, else a thirtieth of the month a day."""
        if self.bought.hourly is not None:
            return exact_of(self.bought.hourly) * self.hours
        return exact_of(self.bought.monthly) * self.days / _DAYS_A_MONTH


@dataclass(frozen=True)
class Rebuy:
    """What a service would be settled by: the cash that stands in its paid layers, what was bought with it, and
    the new configuration's monthly price, at the schedule of today."""

    paid: Decimal
    bought: tuple[Bought, ...]
    monthly: Decimal
    schedule: Schedule | None = None

    def settle(self, left: TimeLeft) -> Settlement:
        """The three amounts on the day of `left`. Raises BadInput for one below zero."""
        used = tuple(bought.used(left.day, self.schedule) for bought in self.bought)
        anew = exact_of(self.monthly) * left.months * factor_of(self.schedule, left.whole)
        sum_used = sum((one.of_months + one.of_days for one in used), Fraction(0))
        return Settlement(self, used, sum_used, anew, rebuy_credit(self.paid, sum_used, anew))


@dataclass(frozen=True)
class Settlement:
    """`credit` is paid - used - anew, or zero: the most a change may give back as a whole (major units)."""

    rebuy: Rebuy
    parts: tuple[Used, ...]
    used: Fraction
    anew: Fraction
    credit: Fraction
