"""Payment methods: what is on offer, which one is chosen from the start, and what payment services keep."""

from __future__ import annotations

import uuid
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from prorata import clock
from prorata.changes.situation import seller
from prorata.customers.models import Customer
from prorata.customers.scope import may, mine, my_one
from prorata.payments.bank.accounts import offered_methods
from prorata.payments.methods import Method, methods
from prorata.payments.models import SavedMethod
from prorata.payments.remembered import NotOffered, forget, remember
from prorata.payments.saved_methods import forget as forget_saved
from prorata.portal.method_words import meaning
from prorata.portal.views.frame import Asked, sent_from, signed_in
from prorata.services.models import Service


@require_GET
@signed_in
def index(request: Asked) -> HttpResponse:
    """One part for each customer this person acts for."""
    customers = mine(request.user, Customer.objects.all(), path="pk").order_by("name", "pk")
    return render(
        request,
        "portal/payment_methods.html",
        {
            "wallets": [_wallet(request, one) for one in customers], "zone": (zone := ZoneInfo(seller().zone)),
            "today": clock.now().astimezone(zone).date(),
        },
    )  # fmt: skip


def _wallet(request: Asked, customer: Customer) -> dict[str, Any]:
    offered, remembered = _offered(customer), customer.preferred_method
    return {
        "customer": customer, "rows": [{"method": one, "meaning": meaning(one)} for one in offered],
        "remembered": remembered, "gone": bool(remembered) and all(one.code != remembered for one in offered),
        "saved": SavedMethod.objects.filter(customer=customer, removed_at=None),
        "may_pay": may(request.user, customer.pk, "pay"),
    }  # fmt: skip


def _may_not() -> str:
    return _(
        "You may look at the payment methods, but not change them. Ask somebody of your team who may pay."
    )


def _offered(customer: Customer) -> list[Method]:
    """What can pay in one of the customer's currencies at least: transfers are not taken in all of them."""
    currencies = (
        Service.objects.filter(customer=customer).order_by().values_list("currency", flat=True).distinct()
    )
    found = {one.code for currency in currencies for one in offered_methods(seller().pk, currency)}
    return [one for one in methods() if one.code in found or not one.is_transfer]


@sent_from("portal:payment_methods")
@signed_in
def change(request: Asked, pk: int) -> HttpResponse:
    """Let a method be chosen from the start, or none: `remember` is its code, empty to forget."""
    customer = my_one(request.user, Customer.objects.all(), path="pk", pk=pk)
    code = request.POST.get("remember", "")
    if not may(request.user, customer.pk, "pay"):
        messages.error(
            request,
            _(
                "You may look at the payment methods, but not change them. Ask somebody of your team who may pay."
            ),
        )
        return redirect("portal:payment_methods")
    try:
        if code:
            remember(request.user, customer.pk, code)
            messages.success(request, _("It is chosen from the start from now on."))
        else:
            forget(request.user, customer.pk)
            messages.success(request, _("Nothing is chosen from the start any more."))
    except NotOffered as refusal:
        messages.error(request, str(refusal))
    return redirect("portal:payment_methods")


@sent_from("portal:payment_methods")
@signed_in
def forget_card(request: Asked, pk: uuid.UUID) -> HttpResponse:
    """Never charge a kept card again."""
    found = my_one(request.user, SavedMethod.objects.filter(removed_at=None), pk=pk)
    if may(request.user, found.customer_id, "pay"):
        gone = forget_saved(request.user, found.pk)
        messages.success(
            request, _("%(card)s is forgotten and will not be charged again.") % {"card": gone.label}
        )
    else:
        messages.error(request, _may_not())
    return redirect("portal:payment_methods")
