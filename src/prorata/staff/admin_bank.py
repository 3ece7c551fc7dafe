"""The seller's bank accounts, their statements and every movement on them; where money went is on a movement's own page."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display

from prorata.payments.bank.models import BankAccount, Statement, StatementLine
from prorata.payments.bank.waiting_lines import with_left
from prorata.staff.bank_import_view import look, name_columns, take, upload
from prorata.staff.bank_line_view import one_line, undo, waiting
from prorata.staff.columns import Money, money
from prorata.staff.pages import guarded
from prorata.staff.readonly import DeskAdmin, ReadOnlyAdmin, ReadOnlyRows

NUMBER = ["seller", "currency", "iban", "number"]


class BankAccountForm(forms.ModelForm):
    class Meta:
        model = BankAccount
        fields = [*NUMBER, "holder", "bic", "bank_name", "offered", "pay_within_days"]


@admin.register(BankAccount)
class BankAccountAdmin(DeskAdmin):
    form = BankAccountForm
    list_display = ["shown", "seller", "currency", "holder", "bank_name", "offered", "pay_within_days"]
    list_select_related = ["seller"]
    ordering = ["seller", "currency", "pk"]

    @admin.display(description=gettext_lazy("Account"))
    def shown(self, account: BankAccount) -> str:
        return account.shown_number

    def get_readonly_fields(self, request: HttpRequest, obj: BankAccount | None = None) -> list[str]:
        # The statements are of this account for ever. One typed wrongly is not offered any more, and written anew.
        return NUMBER if obj else []


class Lines(ReadOnlyRows):
    model = StatementLine
    verbose_name_plural = gettext_lazy("Movements that were new")
    fields = ["movement", "booked_on", "amount", "name", "text"]
    readonly_fields = ["movement", "amount"]
    ordering = ["id"]
    per_page = 100
    amount = Money("amount_minor", gettext_lazy("Amount"))

    @admin.display(description=gettext_lazy("Movement"))
    def movement(self, line: StatementLine) -> str:
        return _link(line)


@admin.register(Statement)
class StatementAdmin(ReadOnlyAdmin):
    inlines = [Lines]
    list_display = ["imported_at", "account", "said", "new_lines", "known_lines", "closing"]
    list_display_links = ["imported_at", "said"]
    list_select_related = ["account", "file"]
    list_filter = ["imported_at"]
    search_fields = ["bank_ref", "file__name"]
    ordering = ["-id"]
    fields = [
        "account", "file_name", "bank_ref", "opening", "entries", "closing", "new_lines", "known_lines", "imported_by",
        "imported_at",
    ]  # fmt: skip
    readonly_fields = ["file_name", "opening", "entries", "closing"]
    actions_list = ["import_one"]

    @admin.display(description=gettext_lazy("Statement"))
    def said(self, statement: Statement) -> str:
        return str(statement)

    @admin.display(description=gettext_lazy("File"))
    def file_name(self, statement: Statement) -> str:
        return statement.file.name

    @admin.display(description=gettext_lazy("Balance before"))
    def opening(self, statement: Statement) -> str:
        return money(statement.opening_minor, statement.account.currency)

    @admin.display(description=gettext_lazy("Entries together"))
    def entries(self, statement: Statement) -> str:
        return money(statement.entries_minor, statement.account.currency)

    @admin.display(description=gettext_lazy("Balance after"))
    def closing(self, statement: Statement) -> str:
        return money(statement.closing_minor, statement.account.currency)

    def get_urls(self) -> list[URLPattern]:
        add, see = "bank.add_statement", "bank.view_statementline"
        return [
            path("import/", guarded(upload, add), name="bank_statement_import"),
            path("files/<int:file_id>/", guarded(look, add), name="bank_statement_file"),
            path("files/<int:file_id>/columns/", guarded(name_columns, add), name="bank_statement_columns"),
            path("files/<int:file_id>/take/", guarded(take, add), name="bank_statement_take"),
            path("waiting/", guarded(waiting, see), name="bank_waiting"),
            path("lines/<int:line_id>/", guarded(one_line, see), name="bank_line"),
            path(
                "take-back/<int:allocation_id>/",
                guarded(undo, "bank.add_unallocation"),
                name="bank_take_back",
            ),
            *super().get_urls(),
        ]

    @action(
        description=gettext_lazy("Import a statement"), url_path="import-one", icon="upload",
        permissions=["bank.add_statement"],
    )  # fmt: skip
    def import_one(self, request: HttpRequest) -> HttpResponse:
        return redirect("admin:bank_statement_import")


@admin.register(StatementLine)
class StatementLineAdmin(ReadOnlyAdmin):
    list_display = ["booked_on", "movement", "amount", "state", "short", "account"]
    list_display_links = None
    list_select_related = ["account"]
    list_filter = ["booked_on", "is_reversal"]
    search_fields = ["text", "name", "other_account"]
    amount = Money("amount_minor", gettext_lazy("Amount"))

    def get_queryset(self, request: HttpRequest) -> Any:
        return with_left(super().get_queryset(request))

    @admin.display(description=gettext_lazy("Movement"), ordering="name")
    def movement(self, line: StatementLine) -> str:
        return _link(line)

    @admin.display(description=gettext_lazy("Text"))
    def short(self, line: StatementLine) -> str:
        return line.text[:80]

    @display(
        description=gettext_lazy("Where it went"),
        label={gettext_lazy("waits"): "warning", gettext_lazy("assigned"): "success"},
    )
    def state(self, line: Any) -> Any:
        if line.amount_minor < 0:
            return _("went out")
        if line.left_minor == line.amount_minor:
            return _("waits")
        return _("waits in part") if line.left_minor else _("assigned")

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        """A movement has one page, with what can be done about it."""
        if object_id.isascii() and object_id.isdecimal():
            return redirect("admin:bank_line", int(object_id))
        return super().change_view(request, object_id, *args, **kwargs)


def _link(line: StatementLine) -> str:
    words = line.name or _("without a name")
    return format_html(
        '<a class="desk-link" href="{}">{}</a>', reverse("admin:bank_line", args=[line.pk]), words
    )
