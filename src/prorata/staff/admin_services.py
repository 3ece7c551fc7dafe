"""Services: what runs, what was paid for, what was measured, and the layers that a reduction gives back from."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from prorata.changes.models import Change, SoldTerm
from prorata.invoices.models import Layer
from prorata.services.models import Service
from prorata.services.readings import newest
from prorata.staff.adopt_view import adopt_machine
from prorata.staff.columns import Money, configuration_table, link_to
from prorata.staff.measured import measure_now, measured
from prorata.staff.pages import guarded
from prorata.staff.paid_columns import PaidColumns
from prorata.staff.readonly import ReadOnlyAdmin, ReadOnlyRows
from prorata.staff.renew_view import renew_service
from prorata.staff.sell_view import sell_service


class Layers(PaidColumns, ReadOnlyRows):
    model = Layer
    verbose_name_plural = _("Paid layers, newest first")
    fields = ["component", "span", "paid", "tax_paid", "gifted_paid", "starts", "ends", "origin"]
    readonly_fields = ["span", "paid", "tax_paid", "gifted_paid"]
    ordering = ["-id"]

    @admin.display(description=_("From → to"))
    def span(self, layer: Layer) -> str:
        return f"{'–' if layer.low is None else layer.low} → {layer.high}"


class Changes(ReadOnlyRows):
    model = Change
    verbose_name_plural = _("Changes")
    fields = ["page", "submitted_at", "status", "money"]
    readonly_fields = ["page", "money"]
    ordering = ["-id"]

    @admin.display(description=_("Change"))
    def page(self, change: Change) -> str:
        return link_to(change, change.reference)

    money = Money("gross_minor", _("Money"))


class Terms(ReadOnlyRows):
    model = SoldTerm
    verbose_name_plural = _("Terms that were sold")
    fields = ["page", "kind", "starts_at", "ends_at", "months", "status", "money"]
    readonly_fields = ["page", "money"]
    ordering = ["-id"]

    @admin.display(description=_("Term"))
    def page(self, term: SoldTerm) -> str:
        return link_to(term)

    money = Money("gross_minor", _("Money"))


@admin.register(Service)
class ServiceAdmin(ReadOnlyAdmin):
    inlines = [Terms, Changes, Layers]
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
        "known_of_machine",
        "carry",
        "version",
    ]
    readonly_fields = ["paid_and_measured", "known_of_machine"]
    actions_list = ["to_sell", "to_adopt"]
    actions_detail = ["to_renew", "to_measure"]

    @display(
        description=_("Status"),
        label={"active": "success", "suspended": "warning", "waiting": "warning", "terminated": "danger"},
    )
    def status_label(self, service: Service) -> tuple[str, Any]:
        return service.status, service.get_status_display()

    @admin.display(description=_("Configuration"))
    def paid_and_measured(self, service: Service) -> str:
        return configuration_table(service, newest(service.pk))

    @admin.display(description=_("Measured"))
    def known_of_machine(self, service: Service) -> str:
        return measured(service)

    def get_urls(self) -> list[URLPattern]:
        adopt = path("adopt/", guarded(adopt_machine, "services.add_service"), name="services_service_adopt")
        sell = path("sell/", guarded(sell_service, "services.add_service"), name="services_service_sell")
        renewal = path(
            "<int:pk>/renew/", guarded(renew_service, "changes.add_soldterm"), name="services_service_renew"
        )
        measuring = path(
            "<int:pk>/measure/",
            guarded(measure_now, "services.view_service"),
            name="services_service_measure",
        )
        return [adopt, sell, renewal, measuring, *super().get_urls()]

    @action(
        description=_("Sell a service"), url_path="sell-one", icon="add_shopping_cart",
        permissions=["services.add_service"],
    )  # fmt: skip
    def to_sell(self, request: HttpRequest) -> HttpResponse:
        return redirect("admin:services_service_sell")

    @action(description=_("Renew"), url_path="renew-it", icon="event_repeat", permissions=["renew"])
    def to_renew(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return redirect("admin:services_service_renew", object_id)

    @action(description=_("Measure now"), url_path="measure-it", icon="speed")
    def to_measure(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return redirect("admin:services_service_measure", object_id)

    @action(
        description=_("Adopt a machine"), url_path="adopt-machine", icon="add_link", permissions=["services.add_service"]
    )  # fmt: skip
    def to_adopt(self, request: HttpRequest) -> HttpResponse:
        return redirect("admin:services_service_adopt")

    def has_renew_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Only an active service is renewed."""
        active = Service.objects.filter(pk=object_id, status=Service.Status.ACTIVE)
        return bool(request.user.has_perm("changes.add_soldterm") and (object_id is None or active.exists()))
