"""Tickets at the desk: what waits for us first, oldest first; and the canned answers."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from prorata import clock
from prorata.staff.pages import guarded
from prorata.staff.readonly import DeskAdmin, OwnPage
from prorata.staff.saved_views import SavedViews
from prorata.staff.ticket_view import ticket_file, ticket_page
from prorata.support.canned import placeholders
from prorata.support.models import CannedAnswer, Ticket

COLOURS = {"open": "danger", "answered": "info", "closed": "success"}


class Show(SavedViews):
    """Without a choice, what waits for us."""

    nothing_chosen = gettext_lazy("Waiting for us")
    views = (
        ("mine", gettext_lazy("Mine, not closed")), ("answered", gettext_lazy("Answered")),
        ("closed", gettext_lazy("Closed")), ("all", gettext_lazy("All tickets")),
    )  # fmt: skip

    def queryset(self, request: HttpRequest, queryset: QuerySet[Ticket]) -> QuerySet[Ticket]:
        chosen = self.value()
        if chosen == "all":
            return queryset
        if chosen == "mine":
            return queryset.filter(assigned_to_id=request.user.pk).exclude(state=Ticket.State.CLOSED)
        return queryset.filter(state=chosen if chosen in ("answered", "closed") else Ticket.State.OPEN)


@admin.register(Ticket)
class TicketAdmin(OwnPage):
    list_display = ["waits", "reference", "subject", "customer", "about_label", "state_label", "assigned_to"]
    list_display_links = ["reference", "subject"]
    list_select_related = ["customer", "assigned_to"]
    list_filter = [Show]
    list_filter_sheet = False
    search_fields = ["reference", "subject", "customer__name", "opened_by__email", "about_label"]

    def get_ordering(self, request: HttpRequest) -> list[str]:
        # What waits is worked off by age; everything else is looked up, newest first.
        return (
            ["-state_since", "-id"] if request.GET.get("show") in ("all", "closed") else ["state_since", "id"]
        )

    @admin.display(description=gettext_lazy("Since"), ordering="state_since")
    def waits(self, ticket: Ticket) -> str:
        return timesince(ticket.state_since, clock.now(), depth=1)

    @display(description=gettext_lazy("State"), label=COLOURS, ordering="state")
    def state_label(self, ticket: Ticket) -> tuple[str, Any]:
        names = {"open": _("Waiting for us"), "answered": _("Answered"), "closed": _("Closed")}
        return ticket.state, names[ticket.state]

    def own_page(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return ticket_page(request, self, object_id)

    def get_urls(self) -> list[URLPattern]:
        files = guarded(ticket_file, "support.view_ticket")
        return [
            path("<int:ticket_id>/files/<int:pk>/", files, name="support_ticket_file"),
            *super().get_urls(),
        ]


@admin.register(CannedAnswer)
class CannedAnswerAdmin(DeskAdmin):
    list_display = ["title", "in_use"]
    list_filter = ["in_use"]
    search_fields = ["title", "body_en"]
    ordering = ["title"]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        said = _(
            "These become the figures of the ticket: %(names)s. Where a language is empty, English is used."
        )
        fields = ["title", "body_en", "body_ja", "body_zh_hans", "in_use"]
        return [(None, {"fields": fields, "description": said % {"names": placeholders()}})]
