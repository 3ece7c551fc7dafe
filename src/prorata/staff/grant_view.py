"""Give a customer credit as a gift, with a reason the customer reads."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prorata import clock
from prorata.credit.grant import grant_gifted
from prorata.customers.models import Customer
from prorata.pricing.display import amount_text
from prorata.services.models import Service
from prorata.staff import fields, once
from prorata.staff.pages import page


class GrantForm(fields.PlainForm):
    currency = fields.CurrencyField()
    amount = fields.text(
        gettext_lazy("Amount"),
        maximum=30,
        help_text=gettext_lazy("in the currency's own decimals: 1500 for JPY, 15.00 for USD"),
    )
    expires_at = fields.MomentField(
        label=gettext_lazy("Expires"), help_text=gettext_lazy("what is left then is gone")
    )
    reason = fields.long_text(
        gettext_lazy("Reason"), maximum=200, help_text=gettext_lazy("The customer will read this.")
    )
    ticket = forms.CharField(widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        values["amount_minor"] = fields.amount_in(self, "amount", values.get("currency", ""))
        return values


def grant(request: HttpRequest, customer_id: int) -> HttpResponse:
    customer = get_object_or_404(Customer, pk=customer_id)
    form = GrantForm(request.POST or None, initial=_initial(request, customer))
    if request.method == "POST" and form.is_valid() and _give(request, form, customer):
        return redirect("admin:customers_customer_change", customer.pk)
    return page(
        request,
        "form.html",
        title=_("Grant gifted credit to %(name)s") % {"name": customer},
        model=Customer,
        form=form,
        button=_("Grant credit"),
        back=("admin:customers_customer_change", customer.pk),
    )


def _initial(request: HttpRequest, customer: Customer) -> dict[str, Any]:
    currency = Service.objects.filter(customer=customer).values_list("currency", flat=True).first()
    in_a_year = timezone.localtime(clock.now() + timedelta(days=365)).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    fresh = once.ticket(request) if request.method == "GET" else ""
    return {"currency": currency or "", "expires_at": in_a_year, "ticket": fresh}


def _give(request: HttpRequest, form: GrantForm, customer: Customer) -> bool:
    values = form.cleaned_data
    try:
        with transaction.atomic():
            if not once.use(request, values["ticket"]):
                raise ValueError(
                    _("This form was sent before. Look at the credit log before you grant again.")
                )
            grant_gifted(
                customer_id=customer.pk,
                amount_minor=values["amount_minor"],
                currency=values["currency"],
                expires_at=values["expires_at"],
                reason=values["reason"],
                actor=f"user:{request.user.pk}",
            )
    except ValueError as mistake:
        form.add_error(None, str(mistake))
        return False
    amount = f"{amount_text(values['amount_minor'], values['currency'])} {values['currency']}"
    messages.success(
        request, _("%(amount)s of gifted credit granted to %(name)s.") % {"amount": amount, "name": customer}
    )
    return True
