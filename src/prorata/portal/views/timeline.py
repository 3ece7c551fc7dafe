"""The stream of facts about one service."""

from __future__ import annotations

from dataclasses import asdict
from zoneinfo import ZoneInfo

from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from prorata.changes.situation import seller
from prorata.customers.scope import my_one
from prorata.portal.timeline import KINDS, Kind
from prorata.portal.timeline import timeline as facts_of
from prorata.portal.views.frame import PER_PAGE, Asked, Slice, page_number, signed_in
from prorata.services.models import Service


@require_GET
@signed_in
def timeline(request: Asked, pk: int) -> HttpResponse:
    """A page of it, with what is shown ticked."""
    service, number, chosen = _service(request, pk), page_number(request), _kinds(request)
    page = Slice(facts_of(service, request.user, chosen, number * PER_PAGE + 1), number, PER_PAGE)
    return render(
        request, "portal/timeline.html",
        {
            "service": service, "facts": page.rows, "page": page, "zone": ZoneInfo(seller().zone), "tab": "timeline",
            "kinds": [(kind, words, kind in chosen) for kind, words in kind_words().items()],
            "all": len(chosen) == len(KINDS), "query": "&".join(f"kind={kind}" for kind in KINDS if kind in chosen),
        },
    )  # fmt: skip


@require_GET
@signed_in
def export(request: Asked, pk: int) -> HttpResponse:
    """The whole of it as JSON, times in UTC."""
    service = _service(request, pk)
    told = [
        {name: value for name, value in asdict(fact).items() if name not in ("turn", "row")}
        for fact in facts_of(service, request.user, _kinds(request))
    ]
    return JsonResponse({"service": service.name, "facts": told})


def kind_words() -> dict[Kind, str]:
    return {
        "term": _("Terms"), "change": _("Changes"), "machine": _("Machine"), "money": _("Money"),
        "ticket": _("Support"), "staff": _("Our staff"),
    }  # fmt: skip


def _service(request: Asked, pk: int) -> Service:
    return my_one(request.user, Service.objects.select_related("product"), pk=pk)


def _kinds(request: Asked) -> frozenset[Kind]:
    """What is ticked; nothing or nonsense is everything."""
    asked = [kind for kind in KINDS if kind in request.GET.getlist("kind")]
    return frozenset(asked or KINDS)
