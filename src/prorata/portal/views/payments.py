"""Payments: what came, each with its receipt."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from prorata import clock
from prorata.changes.models import Change
from prorata.changes.situation import seller
from prorata.customers.scope import mine, my_one
from prorata.invoices.paper.download import NAMES
from prorata.language import language
from prorata.payments.models import Capture
from prorata.payments.paper.download import download_receipt
from prorata.payments.receipts import captures, receipts
from prorata.payments.receipts import receipt as receipt_of
from prorata.portal.days import Days, within
from prorata.portal.payments_list import as_rows
from prorata.portal.views.frame import Asked, Slice, page_number, signed_in
from prorata.portal.views.tries import at_most
from prorata.pricing.terms import local_date
from prorata.spreadsheet import CONTENT_TYPE, csv_lines


@require_GET
@signed_in
def index(request: Asked) -> HttpResponse:
    """Every payment of mine that came, newest first."""
    zone, asked = ZoneInfo(seller().zone), Days.read(request.GET)
    found = Slice(_mine(request, asked, zone), page_number(request))
    shown = {"rows": receipts(found.rows), "page": found, "asked": asked, "zone": zone}
    return render(request, "portal/payments.html", shown)


@require_GET
@signed_in
def export(request: Asked) -> StreamingHttpResponse:
    """The list as a CSV file, of the same days, all pages of it."""
    zone = ZoneInfo(seller().zone)
    name = f"payments-{local_date(clock.now(), zone)}.csv"
    return StreamingHttpResponse(
        csv_lines(as_rows(_mine(request, Days.read(request.GET), zone), zone)), content_type=CONTENT_TYPE,
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )  # fmt: skip


@require_GET
@signed_in
def receipt(request: Asked, pk: int) -> HttpResponse:
    """One receipt, as a page."""
    one = receipt_of(my_one(request.user, captures(), pk=pk))
    shown = {
        "receipt": one, "capture": one.capture, "invoice": one.invoice, "zone": ZoneInfo(one.invoice.seller.zone),
        "change": Change.objects.filter(invoice=one.invoice).first(), "paper_languages": NAMES,
    }  # fmt: skip
    return render(request, "portal/receipt.html", shown)


@require_GET
@signed_in
@at_most("pdf")
def receipt_pdf(request: Asked, pk: int) -> HttpResponse:
    """The same as a PDF, in the person's language or in one that is asked for."""
    one = receipt_of(my_one(request.user, captures(), pk=pk))
    return download_receipt(one, request.GET.get("lang"), language())


def _mine(request: Asked, days: Days, zone: ZoneInfo) -> QuerySet[Capture]:
    return within(mine(request.user, captures()), "recorded_at", days.since, days.until, zone)
