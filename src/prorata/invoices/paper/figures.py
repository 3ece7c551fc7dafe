"""Amounts, dates and names as a document prints them in its language."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

from babel import Locale
from babel.dates import format_date
from babel.numbers import get_currency_name

from prorata.invoices.paper.words import Language
from prorata.pricing.display import amount_text, exact_text
from prorata.pricing.money import minor_digits

LOCALES: dict[Language, str] = {"en": "en", "ja": "ja", "zh-hans": "zh_Hans"}
DAY: dict[Language, str] = {"en": "d MMM y", "ja": "y年M月d日", "zh-hans": "y年M月d日"}
MINUS = "\u2212"
GAP = "\u00a0"
# What could hide, reorder or break a line of a document: control characters and overrides of the reading direction.
UNPRINTABLE = re.compile(
    "[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufff9-\ufffb]"
)


def amount(minor: int, currency: str) -> str:
    """ "14,924", "432.48" with a true minus; the currency stands once, beside the column."""
    return amount_text(minor, currency).replace("-", MINUS)


def precise(major: Decimal, currency: str) -> str:
    """A monthly price with at least the currency's decimals: 65 USD is "65.00"."""
    text, digits = exact_text(major).replace("-", MINUS), minor_digits(currency)
    whole, _point, part = text.partition(".")
    return f"{whole}.{part.ljust(digits, '0')}" if part or digits else whole


def share(part: Decimal, language: Language) -> str:
    """0.1 is "10 %", and "10%" where no space is usual."""
    text = f"{part * 100:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) + (GAP if language == "en" else "") + "%"


def day(at: date, language: Language) -> str:
    return format_date(at, DAY[language], locale=LOCALES[language]).replace(" ", GAP)


def country(code: str, language: Language) -> str:
    """The country's name, or its code where it is not known."""
    return Locale.parse(LOCALES[language]).territories.get(code, code)


def currency_name(code: str, language: Language) -> str:
    return str(get_currency_name(code, locale=LOCALES[language]))


def one_line(text: str) -> str:
    """What people typed, as one line that can be printed."""
    return " ".join(UNPRINTABLE.sub("", text.replace("\r", "\n")).split())


def lines(text: str) -> list[str]:
    """What people typed as an address, line by line, without empty ones."""
    return [line for line in (one_line(line) for line in text.splitlines()) if line]
