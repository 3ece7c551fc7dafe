"""Amounts as PayPal writes them: decimal texts with the currency's own places, and nothing is ever rounded.

https://developer.paypal.com/api/rest/reference/currency-codes/ lists the currencies; BRL, CNY and MYR are for accounts
of their own countries, which PayPal itself decides. The forint and the Taiwan dollar are taken without decimals.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from prorata.payments.gateways.base import GatewayRefused
from prorata.pricing.currencies import MINOR_DIGITS

WITHOUT_DECIMALS = frozenset({"HUF", "JPY", "TWD"})
TAKEN = WITHOUT_DECIMALS | {
    "AUD", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "EUR", "GBP", "HKD", "ILS", "MXN", "MYR", "NOK", "NZD", "PHP",
    "PLN", "SEK", "SGD", "THB", "USD",
}  # fmt: skip
VALUE = re.compile(r"[0-9]{1,15}(\.[0-9]{1,3})?")


def places(currency: str) -> int:
    """How many decimals PayPal takes."""
    return 0 if currency in WITHOUT_DECIMALS else MINOR_DIGITS[currency]


def to_paypal(amount_minor: int, currency: str) -> dict[str, str]:
    """{"currency_code", "value"}. Raises GatewayRefused for a currency or an amount that PayPal does not take."""
    if currency not in TAKEN:
        raise GatewayRefused(f"PayPal does not take {currency}. Choose another way to pay.")
    if amount_minor <= 0:
        raise GatewayRefused("An amount must be above zero.")
    amount = Decimal(amount_minor).scaleb(-MINOR_DIGITS[currency])
    if amount != amount.quantize(Decimal(1).scaleb(-places(currency))):
        raise GatewayRefused(f"PayPal takes {currency} in whole units only. Choose another way to pay.")
    return {"currency_code": currency, "value": f"{amount:.{places(currency)}f}"}


def from_paypal(money: Any, *, least: int = 1) -> tuple[int, str]:
    """Minor units, at least `least`, and currency. Raises ValueError, KeyError or TypeError for what makes no sense."""
    currency, value = money["currency_code"], money["value"]
    if currency not in MINOR_DIGITS or not isinstance(value, str) or not VALUE.fullmatch(value):
        raise ValueError("not an amount")
    amount = Decimal(value).scaleb(MINOR_DIGITS[currency])
    if amount < least or amount != int(amount):
        raise ValueError("not an amount")
    return int(amount), currency
