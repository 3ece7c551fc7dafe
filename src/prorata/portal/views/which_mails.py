"""Which mails are sent to my customers: what an owner has turned off, and what is always sent."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from prorata.customers.models import Customer, Membership
from prorata.customers.scope import may, mine, my_one
from prorata.notices import choice
from prorata.notices.kinds import FIXED, OPTIONAL
from prorata.portal.views.frame import Asked, sent_from, signed_in


@require_GET
@signed_in
def index(request: Asked) -> HttpResponse:
    """One part for each customer this person acts for."""
    customers = mine(request.user, Customer.objects.all(), path="pk").order_by("name", "pk")
    groups = [_group(request, one) for one in customers]
    return render(request, "portal/which_mails.html", {"groups": groups, "fixed": FIXED})


def _group(request: Asked, customer: Customer) -> dict[str, Any]:
    off = choice.turned_off(customer.pk)
    return {
        "customer": customer, "rows": [(kind, kind.code not in off) for kind in OPTIONAL],
        "may": may(request.user, customer.pk, "people"), "only_owners": _only_owners(customer),
    }  # fmt: skip


def _only_owners(customer: Customer) -> str:
    """Who may choose, by name."""
    owners = Membership.objects.filter(
        customer=customer, role=Membership.Role.OWNER, user__is_active=True
    ).select_related("user")
    people = _(", ").join(sorted((one.shown_name for one in owners), key=str.lower))
    if not people:
        return _("Only an owner can change this, and there is none. Ask support.")
    return _("Only an owner can change this: %(people)s.") % {"people": people}


@sent_from("portal:which_mails")
@signed_in
def choose(request: Asked, pk: int) -> HttpResponse:
    """`kind`, once for each that is wanted; what is not among them is turned off."""
    customer = my_one(request.user, Customer.objects.all(), path="pk", pk=pk)
    if may(request.user, customer.pk, "people"):
        choice.choose(request.user, customer.pk, request.POST.getlist("kind"))
        messages.success(
            request, _("Saved. It counts for mails to %(email)s from now on.") % {"email": customer.email}
        )
    else:
        messages.error(request, _only_owners(customer))
    return redirect("portal:which_mails")
