"""A quote worked out again for staff: the stored figures beside those of the stored inputs, and what it would be today."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from prorata import clock
from prorata.changes.models import Quote
from prorata.changes.replayed import replayed
from prorata.changes.situation import NoSeller
from prorata.changes.would_be import LineThen, WouldBe, would_be
from prorata.staff.columns import money
from prorata.staff.pages import page


def replay_page(request: HttpRequest, model_admin: Any, object_id: str) -> HttpResponse:
    """Nothing is written: PostgreSQL holds the whole page to that."""
    rows = Quote.objects.select_related(
        "customer", "service__product", "service__customer", "price_book__product", "schedule", "voucher"
    )
    quote = get_object_or_404(rows, pk=object_id if object_id.isascii() and object_id.isdecimal() else 0)
    if not model_admin.has_view_permission(request, quote):
        raise PermissionDenied
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION READ ONLY")
        again = replayed(quote)
        today = (
            WouldBe(clock.now(), (), (_("What was stored cannot be read."),))
            if again.problem
            else _today(quote)
        )
    return page(
        request, "replay.html", title=_("Replay of %(quote)s") % {"quote": quote}, model=Quote, quote=quote,
        replayed=again, today=today, total=money(quote.gross_minor, quote.currency),
        today_total=money(today.gross_minor, quote.currency), difference=_difference(quote, today),
        lines=[_line(line, quote.currency) for line in today.lines],
    )  # fmt: skip


def _today(quote: Quote) -> WouldBe:
    try:
        return would_be(quote)
    except NoSeller as missing:
        return WouldBe(clock.now(), (), (str(missing),))


def _difference(quote: Quote, today: WouldBe) -> str:
    if today.gross_minor is None:
        return ""
    return _change(today.gross_minor - quote.gross_minor, quote.currency)


def _line(line: LineThen, currency: str) -> dict[str, str]:
    difference = (line.now_minor or 0) - (line.then_minor or 0)
    return {
        "name": line.name, "then": money(line.then_minor, currency), "now": money(line.now_minor, currency),
        "difference": _change(difference, currency),
    }  # fmt: skip


def _change(minor: int, currency: str) -> str:
    return f"+{money(minor, currency)}" if minor > 0 else money(minor, currency)
