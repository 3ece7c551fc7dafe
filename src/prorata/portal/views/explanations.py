"""How a price is worked out, to take along: a page of plain text, and a file for a spreadsheet."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from prorata.changes.models import Quote
from prorata.changes.refusals import way_out, words
from prorata.customers.scope import my_one
from prorata.portal.bill import Bill, of_quoted
from prorata.portal.explanation_file import as_rows, as_text, estimate_title, plain, quote_title
from prorata.portal.offer import NOTHING, price
from prorata.portal.views.frame import REFUSED, Asked, signed_in
from prorata.portal.views.services import my_situation
from prorata.portal.views.tries import at_most
from prorata.spreadsheet import CONTENT_TYPE, csv_lines


@require_GET
@signed_in
def quote_text(request: Asked, reference: str) -> HttpResponse:
    quote = _my_quote(request, reference)
    return _text(as_text(of_quoted(quote), quote_title(quote)), f"{quote.reference}.txt")


@require_GET
@signed_in
def quote_csv(request: Asked, reference: str) -> HttpResponse:
    quote = _my_quote(request, reference)
    return _csv(of_quoted(quote), quote_title(quote), f"{quote.reference}.csv")


@require_GET
@signed_in
@at_most("estimate")
def estimate_text(request: Asked, pk: int) -> HttpResponse:
    return _estimate(request, pk, "txt")


@require_GET
@signed_in
@at_most("estimate")
def estimate_csv(request: Asked, pk: int) -> HttpResponse:
    return _estimate(request, pk, "csv")


def _my_quote(request: Asked, reference: str) -> Quote:
    return my_one(request.user, Quote.objects.select_related("service"), reference=reference)


def _estimate(request: Asked, pk: int, form: str) -> HttpResponse:
    """The values stand in the address, as on the change page; without a price, the reasons."""
    found = my_situation(request, pk)
    bill, refusals = price(found, request.GET)
    title = estimate_title(found.service)
    if bill is None:
        why = [_("There is no price for these values.")]
        why += [f"{words(refusal)} {way_out(refusal)}" for refusal in refusals if refusal.code != NOTHING]
        why += [words(refusal) for refusal in refusals if refusal.code == NOTHING]
        return _text(
            "\n".join([title, "", *(plain(line) for line in why)]) + "\n", "estimate.txt", status=REFUSED
        )
    name = f"estimate-{found.service.pk}-{bill.at.astimezone(bill.zone):%Y%m%d-%H%M}.{form}"
    return _csv(bill, title, name) if form == "csv" else _text(as_text(bill, title), name)


def _text(text: str, name: str, status: int = 200) -> HttpResponse:
    return HttpResponse(
        text, content_type="text/plain; charset=utf-8", status=status,
        headers={"Content-Disposition": f'inline; filename="{name}"'},
    )  # fmt: skip


def _csv(bill: Bill, title: str, name: str) -> HttpResponse:
    return HttpResponse(
        b"".join(csv_lines(as_rows(bill, title))), content_type=CONTENT_TYPE,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )  # fmt: skip
