"""A rate that is dearer or cheaper by some per cent, kept to the 8 decimals of a rate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from prorata.pricing.money import eight_decimals
from prorata.pricing.rates import OptionPrices, Rate, UnitPrice


def changed_by(rate: Rate, per_cent: Decimal) -> Rate:
    """Every price and fee of `rate` times (100 + per_cent) / 100, each to 8 decimals (halves to even)."""
    factor = 1 + Fraction(per_cent) / 100

    def price(amount: Decimal) -> Decimal:
        return eight_decimals(Fraction(amount) * factor)

    def prices(amounts: Mapping[str, Decimal]) -> dict[str, Decimal]:
        return {code: price(amount) for code, amount in amounts.items()}

    if isinstance(rate, UnitPrice):
        return replace(rate, unit=price(rate.unit))
    if isinstance(rate, OptionPrices):
        return replace(rate, options=prices(rate.options))
    return replace(
        rate,
        bands=tuple(replace(band, unit=price(band.unit), flat=price(band.flat)) for band in rate.bands),
    )
