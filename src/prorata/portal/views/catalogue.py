"""The living catalogue, for whoever works on the pages: staff see it in a demo, and tests walk it."""

from __future__ import annotations

from itertools import groupby

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from prorata.portal.catalogue.components import components
from prorata.portal.catalogue.pages import PAGES
from prorata.portal.views.frame import Asked, signed_in


@require_GET
@signed_in
def index(request: Asked) -> HttpResponse:
    """Every small component, and the way to every page in every state."""
    _only_where_it_belongs(request)
    groups = [(name, list(pages)) for name, pages in groupby(PAGES.items(), lambda one: one[1].group)]
    return render(request, "portal/catalogue/index.html", {"groups": groups, **components()})


@require_GET
@signed_in
def page(request: Asked, slug: str) -> HttpResponse:
    """One page of the portal in one state, with made-up figures."""
    _only_where_it_belongs(request)
    if (found := PAGES.get(slug)) is None:
        raise Http404("There is no such page in the catalogue.")
    return render(request, found.template, found.make())


def _only_where_it_belongs(request: Asked) -> None:
    if not (settings.PRORATA_SANDBOXES_ALLOWED and request.user.is_staff):
        raise Http404("There is no such page.")
