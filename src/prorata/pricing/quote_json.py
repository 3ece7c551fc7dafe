"""A quote as JSON: one object in, one object out. The rule without the portal."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from .change import Price, PricedLine, price_term
from .explain import plain_english, steps
from .figures import factor_text, four_decimals
from .money import decimal_of, minor_digits
from .quote_input import Request, read_request


def quote(text: str) -> dict[str, Any]:
    """The answer to the JSON object in `text`, ready for `json.dumps`. Raises BadInput with one line."""
    request = read_request(text)
    return _answer(_price(request), request.as_given)


def _price(request: Request) -> Price:
    return price_term(
        request.term,
        rule=request.rule,
        currency=request.currency,
        components=request.components,
        carry=request.carry,
        credit=request.credit,
    )


def _answer(price: Price, as_given: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    digits = minor_digits(price.currency)
    left = price.time_left
    shown_left: dict[str, Any] = {"rule": left.rule, "whole": left.whole}
    if left.days is not None:
        shown_left["days"] = left.days
    if left.of is not None:
        shown_left["of"] = left.of
    shown_left["months"] = four_decimals(left.months)
    return {
        "total": _fixed(decimal_of(price.total, digits)),
        "exact": _fixed(price.exact),
        "direction": price.direction,
        "carry": _fixed(price.carry_out),
        "time_left": shown_left,
        "lines": [_line(line, given, digits) for line, given in zip(price.lines, as_given, strict=True)],
        "steps": [plain_english(step) for step in steps(price)],
    }


def _line(line: PricedLine, given: tuple[str, str], digits: int) -> dict[str, str]:
    return {
        "name": line.name,
        "old": given[0],
        "new": given[1],
        "old_factor": factor_text(line.old_factor),
        "new_factor": factor_text(line.new_factor),
        "amount": _fixed(decimal_of(line.amount, digits)),
        "exact": _fixed(line.exact),
    }


def _fixed(amount: Decimal) -> str:
    return format(amount, "f")
