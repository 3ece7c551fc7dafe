"""Guides: what to do, step by step, with what must be so beforehand, and a question at the end."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from prorata.customers.models import User
from prorata.guides.guide import Guide, Step, reading_minutes
from prorata.guides.library import GUIDES
from prorata.guides.models import Reaction
from prorata.guides.pictures import picture
from prorata.guides.react import NotUnderstood
from prorata.guides.react import react as say
from prorata.language import language
from prorata.portal.prerequisites import first_active, prerequisites
from prorata.portal.views.frame import Asked, signed_in
from prorata.services.models import Service


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """All of them; anybody may read."""
    rows = [(guide, reading_minutes(guide)) for guide in GUIDES.values()]
    return render(request, "portal/guides.html", {"rows": rows})


@require_GET
def guide(request: HttpRequest, slug: str) -> HttpResponse:
    found = _guide(slug)
    reader = request.user
    service = first_active(reader)
    context: dict[str, Any] = {
        "guide": found, "minutes": reading_minutes(found), "asked": prerequisites(found.asks, reader),
        "steps": [
            (n, step, _show(n, step, service, found), picture(found.slug, step.key, language()))
            for n, step in enumerate(found.steps, start=1)
        ],
        "related": [GUIDES[other] for other in found.related], "said": _said(reader, found),
        "feelings": feeling_words(),
    }  # fmt: skip
    return render(request, "portal/guide.html", context)


def feeling_words() -> dict[str, str]:
    return {
        Reaction.Feeling.HAPPY: _("Happy"),
        Reaction.Feeling.NORMAL: _("Normal"),
        Reaction.Feeling.SAD: _("Sad"),
    }


@require_POST
@signed_in
def react(request: Asked, slug: str) -> HttpResponse:
    found = _guide(slug)
    step = request.POST.get("step", "")
    back = redirect(f"{reverse('portal:guide', args=[slug])}#reaction")
    try:
        say(
            request.user, found, request.POST.get("feeling", ""), language=language(),
            step=int(step) if step.isascii() and step.isdigit() and len(step) < 4 else None,
            comment=request.POST.get("comment", ""),
        )  # fmt: skip
    except NotUnderstood:
        messages.error(request, _("Choose Happy, Normal or Sad."))
        return back
    messages.success(request, _("Thank you. You can change your answer at any time."))
    return back


def _guide(slug: str) -> Guide:
    if slug not in GUIDES:
        raise Http404("There is no such guide.")
    return GUIDES[slug]


def _show(number: int, step: Step, service: Service | None, guide: Guide) -> str:
    """The address of the real page with the boxes of this step drawn on it; "" where there is none."""
    pages = {
        "services": reverse("portal:services"),
        "credit": reverse("portal:credit"),
    }
    if service is not None:
        pages["resources"] = reverse("portal:resources", args=[service.pk])
        pages["change"] = reverse("portal:change", args=[service.pk])
    page = pages.get(step.show, "")
    return f"{page}?{urlencode({'guide': guide.slug, 'step': number})}" if page else ""


def _said(reader: object, guide: Guide) -> Reaction | None:
    if not isinstance(reader, User):
        return None
    return Reaction.objects.filter(reader=reader, guide=guide.slug, release=guide.release).first()
