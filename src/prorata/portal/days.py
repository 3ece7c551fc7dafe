"""Lists that are shown for some days only: whole days of the billing zone, as an address names them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypeVar
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.db.models import Model, QuerySet

from prorata.pricing.terms import midnight

M = TypeVar("M", bound=Model)
# A day needs one after it, in every zone.
LAST = date(9999, 1, 1)


@dataclass(frozen=True)
class Days:
    """From and to, both included; None is no limit."""

    since: date | None = None
    until: date | None = None

    @classmethod
    def read(cls, asked: Mapping[str, str]) -> Days:
        """What makes no sense in an address is no limit."""
        return cls(read_day(asked.get("since", "")), read_day(asked.get("until", "")))

    @property
    def is_set(self) -> bool:
        return self != Days()

    @property
    def query(self) -> str:
        """As it stands in an address."""
        asked = {"since": self.since, "until": self.until}
        return urlencode({name: str(value) for name, value in asked.items() if value})


def within(
    rows: QuerySet[M], field: str, since: date | None, until: date | None, zone: ZoneInfo
) -> QuerySet[M]:
    """The rows whose instant `field` lies in these days."""
    if since:
        rows = rows.filter(**{f"{field}__gte": midnight(since, zone)})
    if until:
        rows = rows.filter(**{f"{field}__lt": midnight(until + timedelta(days=1), zone)})
    return rows


def read_day(typed: str) -> date | None:
    """2026-08-15 as a day; None for anything else."""
    try:
        day = datetime.strptime(typed, "%Y-%m-%d").date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        return None
    return day if day < LAST else None
