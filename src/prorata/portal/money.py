"""Amounts as a customer reads them: the currency's own decimals, a narrow sign, a true minus. Nothing is computed here."""

from __future__ import annotations

from decimal import Decimal

from babel.numbers import get_currency_name
from django.utils.html import format_html
from django.utils.safestring import SafeString

from prorata.language import babel_locale, language, numbers
from prorata.pricing.money import minor_digits

MINUS = "\u2212"
GAP = "\u00a0"
# The signs of CLDR change with the reader's language (JP¥, ￥, ¥ for two currencies); these do so only where a sign would
# be read as another currency: ¥ is the yuan in Chinese. What has no sign here is shown with its ISO code.
SIGNS = {"JPY": "¥", "USD": "$", "EUR": "€", "GBP": "£"}
SIGNS_IN = {"zh-hans": {"CNY": "¥", "USD": "$", "EUR": "€", "GBP": "£"}}
NAMES = {
    "JPY": "Japanese yen", "USD": "US dollars", "EUR": "euros", "GBP": "pounds sterling", "CNY": "Chinese yuan",
    "KRW": "South Korean won", "TWD": "New Taiwan dollars", "SGD": "Singapore dollars", "AUD": "Australian dollars",
    "CAD": "Canadian dollars", "CHF": "Swiss francs", "INR": "Indian rupees", "KWD": "Kuwaiti dinars",
}  # fmt: skip


def major(minor: int, currency: str) -> Decimal:
    """Minor units as an exact major amount with the currency's decimals: (43248, "USD") -> 432.48."""
    return Decimal(minor).scaleb(-minor_digits(currency))


def money(minor: int, currency: str, *, plus: bool = False) -> str:
    """Minor units with sign: ¥14,924, −$1.50, KRW 3,000; `plus` shows the plus of an increase."""
    return _signed(major(minor, currency), currency, minor_digits(currency), plus=plus)


def exact_money(amount: Decimal | str, currency: str, *, plus: bool = False) -> str:
    """A precise major amount with at least the currency's decimals: 600 -> ¥600, 65 -> $65.00, 0.105 -> $0.105."""
    value = Decimal(amount)
    return _signed(value, currency, _decimals(value, minor_digits(currency)), plus=plus)


def exact_number(amount: Decimal | str, least: int = 2) -> str:
    """A precise figure of a calculation without currency, with at least `least` decimals: 3392 -> 3,392.00."""
    value = Decimal(amount)
    sign = MINUS if value < 0 else ""
    return sign + numbers(abs(value), _decimals(value, least))


def data(minor: int, currency: str, *, plus: bool = False) -> SafeString:
    """An amount as an element: readable by programs, never translated."""
    return _data(major(minor, currency), money(minor, currency, plus=plus))


def exact_data(amount: Decimal | str, currency: str, *, plus: bool = False) -> SafeString:
    value = Decimal(amount)
    plain = f"{value:f}"
    short = Decimal(plain.rstrip("0").rstrip(".") or "0") if "." in plain else value
    return _data(short, exact_money(value, currency, plus=plus))


def spoken(minor: int, currency: str) -> str:
    """For the ear: 14,924 Japanese yen. The sign is left to the sentence around it."""
    figure = numbers(abs(major(minor, currency)), minor_digits(currency))
    return f"{figure} {name(currency)}"


def name(currency: str) -> str:
    """The currency in words, or its code where there is no word for it here."""
    if language() != "en":
        return get_currency_name(currency, locale=babel_locale())
    return NAMES.get(currency, currency)


def _data(value: Decimal, text: str) -> SafeString:
    return format_html('<data value="{}" translate="no">{}</data>', f"{value:f}", text)


def _signed(value: Decimal, currency: str, decimals: int, *, plus: bool) -> str:
    sign = MINUS if value < 0 else "+" if plus and value > 0 else ""
    symbol = SIGNS_IN.get(language(), SIGNS).get(currency, currency + GAP)
    return f"{sign}{symbol}{numbers(abs(value), decimals)}"


def _decimals(value: Decimal, least: int) -> int:
    text = f"{value:f}"
    part = text.partition(".")[2].rstrip("0")
    return max(least, len(part))
