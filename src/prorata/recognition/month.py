"""A calendar month as people write it, 2026-10, and its instants in a seller's zone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from prorata import clock
from prorata.invoices.models import Seller
from prorata.pricing.terms import add_months, local_date, midnight

WRITTEN = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")


class NoMonth(ValueError):
    """One line that says how a month is written."""


@dataclass(frozen=True, order=True)
class Month:
    first: date

    def __str__(self) -> str:
        return f"{self.first:%Y-%m}"

    @property
    def last(self) -> date:
        return self.after.first - timedelta(days=1)

    @property
    def after(self) -> Month:
        return Month(add_months(self.first, 1))

    @property
    def before(self) -> Month:
        return Month(add_months(self.first, -1))

    def bounds(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """Its first instant, and the first after it."""
        return midnight(self.first, zone), midnight(self.after.first, zone)


def month_of(text: str) -> Month:
    """Raises NoMonth."""
    if not WRITTEN.fullmatch(text) or text < "1900" or text >= "9999":
        raise NoMonth(f"{text!r} is not a month: write it as 2026-10")
    return Month(date.fromisoformat(f"{text}-01"))


def last_month() -> Month:
    """The last month that is over, where the first seller is."""
    zone = Seller.objects.order_by("id").values_list("zone", flat=True).first()
    today = local_date(clock.now(), ZoneInfo(zone or "UTC"))
    return Month(today.replace(day=1)).before
