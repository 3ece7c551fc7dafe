"""The credit model `rebuy`: what is left of a payment once what was used and the new configuration are paid
from it."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from .errors import BadInput


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
