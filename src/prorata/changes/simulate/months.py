"""Calendar months backward from an instant."""

from __future__ import annotations

from datetime import datetime, time
from zoneinfo import ZoneInfo

from prorata.pricing.terms import add_months


def months_before(at: datetime, months: int, zone: ZoneInfo) -> datetime:
    """The same time of day in `zone` so many months earlier, clamped to the end of the month."""
    local = at.astimezone(zone)
    day = add_months(local.date(), -months)
    return datetime.combine(day, time(local.hour, local.minute, local.second, local.microsecond), zone)
