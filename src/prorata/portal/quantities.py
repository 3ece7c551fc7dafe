"""Quantities of resources as text."""

from __future__ import annotations

from decimal import Decimal

from prorata.portal.money import GAP


def with_unit(amount: Decimal, unit: str) -> str:
    """2.90 and GB -> "2.9 GB", never torn apart."""
    plain = f"{amount:f}"
    short = plain.rstrip("0").rstrip(".") if "." in plain else plain
    return f"{short}{GAP}{unit}" if unit else short
