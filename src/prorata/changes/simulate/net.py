"""Amounts before tax, so that prices with tax and without it can be held against each other."""

from __future__ import annotations

from collections.abc import Iterable

from prorata.pricing.tax import TaxRule


def without_tax(totals: Iterable[int], tax: TaxRule) -> list[int]:
    """Rounded totals in the basis of a price book (minor units, negative for a credit) before tax."""
    if not tax.included:
        return list(totals)
    return [total - tax.on(total) if total >= 0 else total + tax.on(-total) for total in totals]
