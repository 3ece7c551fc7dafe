"""Revenue by day and by month: what each day recognised, what was taken over, and the month's report."""

from __future__ import annotations

from django.contrib import admin
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _

from prorata.recognition.models import Opening, Recognised
from prorata.staff.columns import Money, link_to
from prorata.staff.pages import guarded
from prorata.staff.readonly import ReadOnlyAdmin
from prorata.staff.recognition_view import recognition


@admin.register(Recognised)
class RecognisedAdmin(ReadOnlyAdmin):
    list_display = ["day", "product", "amount", "account", "moved"]
    list_filter = ["day__day"]
    search_fields = ["account"]
    list_select_related = ["day", "product", "transfer"]
    ordering = ["-id"]
    fields = ["day", "product", "amount", "account", "moved"]
    readonly_fields = ["amount", "moved"]
    amount = Money("amount_minor", _("Recognised"))

    def get_urls(self) -> list[URLPattern]:
        page = guarded(recognition, "recognition.view_recognised")
        return [path("month/", page, name="recognition_recognised_month"), *super().get_urls()]

    @admin.display(description=_("Transfer"))
    def moved(self, row: Recognised) -> str:
        return link_to(row.transfer, row.transfer.key)


@admin.register(Opening)
class OpeningAdmin(ReadOnlyAdmin):
    list_display = ["service", "day", "amount", "starts", "ends", "moved"]
    search_fields = ["service__name"]
    list_select_related = ["service", "day", "transfer"]
    ordering = ["-id"]
    fields = ["service", "day", "amount", "starts", "ends", "moved"]
    readonly_fields = ["amount", "moved"]
    amount = Money("amount_minor", _("Taken over, before tax"))

    @admin.display(description=_("Transfer"))
    def moved(self, row: Opening) -> str:
        return link_to(row.transfer, row.transfer.key)
