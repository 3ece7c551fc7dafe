"""Amounts as PayPal writes them: a decimal text with exactly the currency's places, or fewer."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from prorata.sandbox.gateway.currency import DIGITS
from prorata.sandbox.paypal.errors import unprocessable

# Hungary's and Taiwan's cents exist, but PayPal takes none.
WITHOUT_DECIMALS = frozenset({"HUF", "JPY", "TWD"})
TAKEN = WITHOUT_DECIMALS | {
    "AUD", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "EUR", "GBP", "HKD", "ILS", "MXN", "MYR", "NOK", "NZD", "PHP",
    "PLN", "SEK", "SGD", "THB", "USD",
}  # fmt: skip


def inward(money: dict[str, str], field: str) -> tuple[int, str]:
    """Minor units and currency of {"currency_code", "value"}; more decimals than the currency has are refused."""
    code, value = money["currency_code"], Decimal(money["value"])
    if code not in TAKEN:
        raise unprocessable("INVALID_CURRENCY_CODE", field=field)
    places = 0 if code in WITHOUT_DECIMALS else DIGITS[code]
    if value != value.quantize(Decimal(1).scaleb(-places)) or ("." in money["value"] and not places):
        issue = "DECIMAL_PRECISION" if places else "DECIMALS_NOT_SUPPORTED"
        raise unprocessable(issue, field=f"{field}/value")
    if value <= 0:
        raise unprocessable("CANNOT_BE_ZERO_OR_NEGATIVE", field=f"{field}/value")
    return int(value.scaleb(DIGITS[code])), code


def outward(amount_minor: int, code: str) -> dict[str, Any]:
    """{"currency_code", "value"}."""
    amount = Decimal(amount_minor).scaleb(-DIGITS[code])
    places = 0 if code in WITHOUT_DECIMALS else DIGITS[code]
    return {"currency_code": code, "value": f"{amount:.{places}f}"}
