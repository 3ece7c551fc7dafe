"""Drift: what differs between services, their documents and their machines, and the runs that found it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.html import format_html, format_html_join
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display

from prorata import clock
from prorata.changes.drift.models import Comparison, Difference
from prorata.changes.drift.open_now import need_somebody
from prorata.staff.columns import link_to
from prorata.staff.drift_page import component_name, difference_page, sizes_of
from prorata.staff.drift_view import compare_everything, compare_one, decide
from prorata.staff.pages import guarded
from prorata.staff.places import place_link
from prorata.staff.readonly import OwnPage, ReadOnlyAdmin
from prorata.staff.saved_views import SavedViews
from prorata.staff.sidebar import DRIFT_VIEWS

COLOURS = {"size": "warning", "unknown": "danger", "left": "warning", "orphan": "warning"}


class Show(SavedViews):
    """The saved views; without a choice, what needs somebody."""

    views = DRIFT_VIEWS

    def queryset(self, request: HttpRequest, queryset: QuerySet[Difference]) -> QuerySet[Difference]:
        chosen = self.value()
        if chosen == "all":
            return queryset
        if chosen == "left":
            return queryset.filter(closed_at=None, left_until__gt=clock.now())
        return queryset.filter(pk__in=need_somebody().values("pk"))


@admin.register(Difference)
class DifferenceAdmin(OwnPage):
    list_display = [
        "what",
        "of",
        "component_words",
        "sold_words",
        "invoiced_words",
        "measured_words",
        "since",
        "seen",
        "how",
    ]
    list_display_links = ["what"]
    list_select_related = ["service__customer", "service__product"]
    list_filter = [Show]
    list_filter_sheet = False
    search_fields = ["external_id", "service__name", "service__customer__name", "component"]
    ordering = ["first_seen_at", "id"]
    actions_list = ["to_compare"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Difference]:
        rows: QuerySet[Difference] = super().get_queryset(request)
        return rows.prefetch_related("service__product__resource_types__options")

    @display(description=gettext_lazy("What"), label=COLOURS, ordering="kind")
    def what(self, one: Difference) -> tuple[str, Any]:
        return one.kind, one.get_kind_display()

    @admin.display(description=gettext_lazy("Service or machine"), ordering="service__name")
    def of(self, one: Difference) -> str:
        if one.service is None:
            return f"{one.driver}/{one.external_id}"
        return format_html("{} · {}", link_to(one.service), one.service.customer)

    @admin.display(description=gettext_lazy("Resource"), ordering="component")
    def component_words(self, one: Difference) -> str:
        return component_name(one) if one.component else "–"

    @admin.display(description=gettext_lazy("Sold"))
    def sold_words(self, one: Difference) -> str:
        return sizes_of(one)["sold"] or "–"

    @admin.display(description=gettext_lazy("Invoiced"))
    def invoiced_words(self, one: Difference) -> str:
        return sizes_of(one)["invoiced"] or "–"

    @admin.display(description=gettext_lazy("Measured"))
    def measured_words(self, one: Difference) -> str:
        return sizes_of(one)["measured"] or "–"

    @admin.display(description=gettext_lazy("Since"), ordering="first_seen_at")
    def since(self, one: Difference) -> str:
        return timesince(one.first_seen_at, clock.now(), depth=1)

    @admin.display(description=gettext_lazy("Seen"), ordering="times_seen")
    def seen(self, one: Difference) -> str:
        return f"{one.times_seen} ×"

    @admin.display(description=gettext_lazy("State"))
    def how(self, one: Difference) -> str:
        if one.closed_at is not None:
            return str(one.get_ended_display())
        if one.is_left(clock.now()):
            return _("left")
        return _("open")

    def own_page(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return difference_page(request, self, object_id)

    def get_urls(self) -> list[URLPattern]:
        may = "drift.add_decision"
        return [
            path("compare/", guarded(compare_everything, "drift.add_comparison"), name="drift_compare"),
            path("<int:difference_id>/compare/", guarded(compare_one, may), name="drift_compare_one"),
            path("<int:difference_id>/<slug:what>/decide/", guarded(decide, may), name="drift_decide"),
            *super().get_urls(),
        ]

    @action(
        description=gettext_lazy("Compare now"), url_path="compare-now", icon="sync", permissions=["compare"]
    )
    def to_compare(self, request: HttpRequest) -> HttpResponse:
        return redirect("admin:drift_compare")

    def has_compare_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("drift.add_comparison"))


LEFT_OUT = '<li>{} <span class="desk-muted">{}</span></li>'


@admin.register(Comparison)
class ComparisonAdmin(ReadOnlyAdmin):
    list_display = ["at", "result", "services", "in_flight", "unmeasured", "machines", "opened", "closed"]
    list_filter = ["at"]
    ordering = ["-id"]
    fields = [
        "at", "services", "machines", "opened", "closed", "still_open", "in_flight", "unmeasured", "who_was_left_out",
        "who_was_silent",
    ]  # fmt: skip
    readonly_fields = ["who_was_left_out", "who_was_silent"]

    @display(description=gettext_lazy("Result"), label={True: "success", False: "danger"})
    def result(self, run: Comparison) -> Any:
        if not run.still_open:
            return True, _("Nothing differs")
        return False, _("%(n)d open") % {"n": run.still_open}

    @admin.display(description=gettext_lazy("Left out"))
    def who_was_left_out(self, run: Comparison) -> Any:
        if not run.left_out:
            return _("Nothing: every service was compared.")
        rows = format_html_join(
            "", LEFT_OUT, ((place_link(one["place"], one["name"]), one["why"]) for one in run.left_out)
        )
        return format_html('<ul class="desk-findings">{}</ul>', rows)

    @admin.display(description=gettext_lazy("Hypervisors that listed nothing"))
    def who_was_silent(self, run: Comparison) -> Any:
        if not run.silent:
            return _("None: every one listed its machines.")
        rows = format_html_join("", LEFT_OUT, ((one["driver"], one["why"]) for one in run.silent))
        return format_html('<ul class="desk-findings">{}</ul>', rows)
