"""Terms that were sold, to look at; an unpaid one can be cancelled."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from prorata.changes.models import SoldTerm
from prorata.staff.columns import Money, link_to, pretty_json
from prorata.staff.pages import guarded
from prorata.staff.readonly import ReadOnlyAdmin
from prorata.staff.renew_view import cancel_term

COLOURS = {"awaiting_payment": "warning", "paid": "success"}


@admin.register(SoldTerm)
class SoldTermAdmin(ReadOnlyAdmin):
    list_display = ["reference", "kind", "service", "customer", "months", "days", "total", "state"]
    list_display_links = ["reference"]
    list_select_related = ["service", "customer"]
    list_filter = ["status", "kind"]
    search_fields = ["reference", "service__name", "customer__name", "invoice__reference", "invoice__number"]
    ordering = ["-id"]
    fields = [
        "reference", "kind", "status", "service_page", "customer", "starts_at", "ends_at", "months", "total", "net", "tax",
        "invoice_page", "deadline", "ended_at", "sold_by", "sold_at", "price_book", "schedule", "configuration",
        "inputs_text",
    ]  # fmt: skip
    readonly_fields = ["service_page", "invoice_page", "total", "net", "tax", "inputs_text"]
    total = Money("gross_minor", _("Total"))
    net = Money("net_minor", _("Net"))
    tax = Money("tax_minor", _("Tax"))
    actions_detail = ["to_cancel"]

    @admin.display(description=_("From and until"), ordering="starts_at")
    def days(self, term: SoldTerm) -> str:
        return " → ".join(date_format(localtime(at), "j M Y") for at in (term.starts_at, term.ends_at))

    @display(description=_("State"), label=COLOURS, ordering="status")
    def state(self, term: SoldTerm) -> tuple[str, Any]:
        return term.status, term.get_status_display()

    @admin.display(description=_("Service"))
    def service_page(self, term: SoldTerm) -> str:
        return link_to(term.service)

    @admin.display(description=_("Invoice"))
    def invoice_page(self, term: SoldTerm) -> str:
        return link_to(term.invoice)

    @admin.display(description=_("Inputs"))
    def inputs_text(self, term: SoldTerm) -> str:
        return pretty_json(term.inputs)

    def get_urls(self) -> list[URLPattern]:
        confirm = guarded(cancel_term, "changes.change_soldterm")
        return [path("<int:pk>/cancel/", confirm, name="changes_soldterm_cancel"), *super().get_urls()]

    @action(description=_("Cancel this term"), url_path="cancel-it", icon="block", permissions=["cancel"])
    def to_cancel(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return redirect("admin:changes_soldterm_cancel", object_id)

    def has_cancel_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Only what waits for payment can be cancelled."""
        unpaid = SoldTerm.objects.filter(pk=object_id, status=SoldTerm.Status.AWAITING_PAYMENT)
        return bool(
            request.user.has_perm("changes.change_soldterm") and (object_id is None or unpaid.exists())
        )
