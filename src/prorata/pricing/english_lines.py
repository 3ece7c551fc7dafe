"""The lines of a price and its rounding in plain English. Every quote says these, so they are put together directly."""

from __future__ import annotations

from collections.abc import Callable

from .english_time import Params

MINUS = "\u2212"  # a minus as wide as a digit, not a hyphen


def grouped(amount: str) -> str:
    """A plain decimal as people write it: -2210.16 becomes −2,210.16."""
    if amount[0] == "-":
        return MINUS + grouped(amount[1:])
    whole, point, part = amount.partition(".")
    return amount if len(whole) <= 3 else f"{int(whole):,}{point}{part}"


def _formula(params: Params) -> str:
    return f"{_difference(params)} × {params['factor']} = {grouped(params['exact'])}"


def _full_price(params: Params) -> str:
    return f"{_difference(params)} = {grouped(params['exact'])}"


def _difference(params: Params) -> str:
    return f"{params['name']}: ({grouped(params['new'])} − {grouped(params['old'])}) × {params['months']}"


def _sides(params: Params) -> str:
    new = f"{grouped(params['new'])} × {params['new_factor']}"
    old = f"{grouped(params['old'])} × {params['old_factor']}"
    return f"{params['name']}: ({new} − {old}) × {params['months']} = {grouped(params['exact'])}"


def _layer(params: Params) -> str:
    return f"{_part_of_layer(params)} = {grouped(params['value'])}"


def _layer_share(params: Params) -> str:
    return f"{_part_of_layer(params)} × {params['share']} = {grouped(params['value'])}"


def _part_of_layer(params: Params) -> str:
    days = f"{params['unused']}/{params['days']} days"
    return f"{params['name']}: at most what you paid for it: {grouped(params['amount'])} × {days}"


def _capped(params: Params) -> str:
    return f"{params['name']}: so {grouped(params['exact'])}"


def _together(params: Params) -> str:
    return f"Lines together: {grouped(params['exact'])} {params['currency']}"


def _rounded(params: Params) -> str:
    return f"Rounded once: {grouped(params['exact'])} → {grouped(params['total'])} {params['currency']}"


def _carried_in(params: Params) -> str:
    return f"Carried over from earlier changes: {grouped(params['carry'])} {params['currency']}"


def _carried_out(params: Params) -> str:
    return f"The {grouped(params['carry'])} {params['currency']} left over is carried to your next change"


LINES: dict[str, Callable[[Params], str]] = {
    "line.formula": _formula,
    "line.full_price": _full_price,
    "line.sides": _sides,
    "cap.layer": _layer,
    "cap.layer_share": _layer_share,
    "line.capped": _capped,
    "total.sum": _together,
    "carry.in": _carried_in,
    "total.rounded": _rounded,
    "carry.out": _carried_out,
}
