"""Amounts as text and back, exactly: the decimals of the currency, never a float.

Written for staff and for plain text. Pages for customers add the currency sign and the customer's language to
it.
"""

from __future__ import annotations

import re
from decimal import Decimal

from .errors import BadInput
from .money import decimal_of, minor_digits

# 1234.50, 1,234.50, .50 and a leading minus; groups only where they are whole groups of three.
AMOUNT = re.compile(r"(?P<sign>[-\u2212+]?)(?P<whole>\d{1,3}(?:,\d{3})+|\d*)(?:\.(?P<part>\d*))?", re.ASCII)
LARGEST = 10**15


def amount_text(minor: int, currency: str) -> str:
    """Minor units as grouped major units without a sign for the currency: (123450, "USD") -> "1,234.50"."""
    return f"{decimal_of(minor, minor_digits(currency)):,f}"


def exact_text(amount: Decimal) -> str:
    """A precise amount without needless zeros: 1800.00000000 -> "1,800", 0.10500000 -> "0.105"."""
    text = f"{amount:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def parse_amount(text: str, currency: str) -> int:
    """Major units as a person writes them, in minor units: ("1,234.5", "USD") -> 123450. Raises BadInput, one
    line."""
    digits = minor_digits(currency)
    found = AMOUNT.fullmatch(text.strip())
    if found is None or not (found["whole"] or found["part"]):
        raise BadInput(
            f"{text.strip()!r} is not an amount: write it like {amount_text(1500 * 10**digits, currency)}"
        )
    part = found["part"] or ""
    if len(part) > digits and not digits:
        whole = found["whole"].replace(",", "") or "0"
        raise BadInput(f"{currency} has no decimals: write {whole}")
    if len(part) > digits:
        raise BadInput(f"{currency} has {digits} decimals: {text.strip()!r} has {len(part)}")
    whole_units = int(found["whole"].replace(",", "") or "0") * 10**digits
    units: int = whole_units + int(part.ljust(digits, "0") or "0")
    if units >= LARGEST:
        raise BadInput(f"{text.strip()!r} is too large an amount")
    return -units if found["sign"] in ("-", "\u2212") else units
