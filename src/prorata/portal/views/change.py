"""The change page: sliders, the live estimate, Continue."""

from __future__ import annotations

from collections.abc import Mapping

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from prorata.changes.count_refusals import CONTINUE, refusals_counted
from prorata.changes.example import published_example
from prorata.changes.parse import parse_wanted
from prorata.changes.quote import make_quote
from prorata.changes.refusals import Refused
from prorata.changes.situation import Situation
from prorata.customers.scope import may
from prorata.portal.bill import example_parts
from prorata.portal.offer import offer, taken
from prorata.portal.views.frame import REFUSED, Asked, sent_from, signed_in
from prorata.portal.views.services import my_situation, tell_silence
from prorata.portal.views.tries import at_most, too_often
from prorata.tries.spend import spend


@require_http_methods(["GET", "POST"])
@signed_in
@at_most("estimate")
def change(request: Asked, pk: int) -> HttpResponse:
    """GET shows the sliders, with values from the address; POST is Continue: it freezes the price in a quote. Refresh
    asks the machine and shows the sliders again as they stood."""
    asked = request.POST.get("do") == "refresh"
    if asked and not spend("refresh", request.user.pk):
        return too_often(request)
    found = my_situation(request, pk, measure=request.method == "GET" or asked, insist=asked)
    if not may(request.user, found.service.customer_id, "change"):
        return render(
            request, "portal/may_not_change.html", {"service": found.service, "situation": found}, status=403
        )
    if request.method == "GET":
        return _page(request, found, request.GET)
    if asked:
        tell_silence(request, found)
        return _page(request, found, request.POST)
    try:
        with refusals_counted(found.service, CONTINUE):
            quote = make_quote(request.user, found.service, parse_wanted(found, request.POST))
    except Refused as refused:
        context = offer(found, request.POST) | {"wrong": refused.refusals}
        return render(request, "portal/change.html", context, status=REFUSED)
    return redirect("portal:quote", reference=quote.reference)


def _page(request: Asked, found: Situation, values: Mapping[str, str], status: int = 200) -> HttpResponse:
    return render(request, "portal/change.html", offer(found, values), status=status)


@sent_from("portal:change", "pk")
@signed_in
@at_most("estimate")
def estimate(request: Asked, pk: int) -> HttpResponse:
    """What the values in the form would cost now: the panel alone where a script asked, the whole page otherwise."""
    found = my_situation(request, pk)
    context = offer(found, taken(request.POST))
    if request.htmx:
        return render(request, "portal/parts/estimate_answer.html", context)
    return render(request, "portal/change.html", context, status=REFUSED if context["wrong"] else 200)


@require_GET
@signed_in
def example(request: Asked) -> HttpResponse:
    """The published example, worked out by the same code; it changes nothing."""
    shown = published_example()
    return render(request, "portal/example.html", {"example": shown, "parts": example_parts(shown)})
