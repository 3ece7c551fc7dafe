"""The time left in plain English under the other rules; the sentences of `calendar-months`, the default, are in
`english`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from .english_time import MONTH_NAMES, Params, counted, day, leg


def _leg_or_last_day(params: Params) -> str:
    if params["from"] == params["to"]:
        return f"{day(params['from'], False)}, the last day"
    return leg(params)


def _average(params: Params) -> str:
    days = counted(params["days"], "day")
    return f"{_leg_or_last_day(params)}: {days}, 365/12 to a month: {_equal(params)} months"


def _hours(params: Params) -> str:
    hours = counted(params["hours"], "hour")
    return f"{_instants(params)}: {hours}, {params['of']} to a month: {_equal(params)} months"


def _month(iso: str) -> str:
    first = date.fromisoformat(iso)
    return f"{MONTH_NAMES[first.month - 1]} {first.year}"


def _month_days(params: Params) -> str:
    return f"{_month(params['month'])}: {params['days']} of {params['of']} days = {params['months']}"


def _month_whole(params: Params) -> str:
    months = dict.fromkeys((_month(params["from"]), _month(params["to"])))
    return f"{' to '.join(months)}: {counted(params['count'], 'whole month')}"


def _month_none(params: Params) -> str:
    return (
        f"{day(params['from'], False)}, the day of the change, does not count, and no other is left: 0 months"
    )


def _period_days(params: Params) -> str:
    part = f"{params['days']} of the {params['of']} days of the paid period"
    return f"{_leg_or_last_day(params)}: {part}: {_equal(params)}"


def _period_seconds(params: Params) -> str:
    part = f"{params['seconds']} of the {params['of']} seconds of the paid period"
    return f"{_instants(params)}: {part}: {_equal(params)}"


def _period_months(params: Params) -> str:
    paid = counted(params["paid"], "month")
    return f"{params['part']} of the {paid} paid for: {_equal(params)} months"


def _equal(params: Params) -> str:
    """A fraction and what it comes to; a whole number just once."""
    fraction = params["fraction"]
    return f"{fraction} = {params['months']}" if "/" in fraction else fraction


def _instants(params: Params) -> str:
    """Two local times; the year only where they do not share it."""
    with_year = params["from"][:4] != params["to"][:4]
    moments = [f"{day(params[key][:10], with_year)}, {params[key][11:16]}" for key in ("from", "to")]
    return f"{' → '.join(moments)} ({params['zone']})"


def _month_sum(params: Params) -> str:
    return f"Together: {params['parts']} = {params['fraction']} months"


OTHER_RULES: dict[str, Callable[[Params], str]] = {
    "time.average": _average,
    "time.hours": _hours,
    "time.month_days": _month_days,
    "time.month_whole": _month_whole,
    "time.month_sum": _month_sum,
    "time.month_none": _month_none,
    "time.period_days": _period_days,
    "time.period_seconds": _period_seconds,
    "time.period_months": _period_months,
}
