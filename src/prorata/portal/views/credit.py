"""Available Credit: the purses, and the log of every movement."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import F, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from prorata import clock
from prorata.changes.models import Change, SoldTerm
from prorata.changes.situation import seller
from prorata.credit.models import LogLine, Purse, Voucher
from prorata.credit.voucher import usable_by
from prorata.credit.words import change_of, movement_words, term_of
from prorata.customers.scope import mine
from prorata.portal.credit_log import Filter, as_rows, by_whom, choices, colleagues
from prorata.portal.views.frame import Asked, Slice, page_number, signed_in
from prorata.pricing.terms import local_date
from prorata.spreadsheet import CONTENT_TYPE, csv_lines

# What ended is told beside the purses for the last few gifts; the credit log has all of it.
ENDED_SHOWN = 5


@require_GET
@signed_in
def index(request: Asked) -> HttpResponse:
    now, zone = clock.now(), ZoneInfo(seller().zone)
    asked, people = Filter.read(request.GET), colleagues(request.user)
    purses = list(my_purses(request))
    alive = [
        p
        for p in purses
        if p.kind == Purse.Kind.ACCOUNT or (p.balance_minor and p.expires_at and p.expires_at > now)
    ]
    log = Slice(asked.of(my_log(request), zone), page_number(request))
    changes, terms = changes_of(request, log.rows), terms_of(request, log.rows)
    rows = [
        {
            "line": line,
            "what": movement_words(line.what, line.reason, origin=line.origin),
            "change": changes.get(change_of(line.origin)),
            "term": terms.get(term_of(line.origin)),
            "by": by_whom(line.actor, people),
        }
        for line in log.rows
    ]
    gone = ended(purses)[:ENDED_SHOWN]
    for purse in [*alive, *gone]:
        purse.came_from = change_of(purse.reason)
    totals: dict[str, int] = {}
    for purse in alive:
        totals[purse.currency] = totals.get(purse.currency, 0) + purse.balance_minor
    return render(
        request,
        "portal/credit.html",
        {
            "purses": alive,
            "gone": gone,
            "rows": rows,
            "page": log,
            "asked": asked,
            "kinds": choices(),
            "purse_kinds": Purse.Kind.choices,
            "zone": zone,
            "totals": totals.items(),
            "vouchers": usable_by(mine(request.user, Voucher.objects.all()), now),
        },
    )


@require_GET
@signed_in
def export(request: Asked) -> StreamingHttpResponse:
    """The log as a CSV file, filtered as the page is, all pages of it."""
    zone = ZoneInfo(seller().zone)
    lines = Filter.read(request.GET).of(my_log(request), zone)
    name = f"credit-log-{local_date(clock.now(), zone)}.csv"
    return StreamingHttpResponse(
        csv_lines(as_rows(lines, zone, colleagues(request.user))), content_type=CONTENT_TYPE,
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )  # fmt: skip


def my_log(request: Asked) -> QuerySet[LogLine]:
    """Every line of my credit log, newest first."""
    return mine(request.user, LogLine.objects.select_related("purse")).order_by("-id")


def my_purses(request: Asked) -> QuerySet[Any]:
    """All my purses, with what ended unused in each."""
    ended = LogLine.objects.filter(purse=OuterRef("pk"), what="expired").order_by().values("purse")
    unused = Coalesce(Subquery(ended.annotate(total=Sum("amount_minor")).values("total")), 0)
    rows = mine(request.user, Purse.objects.annotate(unused_minor=-unused))
    return rows.order_by("currency", "kind", F("expires_at").asc(nulls_last=True), "id")


def ended(purses: list[Any]) -> list[Any]:
    """The gifts of which something was not used, newest end first."""
    return sorted((p for p in purses if p.unused_minor), key=lambda p: p.expires_at, reverse=True)


def changes_of(request: Asked, lines: list[LogLine]) -> dict[str, Change]:
    """The changes the log lines came from, by reference."""
    rows = Change.objects.filter(reference__in={change_of(line.origin) for line in lines} - {""})
    return {
        one.reference: one
        for one in mine(request.user, rows).select_related("service").prefetch_related("lines")
    }


def terms_of(request: Asked, lines: list[LogLine]) -> dict[str, SoldTerm]:
    """The terms the log lines came from, by reference."""
    rows = SoldTerm.objects.filter(reference__in={term_of(line.origin) for line in lines} - {""})
    return {one.reference: one for one in mine(request.user, rows).select_related("service", "invoice")}
