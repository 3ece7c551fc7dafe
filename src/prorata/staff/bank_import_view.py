"""Import a bank statement: choose the file, see what it would bring, then import it."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from prorata.customers.models import User
from prorata.payments.bank.files.parsed import BadStatement
from prorata.payments.bank.models import BankAccount, Statement, StatementFile
from prorata.payments.bank.take_in import keep, preview, statements_of, take_in
from prorata.staff.bank_forms import ColumnsForm, UploadForm
from prorata.staff.columns import money
from prorata.staff.pages import page
from prorata.trail.write import note

MOST_SHOWN = 200


def upload(request: HttpRequest) -> HttpResponse:
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        sent = form.cleaned_data["file"]
        try:
            with transaction.atomic():
                kept = keep(sent.read(), sent.name, form.cleaned_data["account"], f"user:{request.user.pk}")
        except BadStatement as wrong:
            form.add_error("file", str(wrong))
        else:
            return redirect("admin:bank_statement_file", kept.pk)
    return page(
        request, "bank_upload.html", title=_("Import a bank statement"), model=Statement, form=form,
        button=_("Look at it first"), back=("admin:bank_statement_changelist",),
        has_accounts=BankAccount.objects.exists(),
    )  # fmt: skip


def look(request: HttpRequest, file_id: int) -> HttpResponse:
    """What the file would bring. A CSV file whose columns are not named, or not rightly, asks for them."""
    file = get_object_or_404(StatementFile.objects.select_related("account__seller"), pk=file_id)
    return _look(request, file, ColumnsForm(file) if file.format == "csv" else None)


def name_columns(request: HttpRequest, file_id: int) -> HttpResponse:
    """Keep with the account which column is what, for this file and the next ones."""
    file = get_object_or_404(
        StatementFile.objects.select_related("account__seller"), pk=file_id, format="csv"
    )
    if request.method != "POST":
        return redirect("admin:bank_statement_file", file.pk)
    form = ColumnsForm(file, request.POST)
    if not form.is_valid():
        return _look(request, file, form)
    by = cast(User, request.user)
    with transaction.atomic():
        account = BankAccount.objects.select_for_update().get(pk=file.account_id)
        before, account.csv_columns = account.csv_columns, form.columns().as_json()
        account.save(update_fields=["csv_columns"])
        note(
            "bankaccount.columns_named", account, actor=f"user:{by.pk}", actor_name=by.email,
            changed={"csv_columns": (before, account.csv_columns)},
        )  # fmt: skip
    return redirect("admin:bank_statement_file", file.pk)


def take(request: HttpRequest, file_id: int) -> HttpResponse:
    """Import it. A file that was imported meanwhile brings nothing, and says so."""
    file = get_object_or_404(StatementFile.objects.select_related("account__seller"), pk=file_id)
    if request.method != "POST":
        return redirect("admin:bank_statement_file", file.pk)
    by = cast(User, request.user)
    try:
        done = take_in(file, actor=f"user:{by.pk}", actor_name=by.email)
    except BadStatement as wrong:
        messages.error(request, str(wrong))
        return redirect("admin:bank_statement_file", file.pk)
    if not done.new:
        messages.warning(request, _("Nothing was added: every movement in this file is known already."))
        return redirect("admin:bank_statement_file", file.pk)
    said = ngettext("%(new)s movement was imported", "%(new)s movements were imported", done.new) % {
        "new": done.new
    }
    parts = [said, _("%(n)s assigned by its reference") % {"n": done.matched}]
    if done.known:
        parts.append(_("%(n)s known already") % {"n": done.known})
    messages.success(request, f"{', '.join(parts)}.")
    return redirect("admin:bank_waiting")


def _look(request: HttpRequest, file: StatementFile, columns: ColumnsForm | None) -> HttpResponse:
    seen, problem, left_out, sums = [], "", 0, []
    try:
        statements = statements_of(file)
        seen = preview(file)
        left_out = sum(one.left_out for one in statements)
        sums = [
            {
                "ref": one.bank_ref or file.name, "opening": money(one.opening_minor, one.currency),
                "entries": money(one.entries_minor, one.currency), "closing": money(one.closing_minor, one.currency),
            }
            for one in statements
        ]  # fmt: skip
    except BadStatement as wrong:
        problem = str(wrong)
    rows = [
        {"line": one.line, "amount": money(one.line.amount_minor, one.line.currency), "seen": one}
        for one in seen
    ]
    return page(
        request, "bank_file.html", title=_("What %(name)s would bring") % {"name": file.name}, model=Statement, file=file,
        form=columns, problem=problem if file.format != "csv" or file.account.csv_columns else "", rows=rows[:MOST_SHOWN],
        more=max(len(rows) - MOST_SHOWN, 0), new=sum(not one.known for one in seen),
        known=sum(one.known for one in seen), sums=sums, left_out=left_out,
        named=bool(file.account.csv_columns) or file.format == "camt",
    )  # fmt: skip
