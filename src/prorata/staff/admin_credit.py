"""Purses and the credit log. Credit is given by "Grant gifted credit" on a customer, never by editing a purse."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from prorata.credit.models import LogLine, Pledge, Purse
from prorata.staff.columns import Money, money
from prorata.staff.origins import origin_link
from prorata.staff.readonly import ReadOnlyAdmin, ReadOnlyRows


class PurseLog(ReadOnlyRows):
    model = LogLine
    verbose_name_plural = _("Credit log of this purse, newest first")
    fields = ["at", "what", "amount", "balance_after", "origin", "reason", "actor"]
    readonly_fields = ["amount", "balance_after"]
    ordering = ["-id"]
    per_page = 50
    amount = Money("amount_minor", _("Amount"))
    balance_after = Money("balance_after_minor", _("Balance after"))


class Pledges(ReadOnlyRows):
    model = Pledge
    verbose_name_plural = _("Pledges")
    fields = ["origin", "amount", "state", "held_at", "ended_at"]
    readonly_fields = ["amount"]
    ordering = ["-id"]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("purse")

    @admin.display(description=_("Amount"))
    def amount(self, pledge: Pledge) -> str:
        return money(pledge.amount_minor, pledge.purse.currency)


@admin.register(Purse)
class PurseAdmin(ReadOnlyAdmin):
    inlines = [PurseLog, Pledges]
    list_display = ["customer", "kind", "balance", "expires_at", "reason", "created_at"]
    list_select_related = ["customer"]
    list_filter = ["kind"]
    search_fields = ["customer__name", "reason"]
    ordering = ["customer__name", "currency", "kind", "id"]
    fields = ["customer", "kind", "currency", "balance", "expires_at", "reason", "created_at"]
    readonly_fields = ["balance"]
    balance = Money("balance_minor", _("Balance"))


@admin.register(LogLine)
class LogLineAdmin(ReadOnlyAdmin):
    list_display = ["at", "customer", "what", "amount", "balance_after", "origin", "reason", "actor"]
    list_select_related = ["customer"]
    list_filter = ["at"]
    search_fields = ["customer__name", "what", "origin", "reason"]
    ordering = ["-id"]
    fields = [
        "at",
        "customer",
        "purse",
        "what",
        "amount",
        "balance_after",
        "for_what",
        "reason",
        "actor",
        "transfer",
    ]
    readonly_fields = ["amount", "balance_after", "for_what"]
    amount = Money("amount_minor", _("Amount"))
    balance_after = Money("balance_after_minor", _("Balance after"))

    @admin.display(description=_("For"))
    def for_what(self, line: LogLine) -> str:
        return origin_link(line.origin)
