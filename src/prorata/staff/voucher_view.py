"""Issue a voucher: by code for whoever has it, or for one customer."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminSelectWidget

from prorata import clock
from prorata.catalog.models import Product, ResourceType
from prorata.credit.issue_voucher import Draft, issue_voucher
from prorata.credit.models import Voucher
from prorata.customers.models import Customer
from prorata.staff import fields, once
from prorata.staff.pages import page

AMOUNT, PERCENT = "amount", "percent"


class VoucherForm(fields.PlainForm):
    name = fields.text(
        gettext_lazy("Name"),
        maximum=120,
        help_text=gettext_lazy("The customer reads this, e.g. Summer offer."),
    )
    code = fields.text(
        gettext_lazy("Code"), required=False, maximum=60,
        help_text=gettext_lazy("e.g. SUMMER-2026; empty: one that cannot be guessed"),
    )  # fmt: skip
    customer = forms.ModelChoiceField(
        Customer.objects.order_by("name", "pk"), required=False, widget=UnfoldAdminSelectWidget(),
        label=gettext_lazy("Only for"), empty_label=gettext_lazy("whoever has the code"),
    )  # fmt: skip
    kind = fields.radio(
        gettext_lazy("It takes off"), [(AMOUNT, gettext_lazy("an amount")), (PERCENT, gettext_lazy("a percentage"))],
        initial=AMOUNT,
    )  # fmt: skip
    currency = fields.CurrencyField(
        required=False,
        help_text=gettext_lazy("of the amounts below; may be empty for a percentage in any currency"),
    )
    amount = fields.text(
        gettext_lazy("Amount"), required=False, maximum=30, help_text=gettext_lazy("before tax is added")
    )
    off = fields.PercentField(label=gettext_lazy("Percentage"), required=False)
    at_most = fields.text(
        gettext_lazy("At most"),
        required=False,
        maximum=30,
        help_text=gettext_lazy("the most a percentage takes off"),
    )
    minimum_spend = fields.text(
        gettext_lazy("Minimum spend"), required=False, maximum=30,
        help_text=gettext_lazy("what has to be paid before the voucher, in the basis of the price book"),
    )  # fmt: skip
    products = forms.ModelMultipleChoiceField(
        Product.objects.order_by("name"), required=False, widget=UnfoldAdminCheckboxSelectMultipleWidget(),
        label=gettext_lazy("Products"), help_text=gettext_lazy("none: all products"),
    )  # fmt: skip
    resources = fields.text(
        gettext_lazy("Resources"), required=False,
        help_text=gettext_lazy("codes, e.g. cpu, memory: only they are discounted; empty: all"),
    )  # fmt: skip
    starts_at = fields.MomentField(label=gettext_lazy("Valid from"))
    expires_at = fields.MomentField(label=gettext_lazy("Valid until"))
    max_uses = fields.number(
        gettext_lazy("Uses in all"), minimum=1, help_text=gettext_lazy("empty: no limit")
    )
    max_uses_per_customer = fields.number(
        gettext_lazy("Uses per customer"), minimum=1, help_text=gettext_lazy("empty: no limit")
    )
    note = fields.long_text(gettext_lazy("Note"), help_text=gettext_lazy("for staff only"))
    ticket = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for optional in ("max_uses", "max_uses_per_customer", "note"):
            self.fields[optional].required = False

    def clean_resources(self) -> list[str]:
        codes = [code for code in re.split(r"[\s,;]+", self.cleaned_data["resources"]) if code]
        known = set(ResourceType.objects.filter(code__in=codes).values_list("code", flat=True))
        if unknown := [code for code in codes if code not in known]:
            raise forms.ValidationError(_("No product has a resource %(code)s.") % {"code": unknown[0]})
        return codes

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        wanted, empty = ("amount", "off") if values.get("kind") == AMOUNT else ("off", "amount")
        if not values.get(wanted) and wanted not in self.errors:
            self.add_error(wanted, _("Say how much the voucher takes off."))
        values[empty] = None
        currency = values.get("currency", "")
        needs = [name for name in ("amount", "at_most", "minimum_spend") if values.get(name)]
        if needs and not currency and "currency" not in self.errors:
            self.add_error("currency", _("Choose the currency of the amounts."))
        for name in ("amount", "at_most", "minimum_spend"):
            values[f"{name}_minor"] = fields.amount_in(self, name, currency)
        return values

    def draft(self) -> Draft:
        values = self.cleaned_data
        return Draft(
            name=values["name"], code=values["code"], customer=values["customer"], currency=values["currency"],
            amount_minor=values["amount_minor"], off=values["off"], at_most_minor=values["at_most_minor"],
            minimum_spend_minor=values["minimum_spend_minor"] or 0, products=list(values["products"]),
            components=values["resources"], starts_at=values["starts_at"], expires_at=values["expires_at"],
            max_uses=values["max_uses"], max_uses_per_customer=values["max_uses_per_customer"], note=values["note"],
        )  # fmt: skip


def issue(request: HttpRequest) -> HttpResponse:
    form = VoucherForm(request.POST or None, initial=_initial(request))
    if request.method == "POST" and form.is_valid():
        try:
            made = _issue_once(request, form)
        except ValueError as mistake:
            form.add_error(None, f"{str(mistake)[0].upper()}{str(mistake)[1:].rstrip('.')}.")
        else:
            messages.success(request, _("Voucher %(code)s was issued.") % {"code": made.code})
            return redirect("admin:credit_voucher_change", made.pk)
    return page(
        request, "form.html", title=_("Issue a voucher"), model=Voucher, form=form, button=_("Issue the voucher"),
        back=("admin:credit_voucher_changelist",),
    )  # fmt: skip


def _issue_once(request: HttpRequest, form: VoucherForm) -> Voucher:
    with transaction.atomic():
        if not once.use(request, form.cleaned_data["ticket"]):
            raise ValueError(
                _("This form was sent before. Look at the list before you issue another voucher.")
            )
        return issue_voucher(form.draft(), actor=f"user:{request.user.pk}")


def _initial(request: HttpRequest) -> dict[str, Any]:
    now = timezone.localtime(clock.now()).replace(second=0, microsecond=0)
    in_a_year = (now + timedelta(days=365)).replace(hour=0, minute=0)
    return {
        "starts_at": now, "expires_at": in_a_year, "max_uses_per_customer": 1,
        "customer": request.GET.get("customer", ""), "ticket": once.ticket(request) if request.method == "GET" else "",
    }  # fmt: skip
