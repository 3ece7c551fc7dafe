"""Available Credit: the purses, and the log of every movement."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django.db.models import F, QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from prorata import clock
from prorata.changes.models import Change
from prorata.changes.situation import seller
from prorata.credit.models import LogLine, Purse, Voucher
from prorata.credit.voucher import usable_by
from prorata.credit.words import change_of, movement_words
from prorata.customers.scope import mine
from prorata.portal.views.frame import Asked, Slice, page_number, signed_in

# What ended is told beside the purses for the last few gifts; the credit log has all of it.
ENDED_SHOWN = 5


@require_GET
@signed_in
def index(request: Asked) -> HttpResponse:
    now, zone = clock.now(), ZoneInfo(seller().zone)
    purses = mine(
        request.user, Purse.objects.order_by("currency", "kind", F("expires_at").asc(nulls_last=True), "id")
    )
    alive = [
        p
        for p in purses
        if p.kind == Purse.Kind.ACCOUNT or (p.balance_minor and p.expires_at and p.expires_at > now)
    ]
    log = Slice(
        mine(request.user, LogLine.objects.select_related("purse")).order_by("-id"), page_number(request)
    )
    changes = changes_of(request, log.rows)
    rows = [
        {
            "line": line,
            "what": movement_words(line.what, line.reason),
            "change": changes.get(change_of(line.origin)),
        }
        for line in log.rows
    ]
    gone = list(mine(request.user, ended_gifts())[:ENDED_SHOWN])
    for purse in [*alive, *(line.purse for line in gone)]:
        purse.came_from = change_of(purse.reason)  # type: ignore[attr-defined]
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
            "zone": zone,
            "totals": totals.items(),
            "vouchers": usable_by(mine(request.user, Voucher.objects.all()), now),
        },
    )


def ended_gifts() -> QuerySet[LogLine]:
    """What ended unused, newest first."""
    return LogLine.objects.filter(what="expired").select_related("purse").order_by("-id")


def changes_of(request: Asked, lines: list[LogLine]) -> dict[str, Change]:
    """The changes the log lines came from, by reference."""
    rows = Change.objects.filter(reference__in={change_of(line.origin) for line in lines} - {""})
    return {
        one.reference: one
        for one in mine(request.user, rows).select_related("service").prefetch_related("lines")
    }
