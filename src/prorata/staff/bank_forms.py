"""Forms for bank statements: the file, the columns of a CSV file, and where money goes."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminFileFieldWidget,
    UnfoldAdminSelectWidget,
)

from prorata.customers.models import Customer
from prorata.invoices.models import Invoice
from prorata.payments.bank.files.csv_columns import (
    DATE_FORMATS,
    DELIMITERS,
    ENCODINGS,
    Columns,
    column_names,
    guessed,
)
from prorata.payments.bank.files.parsed import LARGEST_FILE
from prorata.payments.bank.models import Allocation, BankAccount, StatementFile, StatementLine
from prorata.pricing.display import amount_text
from prorata.staff import fields

What = Allocation.What
SINGLE = ("date", "amount", "credit", "debit", "currency", "name", "other_account", "bank_id")


class UploadForm(fields.PlainForm):
    file = forms.FileField(
        label=gettext_lazy("File"), widget=UnfoldAdminFileFieldWidget(),
        help_text=gettext_lazy("CAMT.053 (XML) or CSV, at most 8 MB; nothing is imported before you have seen it"),
    )  # fmt: skip
    account = forms.ModelChoiceField(
        BankAccount.objects.select_related("seller"), required=False, widget=UnfoldAdminSelectWidget(),
        label=gettext_lazy("Bank account"), empty_label=gettext_lazy("as the file says"),
        help_text=gettext_lazy("A CSV file does not say it."),
    )  # fmt: skip

    def clean_file(self) -> Any:
        sent = self.cleaned_data["file"]
        if sent.size > LARGEST_FILE:
            raise forms.ValidationError(_("The file is larger than 8 MB. Ask the bank for shorter periods."))
        return sent


class ColumnsForm(fields.PlainForm):
    """Which column of a file is what. Its choices are the names in the file itself."""

    encoding = fields.choice(gettext_lazy("Encoding"), list(ENCODINGS.items()))
    delimiter = fields.choice(gettext_lazy("Between two columns stands a"), list(DELIMITERS.items()))
    decimal = fields.choice(gettext_lazy("Decimal sign"), [(".", "1,234.50"), (",", "1.234,50")])
    date_format = fields.choice(gettext_lazy("A day looks like"), list(DATE_FORMATS.items()))
    date = fields.choice(gettext_lazy("Day"), [])
    amount = fields.choice(
        gettext_lazy("Amount with its sign"), [], help_text=gettext_lazy("or else the next two")
    )
    credit = fields.choice(gettext_lazy("Money that came in"), [])
    debit = fields.choice(gettext_lazy("Money that went out"), [])
    currency = fields.choice(gettext_lazy("Currency"), [])
    text = forms.MultipleChoiceField(
        label=gettext_lazy("Text and reference"), widget=UnfoldAdminCheckboxSelectMultipleWidget(), required=False,
        help_text=gettext_lazy("every column in which the sender's words may stand"),
    )  # fmt: skip
    name = fields.choice(gettext_lazy("Name of the other side"), [])
    other_account = fields.choice(gettext_lazy("Account of the other side"), [])
    bank_id = fields.choice(
        gettext_lazy("The bank's own number of the movement"), [],
        help_text=gettext_lazy("if there is one that never changes"),
    )  # fmt: skip

    def __init__(self, file: StatementFile, data: Any = None) -> None:
        content = bytes(file.content)
        kept = Columns.of_json(file.account.csv_columns)
        imported = StatementLine.objects.filter(account=file.account, statement__file__format="csv").exists()
        self.fixed_id = kept.bank_id if kept and imported else None
        encoding, delimiter = (kept.encoding, kept.delimiter) if kept else guessed(content)
        initial = kept.as_json() if kept else {"encoding": encoding, "delimiter": delimiter}
        super().__init__(data, initial=initial)
        if data is not None:
            encoding, delimiter = data.get("encoding", encoding), data.get("delimiter", delimiter)
        names = []
        if encoding in ENCODINGS and delimiter in DELIMITERS:
            names = list(dict.fromkeys(name for name in column_names(content, encoding, delimiter) if name))
        for field in SINGLE:
            self.fields[field].choices = [("", _("none")), *((one, one) for one in names)]  # type: ignore[attr-defined]
            self.fields[field].required = field == "date"
        self.fields["text"].choices = [(one, one) for one in names]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if self.fixed_id is not None and values.get("bank_id", "") != self.fixed_id:
            words = _("Movements were imported by “%(name)s”. Another number would bring them a second time.")
            self.add_error("bank_id", words % {"name": self.fixed_id or _("none")})
        one, two = bool(values.get("amount")), bool(values.get("credit") or values.get("debit"))
        if one == two and "amount" not in self.errors:
            self.add_error("amount", _("Choose the amount with its sign, or else the columns of in and out."))
        return values

    def columns(self) -> Columns:
        return Columns(**(self.cleaned_data | {"text": tuple(self.cleaned_data["text"])}))


class AssignForm(fields.PlainForm):
    """Where a part of a line goes. `amount_minor` is what of it; `invoice_found` the invoice that was named."""

    what = fields.radio(gettext_lazy("Assign it"), [
        (What.INVOICE, gettext_lazy("to an invoice")), (What.CREDIT, gettext_lazy("to a customer's account credit")),
        (What.DEBT, gettext_lazy("to a customer's debt")), (What.RETURNED, gettext_lazy("returned to the sender")),
        (What.NOT_OURS, gettext_lazy("not ours, nothing to do with a customer")),
    ])  # fmt: skip
    invoice = fields.text(
        gettext_lazy("Invoice"), required=False, help_text=gettext_lazy("its number or pro-forma reference")
    )
    customer = forms.ModelChoiceField(
        Customer.objects.order_by("name", "pk"), required=False, widget=UnfoldAdminSelectWidget(),
        label=gettext_lazy("Customer"), empty_label=gettext_lazy("none"),
    )  # fmt: skip
    amount = fields.text(gettext_lazy("Amount"), maximum=30)
    reason = fields.long_text(
        gettext_lazy("Reason"), maximum=200,
        help_text=gettext_lazy("Needed for what is returned or not ours. The customer may read it."),
    )  # fmt: skip

    invoice_found: Invoice | None = None

    def __init__(self, line: StatementLine, there: int, data: Any = None) -> None:
        self.line = line
        super().__init__(data, initial={"amount": amount_text(there, line.currency)})
        self.fields["amount"].help_text = line.currency
        self.fields["reason"].required = False

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        values["amount_minor"] = fields.amount_in(self, "amount", self.line.currency)
        what = values.get("what")
        if what == What.INVOICE:
            self._find(values.get("invoice", "").strip())
        if what in (What.CREDIT, What.DEBT) and not values.get("customer"):
            self.add_error("customer", _("Choose whose it is."))
        if what in Allocation.ASIDE and not values.get("reason", "").strip():
            self.add_error("reason", _("Write the reason: whoever looks at this money later reads it."))
        return values

    def _find(self, name: str) -> None:
        rows = Invoice.objects.filter(reference__iexact=name) | Invoice.objects.filter(number__iexact=name)
        self.invoice_found = rows.first() if name else None
        if self.invoice_found is None:
            self.add_error(
                "invoice", _("No invoice has this number or reference. Copy it from the list of invoices.")
            )


class TakeBackForm(fields.PlainForm):
    shown_debt_minor = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    reason = fields.long_text(
        gettext_lazy("Reason"), maximum=200, help_text=gettext_lazy("The customer will read this.")
    )
