"""The stream of facts about one service."""

from __future__ import annotations

from dataclasses import asdict
from zoneinfo import ZoneInfo

from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from prorata.changes.situation import seller
from prorata.customers.scope import my_one
from prorata.portal.timeline import KINDS, Fact, Kind
from prorata.portal.timeline import timeline as facts_of
from prorata.portal.views.frame import PER_PAGE, Asked, page_number, signed_in
from prorata.services.models import Service


@require_GET
@signed_in
def timeline(request: Asked, pk: int) -> HttpResponse:
    """A page of it, with what is shown ticked."""
    service, facts = _facts(request, pk)
    number = page_number(request)
    shown = facts[(number - 1) * PER_PAGE : number * PER_PAGE]
    if not shown and number > 1:
        raise Http404("There is no such page of this list.")
    chosen = _kinds(request)
    page = {
        "number": number, "previous": number - 1 if number > 1 else None,
        "next": number + 1 if len(facts) > number * PER_PAGE else None,
    }  # fmt: skip
    return render(
        request, "portal/timeline.html",
        {
            "service": service, "facts": shown, "page": page, "zone": ZoneInfo(seller().zone), "tab": "timeline",
            "kinds": [(kind, words, kind in chosen) for kind, words in kind_words().items()],
            "all": len(chosen) == len(KINDS), "query": "&".join(f"kind={kind}" for kind in KINDS if kind in chosen),
        },
    )  # fmt: skip


@require_GET
@signed_in
def export(request: Asked, pk: int) -> HttpResponse:
    """The whole of it as JSON, times in UTC."""
    service, facts = _facts(request, pk)
    told = [
        {name: value for name, value in asdict(fact).items() if name not in ("turn", "order")}
        for fact in facts
    ]
    return JsonResponse({"service": service.name, "facts": told})


def kind_words() -> dict[Kind, str]:
    return {
        "term": _("Terms"), "change": _("Changes"), "machine": _("Machine"), "money": _("Money"),
        "ticket": _("Support"), "staff": _("Our staff"),
    }  # fmt: skip


def _facts(request: Asked, pk: int) -> tuple[Service, list[Fact]]:
    service = my_one(request.user, Service.objects.select_related("product"), pk=pk)
    return service, facts_of(service, request.user, _kinds(request))


def _kinds(request: Asked) -> frozenset[Kind]:
    """What is ticked; nothing or nonsense is everything."""
    asked = [kind for kind in KINDS if kind in request.GET.getlist("kind")]
    return frozenset(asked or KINDS)
