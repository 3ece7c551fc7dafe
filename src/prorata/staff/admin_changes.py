"""The change desk: one list of the changes that need somebody, and a page for each change."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display

from prorata import clock
from prorata.changes import states
from prorata.changes.models import Change, Quote
from prorata.changes.staff_actions import needs_somebody
from prorata.staff.change_actions import act
from prorata.staff.change_page import change_page
from prorata.staff.columns import Money, link_to, pretty_json
from prorata.staff.dashboard import today
from prorata.staff.how_changes_go import how_changes_go
from prorata.staff.pages import guarded
from prorata.staff.readonly import OwnPage, ReadOnlyAdmin
from prorata.staff.replay_view import replay_page
from prorata.staff.saved_views import SavedViews
from prorata.staff.sidebar import VIEWS

COLOURS = {
    states.ATTENTION: "danger",
    states.PARKED: "warning",
    states.AWAITING_PAYMENT: "info",
    states.APPLYING: "info",
    states.APPLIED: "success",
}


class Show(SavedViews):
    """The saved views of the desk; without a choice, what needs somebody."""

    views = VIEWS

    def queryset(self, request: HttpRequest, queryset: QuerySet[Change]) -> QuerySet[Change]:
        chosen = self.value()
        if chosen == "all":
            return queryset
        if chosen == "unpaid":
            return queryset.filter(status=states.AWAITING_PAYMENT)
        if chosen == "today":
            return queryset.filter(status__in=[states.APPLIED, states.PARTLY_APPLIED], ended_at__gte=today())
        if chosen == "mine":
            return queryset.filter(owner_id=request.user.pk, status__in=states.OPEN)
        if chosen in (states.ATTENTION, states.PARKED):
            return queryset.filter(status=chosen)
        return queryset.filter(pk__in=needs_somebody().order_by().values("pk"))


@admin.register(Change)
class ChangeAdmin(OwnPage):
    list_display = [
        "age",
        "reference",
        "customer",
        "service",
        "in_short",
        "total",
        "state",
        "why",
        "until",
        "owner",
    ]
    list_display_links = ["reference"]
    list_select_related = ["customer", "service", "owner"]
    list_filter = [Show]
    list_filter_sheet = False
    search_fields = ["reference", "customer__name", "service__name", "invoice__reference", "invoice__number"]
    ordering = ["deadline", "id"]
    total = Money("gross_minor", gettext_lazy("Money"))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Change]:
        # The lines as they were quoted come with the row itself: one question less than asking for them.
        rows: QuerySet[Change] = super().get_queryset(request)
        return rows.annotate(quoted_lines=F("quote__figures__lines"))

    def get_ordering(self, request: HttpRequest) -> list[str]:
        # What needs somebody is worked off by deadline; everything else is looked up, newest first.
        return ["deadline", "id"] if request.GET.get("show") not in ("all", "today") else ["-id"]

    @admin.display(description=gettext_lazy("Age"), ordering="submitted_at")
    def age(self, change: Change) -> str:
        return timesince(change.submitted_at, clock.now(), depth=1)

    @admin.display(description=gettext_lazy("Lines"))
    def in_short(self, change: Any) -> str:
        return ", ".join(_line(**line) for line in change.quoted_lines)

    @display(description=gettext_lazy("State"), label=COLOURS, ordering="status")
    def state(self, change: Change) -> tuple[str, Any]:
        return change.status, change.get_status_display()

    @admin.display(description=gettext_lazy("Why"))
    def why(self, change: Change) -> str:
        return change.reason.replace("_", " ") or "–"

    @admin.display(description=gettext_lazy("Deadline"), ordering="deadline")
    def until(self, change: Change) -> str:
        left = change.deadline - clock.now()
        if change.status not in states.OPEN:
            return "–"
        if left < timedelta(0):
            past = _("%(time)s past") % {"time": timesince(change.deadline, clock.now(), depth=1)}
            return format_html('<b class="desk-warn">{}</b>', past)
        return _("in %(time)s") % {"time": timesince(clock.now(), change.deadline, depth=1)}

    def own_page(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return change_page(request, self, object_id)

    def get_urls(self) -> list[URLPattern]:
        actions = guarded(act, "changes.change_change")
        figures = guarded(how_changes_go, "changes.view_change")
        return [
            path("figures/", figures, name="changes_change_figures"),
            path("<int:change_id>/<slug:what>/confirm/", actions, name="changes_change_act"),
            *super().get_urls(),
        ]


def _line(*, name: str, before: object, after: object, unit: str, **_more: object) -> str:
    """E.g. "Memory 4→8 GB"."""
    return f"{name} {before}→{after} {unit}".strip()


@admin.register(Quote)
class QuoteAdmin(ReadOnlyAdmin):
    list_display = ["reference", "customer", "service", "total", "made_by", "made_at", "expires_at", "used"]
    list_select_related = ["customer", "service", "made_by", "change"]
    list_filter = ["made_at"]
    search_fields = ["reference", "customer__name", "service__name"]
    ordering = ["-id"]
    fields = [
        "reference",
        "customer",
        "service",
        "made_by",
        "made_at",
        "expires_at",
        "price_book",
        "schedule",
        "rule",
        "net",
        "tax",
        "total",
        "used",
        "from_configuration",
        "to_configuration",
        "figures_text",
        "inputs_text",
    ]
    readonly_fields = ["net", "tax", "total", "used", "figures_text", "inputs_text"]
    net = Money("net_minor", gettext_lazy("Net"))
    tax = Money("tax_minor", gettext_lazy("Tax"))
    total = Money("gross_minor", gettext_lazy("Total"))
    actions_detail = ["replay"]

    @action(description=gettext_lazy("Replay"), url_path="replay", icon="replay")
    def replay(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return replay_page(request, self, object_id)

    @admin.display(description=gettext_lazy("Change"))
    def used(self, quote: Quote) -> str:
        change = getattr(quote, "change", None)
        return link_to(change, change.reference) if change else "–"

    @admin.display(description=gettext_lazy("Figures"))
    def figures_text(self, quote: Quote) -> str:
        return pretty_json(quote.figures)

    @admin.display(description=gettext_lazy("Inputs"))
    def inputs_text(self, quote: Quote) -> str:
        return pretty_json(quote.inputs)
