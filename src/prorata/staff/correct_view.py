"""Correct a customer's account credit, or take back what staff gave or took by hand; the customer reads the reason."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prorata.credit.correct import CannotCorrect, correct_account, take_back
from prorata.credit.models import LogLine
from prorata.customers.models import Customer
from prorata.pricing.display import amount_text
from prorata.services.models import Service
from prorata.staff import fields, once
from prorata.staff.pages import page

ADD, TAKE = "add", "take"


class CorrectionForm(fields.PlainForm):
    currency = fields.CurrencyField()
    direction = fields.radio(
        gettext_lazy("The account credit"),
        [(ADD, gettext_lazy("rises")), (TAKE, gettext_lazy("falls"))],
        initial=ADD,
    )
    amount = fields.text(
        gettext_lazy("By"), maximum=30,
        help_text=gettext_lazy("in the currency's own decimals: 1500 for JPY, 15.00 for USD"),
    )  # fmt: skip
    reason = fields.long_text(
        gettext_lazy("Reason"), maximum=200, help_text=gettext_lazy("The customer will read this.")
    )
    ticket = forms.CharField(widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        minor = fields.amount_in(self, "amount", values.get("currency", ""))
        if minor is not None and minor <= 0:
            self.add_error(
                "amount", _("Write an amount above zero, and choose whether the credit rises or falls.")
            )
        values["amount_minor"] = -(minor or 0) if values.get("direction") == TAKE else minor
        return values


class ReasonForm(fields.PlainForm):
    reason = fields.long_text(
        gettext_lazy("Reason"), maximum=200, help_text=gettext_lazy("The customer will read this.")
    )


def correct(request: HttpRequest, customer_id: int) -> HttpResponse:
    customer = get_object_or_404(Customer, pk=customer_id)
    form = CorrectionForm(request.POST or None, initial=_initial(request, customer))
    if request.method == "POST" and form.is_valid() and _correct(request, form, customer):
        return redirect("admin:customers_customer_change", customer.pk)
    return page(
        request, "form.html", title=_("Correct the account credit of %(name)s") % {"name": customer}, model=Customer,
        form=form, button=_("Correct the credit"), back=("admin:customers_customer_change", customer.pk),
    )  # fmt: skip


def undo(request: HttpRequest, line_id: int) -> HttpResponse:
    line = get_object_or_404(LogLine.objects.select_related("customer"), pk=line_id)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            take_back(line, reason=form.cleaned_data["reason"], actor=f"user:{request.user.pk}")
        except CannotCorrect as mistake:
            form.add_error(None, str(mistake))
        else:
            messages.success(request, _("It was taken back."))
            return redirect("admin:credit_purse_change", line.purse_id)
    amount = f"{amount_text(line.amount_minor, line.currency)}\u00a0{line.currency}"
    shown = {"amount": amount, "name": line.customer}
    return page(
        request, "form.html", title=_("Take back %(amount)s of %(name)s") % shown, model=LogLine, form=form,
        lead=_("A movement of the opposite amount is written, linked to the first; both stay in the credit log."),
        button=_("Take it back"), variant="danger", back=("admin:credit_logline_change", line.pk),
    )  # fmt: skip


def _initial(request: HttpRequest, customer: Customer) -> dict[str, Any]:
    currency = Service.objects.filter(customer=customer).values_list("currency", flat=True).first()
    return {"currency": currency or "", "ticket": once.ticket(request) if request.method == "GET" else ""}


def _correct(request: HttpRequest, form: CorrectionForm, customer: Customer) -> bool:
    values = form.cleaned_data
    try:
        with transaction.atomic():
            if not once.use(request, values["ticket"]):
                raise CannotCorrect(
                    _("This form was sent before. Look at the credit log before you correct again.")
                )
            correct_account(
                customer_id=customer.pk, amount_minor=values["amount_minor"], currency=values["currency"],
                reason=values["reason"], actor=f"user:{request.user.pk}", key=values["ticket"],
            )  # fmt: skip
    except CannotCorrect as mistake:
        form.add_error(None, str(mistake))
        return False
    amount = f"{amount_text(values['amount_minor'], values['currency'])} {values['currency']}"
    messages.success(request, _("The account credit of %(name)s was corrected by %(amount)s.") % {
        "name": customer, "amount": amount,
    })  # fmt: skip
    return True
