"""The explanation in plain English, as `prorata quote` prints it. The portal translates by key instead."""

from __future__ import annotations

from collections.abc import Callable

from .english_lines import LINES, MINUS, grouped
from .english_rules import OTHER_RULES
from .english_time import Params, counted, day, leg
from .step import Step

_AMOUNTS = (
    *("exact", "amount", "total", "rest", "net", "tax", "gross", "price", "before"),
    *("paid", "used", "anew", "credit", "grown", "reduced", "monthly", "hourly"),
)
_ROUNDED = {"half_up": "half up", "down": "down", "up": "up"}


def plain_english(step: Step) -> str:
    """One sentence for one step: "15 Aug → 15 Nov: 3 whole months"."""
    return _SENTENCES[step.key](step.params)


def _whole(params: Params) -> str:
    return f"{leg(params)}: {counted(params['months'], 'whole month')}"


def _days(params: Params) -> str:
    return f"{leg(params)}: {params['days']} of {params['of']} days = {params['months']}"


def _together(params: Params) -> str:
    return f"Together: {params['whole']} + {params['days']}/{params['of']} = {params['months']} months"


def _days_over(params: Params) -> str:
    return f"{leg(params)}: {params['days']} days, more than the {params['of']} of that month, so 1 month"


def _last_day(params: Params) -> str:
    return f"{day(params['from'], False)}, the last day: 1 of {params['of']} days = {params['months']}"


def _scope(params: Params, otherwise: str) -> str:
    """What a rate step holds for: all lines, one line, one side."""
    line, side = params["line"], params["side"]
    if side == "both":
        return line or otherwise
    return f"{line}, {side} price" if line else f"{side} price"


def _stretch(params: Params) -> str:
    start, stop = params["from"], params.get("to")
    if stop is None:
        return f"{start} or more months"
    if start == "0":
        return f"under {counted(str(int(stop) + 1), 'month')}"
    return counted(stop, "month") if start == stop else f"{start} to {stop} months"


def _off(params: Params) -> str:
    return "no discount" if params["off"] == "0" else f"{params['off']} % off"


def _rate(params: Params) -> str:
    return f"{_scope(params, 'Your rate')}: {_stretch(params)} left, {_off(params)}, so × {params['factor']}"


def _same_rate(params: Params) -> str:
    return f"{_scope(params, 'Your rate')}: {_off(params)}, so × {params['factor']}"


def _other_rate(params: Params) -> str:
    return f"{_scope(params, 'Other rates')}: {_stretch(params)}, {_off(params)}"


def _no_rate(params: Params) -> str:
    return f"{_scope(params, 'Your rate')}: no discounts, the full price"


def _until(params: Params) -> str:
    until = f"{day(params['until'][:10], True)}, {params['until'][11:16]} ({params['zone']})"
    scope = _scope(params, "")
    return f"{scope + ': you' if scope else 'You'} keep this rate if you submit before {until}"


def _rebuy_months(params: Params) -> str:
    since = f"Used since {day(params['since'], True)}, {counted(params['months'], 'whole month')}"
    return f"{since}: {params['monthly']} × {params['months']} × {params['factor']} = {params['exact']}"


def _rebuy_days(params: Params) -> str:
    return (
        f"and {counted(params['days'], 'day')}: {params['monthly']} × {params['days']}/30 = {params['exact']}"
    )


def _rebuy_hours(params: Params) -> str:
    return (
        f"and {counted(params['hours'], 'hour')}: {params['hourly']} × {params['hours']} = {params['exact']}"
    )


def _tax_returned(params: Params) -> str:
    net, tax, gross = (params[key].lstrip(MINUS) for key in ("net", "tax", "gross"))
    return f"Tax charged on what comes back: {net} + {tax} = {gross} {params['currency']}"


def _tax_added(params: Params) -> str:
    return (
        f"Tax {params['rate']} % of {params['net']}, once, rounded {_ROUNDED[params['rounding']]}: "
        f"{params['tax']}; together {params['gross']} {params['currency']}"
    )


def _tax_included(params: Params) -> str:
    return (
        f"Of {params['gross']} {params['currency']}, {params['rate']} % tax is included, worked out once, "
        f"rounded {_ROUNDED[params['rounding']]}: {params['tax']}"
    )


def _with_amounts(sentence: Callable[[Params], str]) -> Callable[[Params], str]:
    """The sentence with its amounts as people write them."""

    def said(params: Params) -> str:
        return sentence(params | {key: grouped(params[key]) for key in _AMOUNTS if key in params})

    return said


_SENTENCES: dict[str, Callable[[Params], str]] = {
    **OTHER_RULES,
    **LINES,
    "time.whole": _whole,
    "time.days": _days,
    "time.days_over": _days_over,
    "time.last_day": _last_day,
    "time.together": _together,
    "rate.range": _rate,
    "rate.open": _rate,
    "rate.none": _no_rate,
    "rate.same": _same_rate,
    "rate.other": _other_rate,
    "rate.other_open": _other_rate,
    "rate.until": _until,
    "lines.none": "Nothing changes: nothing to pay".format_map,
    "price.made_up": _with_amounts("{name}, {side} price: {parts} = {price} a month".format_map),
    "line.no_credit": "{name}: a reduction gives nothing back".format_map,
    "cap.unpaid": "{name}: nothing was paid for it, so nothing comes back".format_map,
    "rebuy.paid": _with_amounts("Paid in cash for what you have: {amount}".format_map),
    "rebuy.months": _with_amounts(_rebuy_months),
    "rebuy.days": _with_amounts(_rebuy_days),
    "rebuy.hours": _with_amounts(_rebuy_hours),
    "rebuy.anew": _with_amounts(
        "The new configuration for the time left: {monthly} × {months} × {factor} = {exact}".format_map
    ),
    "rebuy.credit": _with_amounts(
        "At most what is left of it: {paid} − {used} − {anew}, or nothing: {exact}".format_map
    ),
    "rebuy.part": _with_amounts("Of every reduction ({grown} + {credit}) ÷ {reduced} counts".format_map),
    "line.settled": _with_amounts("{name}: instead of {before} so {exact}".format_map),
    "charge.minimum": _with_amounts("Minimum charge: {total} instead of {amount} {currency}".format_map),
    "voucher.amount": _with_amounts("Voucher {code}: {amount} {currency}".format_map),
    "voucher.part": _with_amounts("Voucher {code}, {off} % off: {amount} {currency}".format_map),
    "voucher.at_most": _with_amounts("Voucher {code} takes off {amount} {currency} at most".format_map),
    "voucher.rest": _with_amounts(
        "The {rest} {currency} of voucher {code} that are not needed are not kept".format_map
    ),
    "charge.total": _with_amounts("So {total} {currency}".format_map),
    "tax.added": _with_amounts(_tax_added),
    "tax.included": _with_amounts(_tax_included),
    "tax.returned": _with_amounts(_tax_returned),
}
