"""The explanation in plain English, as `prorata quote` prints it. The portal translates by key instead."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal

from .step import Step

MINUS = "\u2212"  # a minus as wide as a digit, not a hyphen
_MONTH_NAMES = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_AMOUNTS = {"old", "new", "exact", "amount", "value", "carry", "total", "net", "tax", "gross"}
_ROUNDED = {"half_up": "half up", "down": "down", "up": "up"}
_Params = dict[str, str]


def plain_english(step: Step) -> str:
    """One sentence for one step: "15 Aug → 15 Nov: 3 whole months"."""
    params = {key: _grouped(text) if key in _AMOUNTS else text for key, text in step.params.items()}
    sentence = _SENTENCES[step.key]
    return sentence.format_map(params) if isinstance(sentence, str) else sentence(params)


def _grouped(amount: str) -> str:
    """A plain decimal as people write it: -2210.16 becomes −2,210.16."""
    return f"{Decimal(amount):,f}".replace("-", MINUS)


def _day(iso: str, with_year: bool) -> str:
    day = date.fromisoformat(iso)
    return f"{day.day} {_MONTH_NAMES[day.month - 1]}" + (f" {day.year}" if with_year else "")


def _leg(params: _Params) -> str:
    """Both dates of a leg; the year only where they do not share it."""
    with_year = params["from"][:4] != params["to"][:4]
    return f"{_day(params['from'], with_year)} → {_day(params['to'], with_year)}"


def _counted(number: str, word: str) -> str:
    return f"{number} {word}" if number == "1" else f"{number} {word}s"


def _whole(params: _Params) -> str:
    return f"{_leg(params)}: {_counted(params['months'], 'whole month')}"


def _days(params: _Params) -> str:
    return f"{_leg(params)}: {params['days']} of {params['of']} days = {params['months']}"


def _days_over(params: _Params) -> str:
    return f"{_leg(params)}: {params['days']} days, more than the {params['of']} of that month, so 1 month"


def _last_day(params: _Params) -> str:
    return f"{_day(params['from'], False)}, the last day: 1 of {params['of']} days = {params['months']}"


def _leg_or_last_day(params: _Params) -> str:
    if params["from"] == params["to"]:
        return f"{_day(params['from'], False)}, the last day"
    return _leg(params)


def _average(params: _Params) -> str:
    days = _counted(params["days"], "day")
    return f"{_leg_or_last_day(params)}: {days}, 365/12 to a month: {_equal(params)} months"


def _hours(params: _Params) -> str:
    hours = _counted(params["hours"], "hour")
    return f"{_instants(params)}: {hours}, {params['of']} to a month: {_equal(params)} months"


def _month(iso: str) -> str:
    first = date.fromisoformat(iso)
    return f"{_MONTH_NAMES[first.month - 1]} {first.year}"


def _month_days(params: _Params) -> str:
    return f"{_month(params['month'])}: {params['days']} of {params['of']} days = {params['months']}"


def _month_whole(params: _Params) -> str:
    months = dict.fromkeys((_month(params["from"]), _month(params["to"])))
    return f"{' to '.join(months)}: {_counted(params['count'], 'whole month')}"


def _month_none(params: _Params) -> str:
    return f"{_day(params['from'], False)}, the day of the change, does not count, and no other is left: 0 months"


def _period_days(params: _Params) -> str:
    part = f"{params['days']} of the {params['of']} days of the paid period"
    return f"{_leg_or_last_day(params)}: {part}: {_equal(params)}"


def _period_seconds(params: _Params) -> str:
    part = f"{params['seconds']} of the {params['of']} seconds of the paid period"
    return f"{_instants(params)}: {part}: {_equal(params)}"


def _equal(params: _Params) -> str:
    """A fraction and what it comes to; a whole number just once."""
    fraction = params["fraction"]
    return f"{fraction} = {params['months']}" if "/" in fraction else fraction


def _instants(params: _Params) -> str:
    """Two local times; the year only where they do not share it."""
    with_year = params["from"][:4] != params["to"][:4]
    moments = [f"{_day(params[key][:10], with_year)}, {params[key][11:16]}" for key in ("from", "to")]
    return f"{' → '.join(moments)} ({params['zone']})"


def _scope(params: _Params, otherwise: str) -> str:
    """What a rate step holds for: all lines, one line, one side."""
    side = "" if params["side"] == "both" else f"{params['side']} price"
    return ", ".join(part for part in (params["line"], side) if part) or otherwise


def _stretch(params: _Params) -> str:
    start, stop = params["from"], params.get("to")
    if stop is None:
        return f"{start} or more months"
    if start == "0":
        return f"under {_counted(str(int(stop) + 1), 'month')}"
    return _counted(stop, "month") if start == stop else f"{start} to {stop} months"


def _off(params: _Params) -> str:
    return "no discount" if params["off"] == "0" else f"{params['off']} % off"


def _rate(params: _Params) -> str:
    return f"{_scope(params, 'Your rate')}: {_stretch(params)} left, {_off(params)}, so × {params['factor']}"


def _same_rate(params: _Params) -> str:
    return f"{_scope(params, 'Your rate')}: {_off(params)}, so × {params['factor']}"


def _other_rate(params: _Params) -> str:
    return f"{_scope(params, 'Other rates')}: {_stretch(params)}, {_off(params)}"


def _no_rate(params: _Params) -> str:
    return f"{_scope(params, 'Your rate')}: no discounts, the full price"


def _until(params: _Params) -> str:
    instant = datetime.fromisoformat(params["until"])
    until = f"{_day(params['until'][:10], True)}, {instant:%H:%M} ({params['zone']})"
    scope = _scope(params, "")
    return f"{scope + ': you' if scope else 'You'} keep this rate if you submit before {until}"


def _tax_returned(params: _Params) -> str:
    net, tax, gross = (params[key].lstrip(MINUS) for key in ("net", "tax", "gross"))
    return f"Tax charged on what comes back: {net} + {tax} = {gross} {params['currency']}"


def _tax_added(params: _Params) -> str:
    return (
        f"Tax {params['rate']} % of {params['net']}, once, rounded {_ROUNDED[params['rounding']]}: "
        f"{params['tax']}; together {params['gross']} {params['currency']}"
    )


def _tax_included(params: _Params) -> str:
    return (
        f"Of {params['gross']} {params['currency']}, {params['rate']} % tax is included, worked out once, "
        f"rounded {_ROUNDED[params['rounding']]}: {params['tax']}"
    )


_SENTENCES: dict[str, str | Callable[[_Params], str]] = {
    "time.whole": _whole,
    "time.days": _days,
    "time.days_over": _days_over,
    "time.last_day": _last_day,
    "time.together": "Together: {whole} + {days}/{of} = {months} months",
    "time.average": _average,
    "time.hours": _hours,
    "time.month_days": _month_days,
    "time.month_whole": _month_whole,
    "time.month_sum": lambda params: f"Together: {params['parts']} = {params['fraction']} months",
    "time.month_none": _month_none,
    "time.period_days": _period_days,
    "time.period_seconds": _period_seconds,
    "rate.range": _rate,
    "rate.open": _rate,
    "rate.none": _no_rate,
    "rate.same": _same_rate,
    "rate.other": _other_rate,
    "rate.other_open": _other_rate,
    "rate.until": _until,
    "lines.none": "Nothing changes: nothing to pay",
    "line.formula": "{name}: ({new} − {old}) × {months} × {factor} = {exact}",
    "line.full_price": "{name}: ({new} − {old}) × {months} = {exact}",
    "line.sides": "{name}: ({new} × {new_factor} − {old} × {old_factor}) × {months} = {exact}",
    "line.no_credit": "{name}: a reduction gives nothing back",
    "cap.layer": "{name}: at most what you paid for it: {amount} × {unused}/{days} days = {value}",
    "cap.layer_share": "{name}: at most what you paid for it: "
    "{amount} × {unused}/{days} days × {share} = {value}",
    "cap.unpaid": "{name}: nothing was paid for it, so nothing comes back",
    "line.capped": "{name}: so {exact}",
    "total.sum": "Lines together: {exact} {currency}",
    "carry.in": "Carried over from earlier changes: {carry} {currency}",
    "total.rounded": "Rounded once: {exact} → {total} {currency}",
    "carry.out": "The {carry} {currency} left over is carried to your next change",
    "tax.added": _tax_added,
    "tax.included": _tax_included,
    "tax.returned": _tax_returned,
}
