"""The month's report of deferred and earned revenue, on a page and as a CSV file. Reads, never writes."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from prorata.pricing.display import amount_text
from prorata.recognition import say
from prorata.recognition.models import Recognised
from prorata.recognition.month import Month, NoMonth, last_month, month_of
from prorata.recognition.report import Figures, InCurrency, Line, Report, report
from prorata.spreadsheet import CONTENT_TYPE, csv_lines
from prorata.staff.pages import page
from prorata.staff.places import place_link


def recognition(request: HttpRequest) -> HttpResponse:
    """`month` is written as 2026-10; without one it is the last that is over."""
    month = _chosen(request)
    found = report(month)
    if "csv" in request.GET:
        return HttpResponse(
            csv_lines(say.as_rows(found)), content_type=CONTENT_TYPE,
            headers={
                "Content-Disposition": f'attachment; filename="recognition-{month}.csv"', "Cache-Control": "no-store",
            },
        )  # fmt: skip
    return page(
        request, "recognition.html", title=_("Revenue by month"), model=Recognised, month=month, report=found,
        gaps=say.gaps(found), empty=say.empty(found), columns=list(say.columns().values()),
        tables=[_table(one, found) for one in found.currencies],
    )  # fmt: skip


def _chosen(request: HttpRequest) -> Month:
    written = request.GET.get("month", "")
    if written:
        try:
            return month_of(written)
        except NoMonth as wrong:
            messages.error(request, _("%(wrong)s. Here is the last month that is over.") % {"wrong": wrong})
    return last_month()


def _table(one: InCurrency, found: Report) -> dict[str, Any]:
    several = len({line.seller for line in one.lines}) > 1
    return {
        "currency": one.currency, "ties": one.ties, "verdict": say.verdict(one), "differences": say.differences(one),
        "rows": [(_name(line, several), _cells(line.figures, one.currency)) for line in one.lines],
        "sums": [
            (_("Together"), _cells(one.documents, one.currency), False),
            (_("Ledger"), _cells(one.ledger, one.currency), one.documents != one.ledger),
        ],
        "earned": [
            (
                earned.account, amount_text(earned.recognised, one.currency),
                amount_text(earned.ledger, one.currency), earned.recognised != earned.ledger,
            )
            for earned in one.earned
        ],
        "astray": [place_link(f"ledger_transfer {transfer.id}") for transfer in one.astray if transfer.id],
    }  # fmt: skip


def _name(line: Line, several: bool) -> str:
    name = say.product_name(line)
    return f"{name}, {line.seller.name}" if several else name


def _cells(figures: Figures, currency: str) -> list[str]:
    return [amount_text(minor, currency) for minor in say.amounts(figures)]
