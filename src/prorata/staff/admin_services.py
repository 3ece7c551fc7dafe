"""Services: what runs, what was paid for, what was measured, and the layers that a reduction gives back from."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from prorata.changes.models import Change
from prorata.invoices.models import Layer
from prorata.services.models import Service
from prorata.services.readings import newest
from prorata.staff.adopt_view import adopt_machine
from prorata.staff.columns import Money, configuration_table, precise
from prorata.staff.pages import guarded
from prorata.staff.readonly import ReadOnlyAdmin, ReadOnlyRows


class Layers(ReadOnlyRows):
    model = Layer
    verbose_name_plural = _("Paid layers, newest first")
    fields = ["component", "span", "paid", "tax_paid", "gifted_paid", "starts", "ends", "origin"]
    readonly_fields = ["span", "paid", "tax_paid", "gifted_paid"]
    ordering = ["-id"]

    @admin.display(description=_("From → to"))
    def span(self, layer: Layer) -> str:
        return f"{'–' if layer.low is None else layer.low} → {layer.high}"

    @admin.display(description=_("Amount"))
    def paid(self, layer: Layer) -> str:
        return precise(layer.amount)

    @admin.display(description=_("Tax"))
    def tax_paid(self, layer: Layer) -> str:
        return precise(layer.tax)

    @admin.display(description=_("Of it gifted"))
    def gifted_paid(self, layer: Layer) -> str:
        return precise(layer.gifted)


class Changes(ReadOnlyRows):
    model = Change
    verbose_name_plural = _("Changes")
    fields = ["page", "submitted_at", "status", "money"]
    readonly_fields = ["page", "money"]
    ordering = ["-id"]

    @admin.display(description=_("Change"))
    def page(self, change: Change) -> str:
        link = reverse("admin:changes_change_change", args=[change.pk])
        return format_html('<a class="desk-link" href="{}">{}</a>', link, change.reference)

    money = Money("gross_minor", _("Money"))


@admin.register(Service)
class ServiceAdmin(ReadOnlyAdmin):
    inlines = [Changes, Layers]
    list_display = ["name", "customer", "product", "status_label", "term_ends_at", "driver", "external_id"]
    list_select_related = ["customer", "product"]
    list_filter = ["status"]
    search_fields = ["name", "external_id", "customer__name", "customer__email", "product__name"]
    ordering = ["name", "id"]
    fields = [
        "name",
        "customer",
        "product",
        "status",
        "status_reason",
        "driver",
        "external_id",
        "currency",
        "term_starts_at",
        "term_ends_at",
        "term_months",
        "paid_and_measured",
        "carry",
        "version",
    ]
    readonly_fields = ["paid_and_measured"]
    actions_list = ["to_adopt"]

    @display(
        description=_("Status"), label={"active": "success", "suspended": "warning", "terminated": "danger"}
    )
    def status_label(self, service: Service) -> tuple[str, Any]:
        return service.status, service.get_status_display()

    @admin.display(description=_("Configuration"))
    def paid_and_measured(self, service: Service) -> str:
        return configuration_table(service, newest(service.pk))

    def get_urls(self) -> list[URLPattern]:
        adopt = path("adopt/", guarded(adopt_machine, "services.add_service"), name="services_service_adopt")
        return [adopt, *super().get_urls()]

    @action(description=_("Adopt a machine"), url_path="adopt-machine", icon="add_link")
    def to_adopt(self, request: HttpRequest) -> HttpResponse:
        return redirect("admin:services_service_adopt")
