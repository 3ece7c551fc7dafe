"""What readers of the guides felt, with the figures; and how easy customers found a change."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _

from prorata.guides.library import GUIDES
from prorata.guides.models import ChangeReaction, Reaction
from prorata.guides.statistics import felt, lost
from prorata.staff.pages import guarded, page
from prorata.staff.readonly import ReadOnlyAdmin


@admin.register(Reaction)
class ReactionAdmin(ReadOnlyAdmin):
    list_display = ["at", "guide", "release", "feeling", "step", "comment", "language"]
    list_filter = ["feeling"]
    search_fields = ["guide", "comment"]
    ordering = ["-at"]
    fields = ["guide", "release", "reader", "feeling", "step", "comment", "language", "at"]

    def get_urls(self) -> list[URLPattern]:
        figures = guarded(statistics, "guides.view_reaction")
        return [path("figures/", figures, name="guides_reaction_figures"), *super().get_urls()]


@admin.register(ChangeReaction)
class ChangeReactionAdmin(ReadOnlyAdmin):
    """Whoever made the change says it; the figures are on the page How changes go."""

    list_display = ["at", "change", "feeling", "comment", "language"]
    list_filter = ["feeling"]
    list_select_related = ["change"]
    search_fields = ["change__reference", "comment"]
    ordering = ["-at"]
    fields = ["change", "reader", "feeling", "comment", "language", "at"]


def statistics(request: HttpRequest) -> HttpResponse:
    """Happy, normal, sad by guide, release and language; then the steps that were named."""
    steps = [
        (one, GUIDES[one.guide].steps[one.step - 1].text if _still_there(one.guide, one.step) else "")
        for one in lost()
    ]
    return page(request, "guides.html", title=_("What readers felt"), model=Reaction, felt=felt(), lost=steps)


def _still_there(guide: str, step: int) -> bool:
    return guide in GUIDES and step <= len(GUIDES[guide].steps)
