"""The ledger: transfers with their entries, and the accounts."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Sum
from django.db.models.functions import JSONObject
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from prorata.ledger.models import Account, Entry, Transfer
from prorata.staff.columns import Money, money
from prorata.staff.origins import origin_link
from prorata.staff.readonly import ReadOnlyAdmin, ReadOnlyRows


class Entries(ReadOnlyRows):
    model = Entry
    verbose_name_plural = _("Entries: debit positive, credit negative")
    fields = ["account", "amount"]
    readonly_fields = ["amount"]
    ordering = ["id"]
    amount = Money("amount_minor", _("Amount"))

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("account")


@admin.register(Transfer)
class TransferAdmin(ReadOnlyAdmin):
    inlines = [Entries]
    list_display = ["id", "at", "kind", "origin", "moved", "reason", "actor"]
    list_display_links = ["id", "kind"]
    list_filter = ["at"]
    search_fields = ["key", "kind", "origin", "reason", "actor"]
    ordering = ["-id"]
    fields = ["id", "key", "kind", "for_what", "reason", "actor", "at", "recorded_at", "reverses"]
    readonly_fields = ["id", "for_what"]

    def get_queryset(self, request: HttpRequest) -> Any:
        debits = Entry.objects.filter(transfer=OuterRef("pk"), amount_minor__gt=0).order_by("currency")
        sums = debits.values("currency").annotate(minor=Sum("amount_minor"))
        parts = sums.values(part=JSONObject(currency="currency", minor="minor"))
        return super().get_queryset(request).annotate(debits=ArraySubquery(parts))

    @admin.display(description=_("Moved"))
    def moved(self, transfer: Any) -> str:
        return ", ".join(money(part["minor"], part["currency"]) for part in transfer.debits)

    @admin.display(description=_("For"))
    def for_what(self, transfer: Transfer) -> str:
        return origin_link(transfer.origin)


@admin.register(Account)
class AccountAdmin(ReadOnlyAdmin):
    list_display = ["code", "kind", "currency"]
    list_filter = ["kind"]
    search_fields = ["code"]
    ordering = ["code"]
    fields = ["code", "kind", "currency"]
