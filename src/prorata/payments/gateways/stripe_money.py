"""Amounts as Stripe writes them. Its units are not always those of ISO 4217, and nothing is ever rounded here.

Zero-decimal currencies are whole units, three-decimal ones must end in 0, and the Icelandic króna is written with two
digits though it has none (https://docs.stripe.com/currencies). Where its pages contradict each other (UGX stands under
both rules), an amount could be a hundred times too high: such a currency is refused.
"""

from __future__ import annotations

from prorata.payments.gateways.base import GatewayRefused
from prorata.pricing.currencies import MINOR_DIGITS

ZERO_DECIMAL = frozenset(
    {
        "BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF",
    }
)  # fmt: skip
WRITTEN_WITH_TWO = frozenset({"ISK"})
NOT_CLEAR = frozenset({"UGX"})


def takes(currency: str) -> bool:
    """Whether a payment of ours can be in this currency."""
    return currency not in NOT_CLEAR and MINOR_DIGITS.get(currency, 9) <= 3


def digits_there(currency: str) -> int:
    """How many digits Stripe's smallest unit has. Raises GatewayRefused for a currency it does not take."""
    digits = MINOR_DIGITS.get(currency, 9)
    if not takes(currency):
        raise GatewayRefused(f"Stripe does not take {currency}. Choose another way to pay.")
    if currency in ZERO_DECIMAL:
        return 0
    return 2 if currency in WRITTEN_WITH_TWO else digits


def to_stripe(amount_minor: int, currency: str) -> int:
    """An amount in minor units as Stripe wants it. Raises GatewayRefused for one it cannot take exactly."""
    there, here = digits_there(currency), MINOR_DIGITS[currency]
    if amount_minor <= 0:
        raise GatewayRefused("An amount must be above zero.")
    if there == 3 and amount_minor % 10:
        raise GatewayRefused(f"Stripe takes {currency} in steps of 0.010 only. Choose another way to pay.")
    if there >= here:
        return int(amount_minor * 10 ** (there - here))
    amount, rest = divmod(amount_minor, 10 ** (here - there))
    if rest:
        raise GatewayRefused(f"Stripe takes {currency} in whole units only. Choose another way to pay.")
    return amount


def from_stripe(amount: int, currency: str) -> int:
    """An amount of Stripe's in minor units. Raises ValueError for one that makes no sense."""
    there, here = digits_there(currency), MINOR_DIGITS[currency]
    if type(amount) is not int or amount <= 0:
        raise ValueError("not an amount")
    if there <= here:
        return int(amount * 10 ** (here - there))
    whole, rest = divmod(amount, 10 ** (there - here))
    if rest:
        raise ValueError("a part of a unit that has no parts")
    return whole
