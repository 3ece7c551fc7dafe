"""Who acts for my customers: let somebody in, give another role, let somebody go."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from prorata.customers.models import Customer, Membership
from prorata.customers.people import AlreadyThere, CannotChangePeople, NewPerson, give_role, let_act
from prorata.customers.people import let_go as let_go_of
from prorata.customers.scope import may, mine, my_one
from prorata.portal.views.frame import REFUSED, Asked, sent_from, signed_in


def role_words() -> dict[str, str]:
    """What each role may, in the words of the page."""
    return {
        Membership.Role.OWNER: _("Owner: everything"),
        Membership.Role.TECHNICAL: _("Technical: choose changes, not pay"),
        Membership.Role.BILLING: _("Billing: pay, not change"),
        Membership.Role.READER: _("Reader: look only"),
    }


class NewPersonForm(forms.Form):
    name = forms.CharField(max_length=120)
    email = forms.EmailField(max_length=254)
    role = forms.ChoiceField(choices=Membership.Role.choices)


@require_GET
@signed_in
def index(request: Asked) -> HttpResponse:
    return _page(request)


def _page(request: Asked, refused: NewPersonForm | None = None, at: int = 0) -> HttpResponse:
    customers = mine(request.user, Customer.objects.prefetch_related("memberships__user"), path="pk")
    groups: list[dict[str, Any]] = [
        {
            "customer": one, "members": sorted(one.memberships.all(), key=lambda m: m.shown_name.lower()),
            "may": may(request.user, one.pk, "people"), "form": refused if one.pk == at else NewPersonForm(),
        }
        for one in customers.order_by("name", "pk")
    ]  # fmt: skip
    context = {"groups": groups, "roles": role_words(), "errors": refused is not None}
    return render(request, "portal/people.html", context, status=REFUSED if refused else 200)


@sent_from("portal:people")
@signed_in
def add(request: Asked, pk: int) -> HttpResponse:
    """The same answer whether the person was known here or not: who has an account is nobody's business."""
    customer = my_one(request.user, Customer.objects.all(), right="people", path="pk", pk=pk)
    form = NewPersonForm(request.POST)
    if not form.is_valid():
        return _page(request, form, customer.pk)
    try:
        let_act(customer, NewPerson(**form.cleaned_data), by=request.user)
    except AlreadyThere as known:
        form.add_error("email", str(known))
        return _page(request, form, customer.pk)
    except CannotChangePeople as refusal:
        form.add_error(None, str(refusal))
        return _page(request, form, customer.pk)
    shown = {"email": form.cleaned_data["email"], "customer": customer}
    messages.success(request, _("%(email)s may act for %(customer)s now, and gets a mail about it.") % shown)
    return redirect("portal:people")


@sent_from("portal:people")
@signed_in
def role(request: Asked, pk: int) -> HttpResponse:
    member = my_one(request.user, Membership.objects.all(), right="people", pk=pk)
    wanted = request.POST.get("role", "")
    if wanted not in Membership.Role.values:
        messages.error(request, _("Choose one of the roles."))
        return redirect("portal:people")
    try:
        changed = give_role(member.pk, wanted, by=request.user)
        shown = {"person": changed.shown_name, "role": role_words()[changed.role]}
        messages.success(request, _("The role of %(person)s: %(role)s.") % shown)
    except CannotChangePeople as refusal:
        messages.error(request, str(refusal))
    return redirect("portal:people")


@require_http_methods(["GET", "POST"])
@signed_in
def let_go(request: Asked, pk: int) -> HttpResponse:
    """Ask once; then it holds from the person's next click on."""
    rows = Membership.objects.select_related("customer", "user")
    member = my_one(request.user, rows, right="people", pk=pk)
    if request.method == "GET":
        return render(
            request, "portal/let_go.html", {"member": member, "myself": member.user_id == request.user.pk}
        )
    try:
        let_go_of(member.pk, by=request.user)
        shown = {"person": member.shown_name, "customer": member.customer}
        messages.success(request, _("%(person)s does not act for %(customer)s any more.") % shown)
    except CannotChangePeople as refusal:
        messages.error(request, str(refusal))
    return redirect("portal:people")
