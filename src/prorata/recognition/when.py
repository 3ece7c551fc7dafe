"""Which day of a seller is recognised next: after it has ended, one after the other, none left out."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Min

from prorata.invoices.models import CreditNote, Invoice, Seller
from prorata.pricing.terms import local_date, midnight
from prorata.recognition.models import Day
from prorata.recognition.take_over import adopted, is_first

ONE_DAY = timedelta(days=1)
# What was begun before midnight is written by then, so that a day's documents are all there when it is looked at. One that
# came later still would be caught up by the next day.
GRACE = timedelta(minutes=10)


def next_day(seller: Seller, now: datetime) -> date | None:
    """The oldest day that is over and not recognised yet; None where there is none, or nothing to recognise at all."""
    last = Day.objects.filter(seller=seller).order_by("-day").values_list("day", flat=True).first()
    over = local_date(now - GRACE, ZoneInfo(seller.zone)) - ONE_DAY
    day = _first(seller, over) if last is None else last + ONE_DAY
    return day if day is not None and day <= over else None


def _first(seller: Seller, over: date) -> date | None:
    """The day of the first document, but never one of an earlier month: those are reported already, and what they
    would have earned is caught up on the first of this month."""
    known = [
        Invoice.objects.filter(seller=seller, status=Invoice.Status.PAID).aggregate(at=Min("settled_at"))[
            "at"
        ],
        CreditNote.objects.filter(seller=seller).aggregate(at=Min("at"))["at"],
        adopted().order_by().aggregate(first=Min("at"))["first"] if is_first(seller.pk) else None,
    ]
    instants = [at for at in known if at is not None]
    if not instants:
        return None
    return max(local_date(min(instants), ZoneInfo(seller.zone)), over.replace(day=1))


def ends_at(seller: Seller, day: date) -> datetime:
    """The first instant after `day`."""
    return midnight(day + ONE_DAY, ZoneInfo(seller.zone))
