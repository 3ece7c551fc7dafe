"""The price of a whole term, as it is bought or renewed: every component's months at the discount of so many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from .change import Component, Price, price_change
from .errors import BadInput
from .funding import NewLayer, fund
from .money import PRECISE_DIGITS, decimal_of, major, minor_digits, split, units_of
from .renewal import renewal_minor
from .tax import Document
from .tiers import Schedule, Tier

# At its first instant a term is whole under this rule: all its months are left.
_WHOLE = "period-seconds"


def price_of_term(
    *,
    starts_at: datetime,
    ends_at: datetime,
    zone: ZoneInfo,
    months: int,
    currency: str,
    schedule: Schedule | None,
    monthly: Sequence[tuple[str, Decimal, str]],
) -> Price:
    """What a term of `months` whole months costs: `monthly` gives (name, price a month in major units, how a price in
    bands is made up) of each component.

    The total is that of `renewal_minor`, whatever rule changes of the service are priced by: rounded once, and nothing is
    carried. Lines are exact to 8 decimals, their amounts add up to the total. Raises BadInput.
    """
    if months < 1:
        raise BadInput(f"a term is sold for 1 month or more, not {months}")
    # The discount is that of the months sold, whatever the calendar makes of the dates: one tier from 0 months on.
    tier = schedule.tier(months) if schedule else None
    only = Schedule((Tier(0, tier.off),)) if tier else None
    components = [
        Component(name, Decimal(0), price, None, only, (), "", made) for name, price, made in monthly
    ]
    price = price_change(
        at=starts_at, starts_at=starts_at, ends_at=ends_at, zone=zone, currency=currency, components=components,
        rule=_WHOLE, period_months=months,
    )  # fmt: skip
    whole = sum((one.new for one in components), Decimal(0))
    total = renewal_minor(whole, months, schedule, currency)
    unit = 10 ** (PRECISE_DIGITS - minor_digits(currency))
    exacts = [units_of(line.formula, PRECISE_DIGITS) for line in price.lines]
    amounts = split(total, exacts, unit) if exacts else []
    return replace(
        price, total=total, carry_out=decimal_of(0, PRECISE_DIGITS),
        lines=tuple(line._replace(amount=n) for line, n in zip(price.lines, amounts, strict=True)),
    )  # fmt: skip


def layers_of_term(price: Price, document: Document, *, gifted_minor: int = 0) -> tuple[NewLayer, ...]:
    """The paid layer of every component of a term that was paid, `gifted_minor` of it with gifted credit.

    A layer holds what its line was charged, in whole minor units: nothing of a term is carried, so all layers together
    are exactly what was paid.
    """
    charged = {line.name: major(line.amount, price.currency) for line in price.lines}
    paid = fund(price, document, gifted_minor=gifted_minor)
    return tuple(replace(layer, amount=charged[layer.name]) for layer in paid.layers)
