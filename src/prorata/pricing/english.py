"""The explanation in plain English, as `prorata quote` prints it. The portal translates by key instead."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from .english_rules import OTHER_RULES
from .english_time import Params, counted, day, leg
from .step import Step

MINUS = "\u2212"  # a minus as wide as a digit, not a hyphen
_AMOUNTS = {
    "old",
    "new",
    "exact",
    "amount",
    "value",
    "carry",
    "total",
    "net",
    "tax",
    "gross",
    "rest",
    "price",
    "before",
    "paid",
    "used",
    "anew",
    "credit",
    "grown",
    "reduced",
    "monthly",
    "hourly",
}
_ROUNDED = {"half_up": "half up", "down": "down", "up": "up"}


def plain_english(step: Step) -> str:
    """One sentence for one step: "15 Aug → 15 Nov: 3 whole months"."""
    params = step.params
    if not _AMOUNTS.isdisjoint(params):
        params = params | {key: _grouped(params[key]) for key in _AMOUNTS.intersection(params)}
    sentence = OTHER_RULES.get(step.key) or _SENTENCES[step.key]
    return sentence.format_map(params) if isinstance(sentence, str) else sentence(params)


def _grouped(amount: str) -> str:
    """A plain decimal as people write it: -2210.16 becomes −2,210.16."""
    if amount[0] != "-" and len(amount.partition(".")[0]) <= 3:
        return amount
    return f"{Decimal(amount):,f}".replace("-", MINUS)


def _whole(params: Params) -> str:
    return f"{leg(params)}: {counted(params['months'], 'whole month')}"


def _days(params: Params) -> str:
    return f"{leg(params)}: {params['days']} of {params['of']} days = {params['months']}"


def _days_over(params: Params) -> str:
    return f"{leg(params)}: {params['days']} days, more than the {params['of']} of that month, so 1 month"


def _last_day(params: Params) -> str:
    return f"{day(params['from'], False)}, the last day: 1 of {params['of']} days = {params['months']}"


def _scope(params: Params, otherwise: str) -> str:
    """What a rate step holds for: all lines, one line, one side."""
    side = "" if params["side"] == "both" else f"{params['side']} price"
    return ", ".join(part for part in (params["line"], side) if part) or otherwise


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


def _paid_rate(params: Params) -> str:
    paid = f"{counted(params['months'], 'month')} paid for at once"
    return f"{_scope(params, 'Your rate')}: {paid}, {_off(params)}, so × {params['factor']}"


def _until(params: Params) -> str:
    instant = datetime.fromisoformat(params["until"])
    until = f"{day(params['until'][:10], True)}, {instant:%H:%M} ({params['zone']})"
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


_SENTENCES: dict[str, str | Callable[[Params], str]] = {
    "time.whole": _whole,
    "time.days": _days,
    "time.days_over": _days_over,
    "time.last_day": _last_day,
    "time.together": "Together: {whole} + {days}/{of} = {months} months",
    "rate.range": _rate,
    "rate.open": _rate,
    "rate.none": _no_rate,
    "rate.same": _same_rate,
    "rate.paid": _paid_rate,
    "rate.other": _other_rate,
    "rate.other_open": _other_rate,
    "rate.until": _until,
    "lines.none": "Nothing changes: nothing to pay",
    "price.made_up": "{name}, {side} price: {parts} = {price} a month",
    "line.formula": "{name}: ({new} − {old}) × {months} × {factor} = {exact}",
    "line.full_price": "{name}: ({new} − {old}) × {months} = {exact}",
    "line.sides": "{name}: ({new} × {new_factor} − {old} × {old_factor}) × {months} = {exact}",
    "line.no_credit": "{name}: a reduction gives nothing back",
    "cap.layer": "{name}: at most what you paid for it: {amount} × {unused}/{days} days = {value}",
    "cap.layer_share": "{name}: at most what you paid for it: "
    "{amount} × {unused}/{days} days × {share} = {value}",
    "cap.unpaid": "{name}: nothing was paid for it, so nothing comes back",
    "line.capped": "{name}: so {exact}",
    "rebuy.paid": "Paid in cash for what you have: {amount}",
    "rebuy.months": _rebuy_months,
    "rebuy.days": _rebuy_days,
    "rebuy.hours": _rebuy_hours,
    "rebuy.anew": "The new configuration for the time left: {monthly} × {months} × {factor} = {exact}",
    "rebuy.credit": "At most what is left of it: {paid} − {used} − {anew}, or nothing: {exact}",
    "rebuy.part": "Of every reduction ({grown} + {credit}) ÷ {reduced} counts",
    "line.settled": "{name}: instead of {before} so {exact}",
    "total.sum": "Lines together: {exact} {currency}",
    "carry.in": "Carried over from earlier changes: {carry} {currency}",
    "total.rounded": "Rounded once: {exact} → {total} {currency}",
    "carry.out": "The {carry} {currency} left over is carried to your next change",
    "charge.minimum": "Minimum charge: {total} instead of {amount} {currency}",
    "voucher.amount": "Voucher {code}: {amount} {currency}",
    "voucher.part": "Voucher {code}, {off} % off: {amount} {currency}",
    "voucher.at_most": "Voucher {code} takes off {amount} {currency} at most",
    "voucher.rest": "The {rest} {currency} of voucher {code} that are not needed are not kept",
    "charge.total": "So {total} {currency}",
    "tax.added": _tax_added,
    "tax.included": _tax_included,
    "tax.returned": _tax_returned,
}
