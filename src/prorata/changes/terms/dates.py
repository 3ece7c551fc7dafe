"""From when to when a term goes: whole months at the same clock time, on the day of the month on which it all began."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from prorata.changes.models import SoldTerm
from prorata.pricing.terms import follow_on, original_day
from prorata.services.models import Service


@dataclass(frozen=True)
class Days:
    """A term `[starts_at, ends_at)`, and what its next one needs to end on the same day and at the same time."""

    starts_at: datetime
    ends_at: datetime
    original_day: int
    clock_time: time


def first_term(starts_at: datetime, months: int, zone: ZoneInfo) -> Days:
    """The first term of a service. Whole seconds: what is printed is what counts."""
    begins = starts_at.replace(microsecond=0)
    local = begins.astimezone(zone)
    return Days(begins, _end(local.date(), months, local.day, local.time(), zone), local.day, local.time())


def next_term(service: Service, months: int, zone: ZoneInfo) -> Days:
    """The term that begins where the last paid one ends. A month that lacks the original day ends on its last one; the
    day after that is the original again: 31 Jan, 28 Feb, 31 Mar."""
    end = service.term_ends_at.astimezone(zone)
    last = (
        SoldTerm.objects.filter(service=service, status=SoldTerm.Status.PAID).order_by("-starts_at").first()
    )
    if last is not None:
        day, clock_time = last.original_day, last.clock_time
    else:
        day, clock_time = original_day(service.term_starts_at.astimezone(zone).date(), end.date()), end.time()
    return Days(service.term_ends_at, _end(end.date(), months, day, clock_time, zone), day, clock_time)


def _end(begins: date, months: int, day: int, clock_time: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(follow_on(begins, months, day), clock_time, zone)
