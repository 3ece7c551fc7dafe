"""Whose portal staff looked at, when, and why. Read only."""

from __future__ import annotations

from datetime import datetime

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from prorata.customers.models import StaffView
from prorata.staff.readonly import ReadOnlyAdmin


@admin.register(StaffView)
class StaffViewAdmin(ReadOnlyAdmin):
    list_display = ["began_at", "customer", "staff", "reason", "over", "how"]
    list_select_related = ["customer", "staff", "end"]
    list_filter = ["began_at"]
    search_fields = ["customer__name", "staff__email", "reason"]
    fields = ["customer", "staff", "reason", "began_at", "over", "how"]
    readonly_fields = fields

    @admin.display(description=_("Over at"))
    def over(self, view: StaffView) -> datetime:
        return view.end.ended_at if hasattr(view, "end") else view.until

    @admin.display(description=_("How it ended"))
    def how(self, view: StaffView) -> str:
        return view.end.get_why_display() if hasattr(view, "end") else str(_("By itself, at the latest"))
