"""What the next term of a service would cost if it were sold as its machine is."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from prorata import clock
from prorata.catalog.values import NoPrice, Value, live_book, live_schedule
from prorata.pricing.renewal import renewal_minor
from prorata.services.models import Service


def renewal(service: Service, configuration: Mapping[str, Value]) -> int | None:
    """In minor units of the price book's basis, for a term of the same length; None where something has no price."""
    now = clock.now()
    try:
        book = live_book(service.product, service.currency, now)
        monthly = sum((book.monthly(code, value) for code, value in configuration.items()), Decimal(0))
    except (NoPrice, ValueError):
        return None
    live = live_schedule(service.product, now)
    return renewal_minor(monthly, service.term_months, live.schedule if live else None, service.currency)
