"""Stripe's smallest units against the processor's minor units, and the least it charges."""

from __future__ import annotations

from prorata.sandbox.gateway.currency import DIGITS, known
from prorata.sandbox.stripe.errors import invalid

# Written with other digits than ISO 4217 gives them.
DIGITS_THERE = {"ISK": 2, "MGA": 0}
LEAST = {"usd": 50, "eur": 50, "gbp": 30, "chf": 50, "cad": 50, "aud": 50, "jpy": 50, "hkd": 400, "sgd": 50}


def currency(value: object, name: str) -> str:
    """A currency in small letters, as Stripe wants it. Raises a refusal."""
    if not isinstance(value, str) or value != value.lower() or value.upper() not in DIGITS:
        raise invalid(f"Invalid currency: {value}.", param=name, code="parameter_invalid_currency")
    return value


def inward(amount: int, code: str, *, param: str, charge: bool = True) -> int:
    """Their amount in the processor's minor units. Raises a refusal for one that cannot be charged."""
    upper = known(code.upper())
    digits = DIGITS[upper]
    if digits == 3 and amount % 10:
        raise invalid(f"Amounts in {code} must end in 0.", param=param, code="parameter_invalid_integer")
    if charge and amount < LEAST.get(code, 1):
        raise invalid(
            f"The amount must be at least {LEAST.get(code, 1)} {code}.", param=param, code="amount_too_small"
        )
    there = DIGITS_THERE.get(upper, digits)
    if there > digits:
        factor = 10 ** (there - digits)
        if amount % factor:
            raise invalid(f"Amounts in {code} must be divisible by {factor}.", param=param)
        return amount // factor
    return int(amount * 10 ** (digits - there))


def outward(amount_minor: int, code: str) -> int:
    """The processor's minor units as Stripe writes them."""
    upper = code.upper()
    there, here = DIGITS_THERE.get(upper, DIGITS[upper]), DIGITS[upper]
    return (
        int(amount_minor * 10 ** (there - here))
        if there >= here
        else int(amount_minor // 10 ** (here - there))
    )
