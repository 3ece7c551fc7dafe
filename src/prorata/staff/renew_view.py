"""Renew a service: see what its next term costs, confirm it; and cancel a term that is not paid."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from prorata.changes.models import SoldTerm
from prorata.changes.situation import NoSeller
from prorata.changes.terms.close import cancel
from prorata.changes.terms.refused import CannotSell
from prorata.changes.terms.renew import renew, renewal_offer
from prorata.changes.terms.write import Payment
from prorata.customers.models import User
from prorata.services.models import Service
from prorata.staff.pages import page
from prorata.staff.term_forms import RenewalForm, fresh
from prorata.staff.term_price import said_after, shown


def renew_service(request: HttpRequest, pk: int) -> HttpResponse:
    """The price of a term as long as the last one stands there at once; another length is asked for by the button."""
    service = get_object_or_404(Service.objects.select_related("product", "customer"), pk=pk)
    form = RenewalForm(request.POST or None, initial=fresh(months=service.term_months))
    form.offer_credit(service.customer_id, service.currency)
    price, problem, months, payment = None, "", service.term_months, Payment()
    if request.method == "POST" and form.is_valid():
        months, payment = form.cleaned_data["months"], form.payment()
        try:
            if request.POST.get("do") == "confirm" and request.POST.get("shown_minor", "").isdecimal():
                return _renewed(request, service, form)
        except (CannotSell, NoSeller) as refused:
            problem = str(refused)
    if not form.errors:
        try:
            price = shown(renewal_offer(service, months), service.customer_id, payment)
        except (CannotSell, NoSeller) as refused:
            problem = problem or str(refused)
    return page(
        request, "renew.html", title=_("Renew %(name)s") % {"name": service}, model=Service, form=form, service=service,
        price=price, problem=problem, confirm=_("Renew it for %(gross)s") % {"gross": price["gross"]} if price else "",
        after=_("The next term counts when the invoice is paid. Until then the service cannot be changed."),
        back=("admin:services_service_change", service.pk),
    )  # fmt: skip


def _renewed(request: HttpRequest, service: Service, form: RenewalForm) -> HttpResponse:
    version = request.POST.get("shown_version", "")
    term = renew(
        service, form.cleaned_data["months"], shown_minor=int(request.POST["shown_minor"]),
        shown_version=int(version) if version.isdecimal() else 0, key=form.cleaned_data["key"],
        staff=cast(User, request.user), payment=form.payment(),
    )  # fmt: skip
    messages.success(request, said_after(term))
    return redirect("admin:services_service_change", service.pk)


def cancel_term(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask once, then cancel. One that is paid meanwhile stays as it is."""
    term = get_object_or_404(SoldTerm.objects.select_related("service", "invoice"), pk=pk)
    if request.method == "POST":
        try:
            cancel(term.pk, cast(User, request.user))
        except CannotSell as refused:
            messages.error(request, str(refused))
        else:
            messages.success(request, _("Term %(term)s is cancelled. Nothing is owed.") % {"term": term})
        return redirect("admin:changes_soldterm_change", pk)
    lead = _("Its invoice is closed and credit that was held for it is free again. Money that still arrives becomes account"
             " credit.")  # fmt: skip
    if term.kind == SoldTerm.Kind.PURCHASE:
        lead += " " + _("The service never starts, and its machine can be sold again.")
    return page(
        request, "form.html", title=_("Cancel term %(term)s of %(service)s") % {"term": term, "service": term.service},
        model=SoldTerm, form=[], lead=lead, button=_("Cancel the term"), variant="danger",
        back=("admin:changes_soldterm_change", pk),
    )  # fmt: skip
