"""What one unit of a resource costs a month, in the words of its card."""

from __future__ import annotations

from django.utils.translation import gettext as _

from prorata.catalog.names import in_language
from prorata.catalog.values import BookValues
from prorata.changes.limits import Limit
from prorata.portal.money import exact_money
from prorata.pricing.rates import OptionPrices, UnitPrice


def unit_rate(limit: Limit, book: BookValues, currency: str) -> str:
    """What one of it costs; for prices in bands the span of those that may count here."""
    rate = book.rates.get(limit.code)
    if rate is None or isinstance(rate, OptionPrices):
        return ""
    one = in_language(limit.unit_word or limit.unit or limit.name)
    if isinstance(rate, UnitPrice):
        return _("%(price)s per %(one)s and month") % {"price": exact_money(rate.unit, currency), "one": one}
    parts = [part for stop in limit.stops for part in rate.parts(stop)]
    units = [part.unit for part in parts] or [rate.bands[0].unit]
    low, high = min(units), max(units)
    first, last = (low, high) if units[0] < units[-1] else (high, low)
    shown = {"first": exact_money(first, currency), "last": exact_money(last, currency), "one": one}
    if any(part.flat for part in parts):
        return _("%(first)s to %(last)s per %(one)s and month, by how many, and a fee in some bands") % shown
    if low == high:
        return _("%(price)s per %(one)s and month") % {"price": shown["first"], "one": one}
    return _("%(first)s to %(last)s per %(one)s and month, by how many") % shown
