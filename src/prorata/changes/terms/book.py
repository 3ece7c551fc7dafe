"""A term is paid: it counts for the service from now on, and its paid layers say what a reduction may give back."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db import transaction

from prorata import clock
from prorata.changes.models import SoldTerm
from prorata.changes.terms.lock import lock_term
from prorata.changes.terms.price import replay
from prorata.credit.models import LogLine
from prorata.events.publish import publish
from prorata.invoices.models import Invoice, Layer
from prorata.pricing.term import layers_of_term
from prorata.pricing.terms import local_date
from prorata.services.models import Service
from prorata.trail.write import note


@transaction.atomic
def on_paid(invoice_id: int) -> None:
    """The invoice of a term is settled. Repeat-safe: a term is booked once."""
    invoice = Invoice.objects.get(pk=invoice_id)
    found = SoldTerm.objects.filter(invoice=invoice).values_list("pk", flat=True).first()
    if found is None:
        return
    term = lock_term(found)
    if term.status != SoldTerm.Status.AWAITING_PAYMENT or invoice.status != Invoice.Status.PAID:
        return
    book(term, gifted_minor=invoice.gifted_minor, gifted_until=_gifted_until(term), at=clock.now())


def book(term: SoldTerm, *, gifted_minor: int, gifted_until: datetime | None, at: datetime) -> None:
    """Mark the term as paid, write one layer a component over its days, and move the service into it.

    The customer and the service must be locked. A sold service becomes active; a renewed one is paid until the new end.
    """
    _layers(term, gifted_minor, gifted_until, at)
    term.status, term.ended_at = SoldTerm.Status.PAID, at
    term.save(update_fields=["status", "ended_at"])
    service = term.service
    service.term_starts_at, service.term_ends_at = term.starts_at, term.ends_at
    service.term_months = term.months
    service.version += 1
    if term.kind == SoldTerm.Kind.PURCHASE:
        service.status = Service.Status.ACTIVE
    service.save(update_fields=["term_starts_at", "term_ends_at", "term_months", "version", "status"])
    note("term.paid", term, actor="system", customer_id=term.customer_id)
    publish("term.paid", id=term.pk)


def _layers(term: SoldTerm, gifted_minor: int, gifted_until: datetime | None, at: datetime) -> None:
    price, paper = replay(term.inputs)
    zone = ZoneInfo(term.inputs["zone"])
    monthly = {line.name: line.new for line in price.lines}
    Layer.objects.bulk_create(
        Layer(
            service=term.service, component=paid.name, low=None, high=term.configuration[paid.name],
            price_book_id=term.price_book_id, low_price=Decimal(0), high_price=monthly[paid.name],
            starts=local_date(term.starts_at, zone), ends=local_date(term.ends_at, zone), amount=paid.amount,
            tax=paid.tax, gifted=paid.gifted, gifted_expires_at=gifted_until if paid.gifted else None,
            origin=term.origin, at=at,
        )
        for paid in layers_of_term(price, paper, gifted_minor=gifted_minor)
    )  # fmt: skip


def _gifted_until(term: SoldTerm) -> datetime | None:
    """The latest end of the gifted credit that was held for it."""
    used = LogLine.objects.filter(
        customer=term.customer_id, origin=term.origin, what="pledged", purse__expires_at__isnull=False
    )
    ends = used.values_list("purse__expires_at", flat=True)
    return max((end for end in ends if end is not None), default=None)
