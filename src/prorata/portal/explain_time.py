"""The time left in the reader's words, under every rule but the default, whose words are in `explainer`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from fractions import Fraction
from zoneinfo import ZoneInfo

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from prorata.portal import when
from prorata.portal.explain_parts import Params, Part, Row, Text, last_day, leg, span
from prorata.portal.money import exact_number


def _average(time: Part, p: Params) -> None:
    days = int(p["days"])
    time.rows.append(Row(_dates(p), ngettext("%(n)s day", "%(n)s days", days) % {"n": days}))
    time.rows.append(_together(_("%(days)s ÷ (365/12) = %(fraction)s months") % p))
    time.notes.append(_("A month is 365/12 days, a twelfth of a year."))


def _hours(time: Part, p: Params) -> None:
    hours = int(p["hours"])
    said = ngettext("%(n)s hour", "%(n)s hours", hours) % {"n": exact_number(p["hours"], 0)}
    time.rows.append(Row(_instants(p), said))
    time.rows.append(_together(_("%(hours)s ÷ %(of)s = %(fraction)s months") % p))
    time.notes.append(
        _("A month is 30 days of 24 hours, %(of)s hours. An hour that has begun counts whole.") % p
    )


def _month_days(time: Part, p: Params) -> None:
    time.rows.append(Row(when.month(date.fromisoformat(p["month"])), _("%(days)s of %(of)s days") % p))


def _month_whole(time: Part, p: Params) -> None:
    first, last = (when.month(date.fromisoformat(p[end])) for end in ("from", "to"))
    count = int(p["count"])
    said = ngettext("%(n)s whole month", "%(n)s whole months", count) % {"n": count}
    time.rows.append(Row(first if p["from"] == p["to"] else span(first, last), said))


def _month_sum(time: Part, p: Params) -> None:
    time.rows.append(_together(_("%(parts)s = %(fraction)s months") % p))


def _month_none(time: Part, p: Params) -> None:
    day = when.short_day(date.fromisoformat(p["from"]))
    time.rows.append(Row(_("After %(day)s") % {"day": day}, _("no day is left")))
    time.notes.append(_("The day of the change does not count, so there is nothing to pay and no credit."))


def _period_days(time: Part, p: Params) -> None:
    ahead = int(p["days"]) > int(p["of"])
    said = (
        _("%(days)s days; your last paid term has %(of)s")
        if ahead
        else _("%(days)s of the %(of)s days of your term")
    )
    time.rows.append(Row(_dates(p), said % p))
    if ahead:
        time.notes.append(_paid_ahead())


def _period_seconds(time: Part, p: Params) -> None:
    shown = {name: exact_number(p[name], 0) for name in ("seconds", "of")}
    ahead = Fraction(p["seconds"]) > Fraction(p["of"])
    said = (
        _("%(seconds)s seconds; your last paid term has %(of)s")
        if ahead
        else _("%(seconds)s of the %(of)s seconds of your term")
    )
    time.rows.append(Row(_instants(p), said % shown))
    if ahead:
        time.notes.append(_paid_ahead())


def _paid_ahead() -> str:
    return _("You have paid ahead: the time before your last term counts by the same measure.")


def _period_months(time: Part, p: Params) -> None:
    time.rows.append(_together(_("%(part)s × %(paid)s months = %(fraction)s months") % p))


def _together(said: str) -> Row:
    return Row(_("Together"), said, "tot")


def _dates(p: Params) -> Text:
    return last_day(p) if p["from"] == p["to"] else leg(p)


def _instants(p: Params) -> SafeString:
    """From one instant to the other, in the billing zone; seconds only where there are some."""
    zone = ZoneInfo(p["zone"])
    ends = [datetime.fromisoformat(p[end]) for end in ("from", "to")]
    seconds = any(end.second for end in ends)
    return span(*(when.moment(end, zone, seconds=seconds) for end in ends))


TIMES: dict[str, Callable[[Part, Params], None]] = {
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
