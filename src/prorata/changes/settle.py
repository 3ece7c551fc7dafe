"""What the credit model `rebuy` has to know of a service: what was paid and bought, and what the new configuration costs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction

from prorata.catalog.values import BookValues, NoPrice, Value
from prorata.changes.situation import Situation
from prorata.invoices.layers import Standing, standing
from prorata.pricing.money import eight_decimals
from prorata.pricing.rebuy import Bought, Rebuy
from prorata.pricing.terms import local_date


def rebuy_of(situation: Situation, book: BookValues, after: Mapping[str, Value]) -> Rebuy:
    """All that stands in the paid layers of the term, at the list prices of `book`, and `after` as what is bought anew."""
    ends = local_date(situation.service.term_ends_at, situation.zone)
    day = local_date(situation.now, situation.zone)
    steps = standing(situation.service.pk, ends, day, tax_included=book.tax_included)
    return Rebuy(
        paid=eight_decimals(sum((step.cash for step in steps), Fraction(0))),
        bought=_bought(steps, book),
        monthly=sum((book.monthly(code, after[code]) for code in situation.limits), Decimal(0)),
        schedule=situation.schedule.schedule if situation.schedule else None,
    )


def _bought(steps: tuple[Standing, ...], book: BookValues) -> tuple[Bought, ...]:
    """Together what was bought on one day; what has an hourly price apart from what has none."""
    months: dict[tuple[date, bool], Fraction] = {}
    hours: dict[tuple[date, bool], Fraction] = {}
    for step in steps:
        monthly, hourly = _list_price(step, book)
        key = (step.layer.starts, hourly is not None)
        months[key] = months.get(key, Fraction(0)) + monthly * step.share
        hours[key] = hours.get(key, Fraction(0)) + (hourly or 0) * step.share
    return tuple(
        Bought(since, eight_decimals(months[key]), eight_decimals(hours[key]) if by_hour else None)
        for key in sorted(months)
        for since, by_hour in (key,)
    )


def _list_price(step: Standing, book: BookValues) -> tuple[Fraction, Fraction | None]:
    """The step's price of today a month and an hour; what is not sold any more counts at the price it was sold for."""
    layer = step.layer
    try:
        low, high = (
            Decimal(0) if value is None else book.monthly(layer.component, value)
            for value in (layer.low, layer.high)
        )
        hours = [
            Decimal(0) if value is None else book.hourly(layer.component, value)
            for value in (layer.low, layer.high)
        ]
    except NoPrice:
        return Fraction(layer.high_price) - Fraction(layer.low_price), None
    monthly = max(Fraction(high) - Fraction(low), Fraction(0))
    if hours[0] is None or hours[1] is None:
        return monthly, None
    return monthly, max(Fraction(hours[1]) - Fraction(hours[0]), Fraction(0))
