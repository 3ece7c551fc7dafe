"""Refund to card: staff give back a part or all of a payment by the way it came."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prorata.credit.models import Purse
from prorata.payments.models import Capture, Refund
from prorata.payments.refund import CannotRefund, begin_refund, left_of, settle_refund
from prorata.pricing.display import amount_text
from prorata.staff import fields, once
from prorata.staff.columns import money
from prorata.staff.pages import page


class RefundForm(fields.PlainForm):
    amount = fields.text(
        gettext_lazy("Amount"), maximum=30,
        help_text=gettext_lazy("in the currency's own decimals: 1500 for JPY, 15.00 for USD"),
    )  # fmt: skip
    reason = fields.long_text(
        gettext_lazy("Reason"),
        maximum=200,
        help_text=gettext_lazy("Kept with the refund and in the audit trail."),
    )
    ticket = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currency = currency

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        values["amount_minor"] = fields.amount_in(self, "amount", self.currency)
        return values


def refund_page(request: HttpRequest, capture_id: int) -> HttpResponse:
    capture = get_object_or_404(Capture.objects.select_related("customer", "attempt__invoice"), pk=capture_id)
    left = left_of(capture)
    initial = {
        "amount": amount_text(left, capture.currency).replace(",", ""),
        "ticket": once.ticket(request) if request.method == "GET" else "",
    }
    form = RefundForm(request.POST or None, initial=initial, currency=capture.currency)
    if request.method == "POST" and form.is_valid() and (made := _refund(request, form, capture)):
        _say(request, made)
        return redirect("admin:payments_capture_change", capture.pk)
    shown = {"amount": money(capture.amount_minor, capture.currency), "name": capture.customer}
    return page(
        request, "form.html", title=_("Refund the payment of %(amount)s by %(name)s") % shown, model=Capture,
        form=form, lead=_lead(capture, left), button=_("Refund to card"), variant="danger",
        back=("admin:payments_capture_change", capture.pk),
    )  # fmt: skip


def _lead(capture: Capture, left: int) -> str:
    """What will happen, with the figures of now."""
    purse = Purse.objects.filter(
        customer=capture.customer, kind=Purse.Kind.ACCOUNT, currency=capture.currency
    ).first()
    credit = money(purse.balance_minor if purse else 0, capture.currency)
    said = _("At most %(left)s can go back, by the way the money came.") % {
        "left": money(left, capture.currency)
    }
    if capture.outcome == "suspense":
        return said + " " + _("It is held for staff, and leaves from there.")
    return said + " " + _(
        "It is taken from the account credit, which holds %(credit)s; what is more the customer owes. The service and "
        "the invoice stay as they are: reduce or cancel first what the money is for."
    ) % {"credit": credit}  # fmt: skip


def _refund(request: HttpRequest, form: RefundForm, capture: Capture) -> Refund | None:
    values = form.cleaned_data
    try:
        with transaction.atomic():
            begun = begin_refund(
                capture.pk, amount_minor=values["amount_minor"], reason=values["reason"].strip(),
                actor=f"user:{request.user.pk}",
            )  # fmt: skip
            # After what may refuse: a form that was refused can be corrected and sent again.
            if not once.use(request, values["ticket"]):
                raise CannotRefund(
                    _("This form was sent before. Look at the refunds before you give back more.")
                )
        return settle_refund(begun.pk)  # the call, after the intent is committed
    except CannotRefund as mistake:
        form.add_error(None, str(mistake))
        return None


def _say(request: HttpRequest, made: Refund) -> None:
    """The outcome in words, also one that is not known yet."""
    shown = {"amount": money(made.amount_minor, made.currency), "problem": made.problem}
    if made.state == Refund.State.FAILED:
        messages.error(request, _("Nothing went back: %(problem)s") % shown)
    elif made.state in (Refund.State.CREATED, Refund.State.UNKNOWN):
        messages.warning(
            request,
            _(
                "The gateway did not answer. The refund of %(amount)s is asked for until it is known; do not repeat it."
            )
            % shown,
        )
    elif made.state == Refund.State.PENDING:
        messages.success(request, _("%(amount)s is on its way back; the bank takes some days.") % shown)
    else:
        messages.success(request, _("%(amount)s went back.") % shown)
