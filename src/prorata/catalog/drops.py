"""More of something never costs less in all: a growth that gives credit would have to be refused or paid out at once."""

from __future__ import annotations

from django.utils.translation import gettext as _

from prorata.catalog.models import ResourceType
from prorata.pricing.display import exact_text
from prorata.pricing.rates import Rate, first_drop


def drop(rate: Rate, kind: ResourceType) -> str:
    """One sentence with the two figures, if of the values `kind` is sold in a larger one costs less; else empty."""
    found = first_drop(rate, kind.stops())
    if found is None:
        return ""
    unit = kind.unit or kind.name
    return _(
        "More would cost less: %(less)s %(unit)s are %(less_price)s a month, but %(more)s %(unit)s are %(more_price)s. "
        "Raise the price of the later band, or choose tiered."
    ) % {
        "less": found.less, "less_price": exact_text(found.less_price), "more": found.more,
        "more_price": exact_text(found.more_price), "unit": unit,
    }  # fmt: skip
