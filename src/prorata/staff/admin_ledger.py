"""The ledger: transfers with their entries, and the accounts."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
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
    list_display = ["id", "at", "kind", "origin", "debits", "reason", "actor"]
    list_display_links = ["id", "kind"]
    list_filter = ["kind", "at"]
    search_fields = ["key", "origin", "reason", "actor"]
    ordering = ["-id"]
    fields = ["id", "key", "kind", "for_what", "reason", "actor", "at", "recorded_at", "reverses"]
    readonly_fields = ["id", "for_what"]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("entries")

    @admin.display(description=_("Moved"))
    def debits(self, transfer: Transfer) -> str:
        return moved(transfer)

    @admin.display(description=_("For"))
    def for_what(self, transfer: Transfer) -> str:
        return origin_link(transfer.origin)


@admin.register(Account)
class AccountAdmin(ReadOnlyAdmin):
    list_display = ["code", "kind", "currency"]
    list_filter = ["kind", "currency"]
    search_fields = ["code"]
    ordering = ["code"]
    fields = ["code", "kind", "currency"]


def moved(transfer: Transfer) -> str:
    """How much a transfer moves: the sum of its debits, per currency."""
    sums: dict[str, int] = {}
    for entry in transfer.entries.all():
        sums[entry.currency] = sums.get(entry.currency, 0) + max(entry.amount_minor, 0)
    return ", ".join(money(total, currency) for currency, total in sorted(sums.items()))
