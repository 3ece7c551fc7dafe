"""Sell a service: choose the machine, see the price line by line, confirm it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from prorata import clock
from prorata.catalog.values import Value
from prorata.changes.models import SoldTerm
from prorata.changes.situation import NoSeller
from prorata.changes.terms.refused import CannotSell
from prorata.changes.terms.sell import Wanted, offer, sell
from prorata.changes.terms.write import sold_before
from prorata.provisioning.drivers.base import DriverError, MachineUnknown
from prorata.provisioning.registry import UnknownDriver, driver
from prorata.services.models import Service
from prorata.staff.adopt_forms import MachineForm
from prorata.staff.adopt_view import free_machines
from prorata.staff.pages import page
from prorata.staff.term_forms import SaleForm, fresh
from prorata.staff.term_price import said_after, shown

TITLE = "Sell a service"


def sell_service(request: HttpRequest) -> HttpResponse:
    """First page without a machine, second with one; the choice travels in the address, so Back and reload are safe."""
    if request.method == "POST" and (known := sold_before(request.POST.get("key", ""))) is not None:
        return _to_service(request, known)  # the button was pressed twice
    asked = "external_id" in request.GET
    which = MachineForm(request.GET if asked else None, initial={"customer": request.GET.get("customer")})
    if not asked or not which.is_valid():
        return _choose(request, which)
    try:
        measured = driver(which.cleaned_data["driver"]).read(which.cleaned_data["external_id"]).configuration
    except MachineUnknown:
        which.add_error(
            "external_id",
            _("The hypervisor has no machine of this id. Look at the list below, or ask its console."),
        )
        return _choose(request, which)
    except (DriverError, UnknownDriver) as silent:
        why = str(silent).rstrip(".") or _("no answer")
        which.add_error(
            "external_id", _("The machine could not be read: %(why)s. Try again in a moment.") % {"why": why}
        )
        return _choose(request, which)
    return _fill_in(request, which.cleaned_data, measured)


def _choose(request: HttpRequest, which: MachineForm) -> HttpResponse:
    return page(
        request, "adopt_choose.html", title=_(TITLE), model=Service, form=which, free=free_machines(),
        lead=_("Step 1 of 2: who buys, and which machine? It runs already and is nobody's service."),
    )  # fmt: skip


def _fill_in(request: HttpRequest, which: Mapping[str, Any], measured: Mapping[str, Value]) -> HttpResponse:
    now = timezone.localtime(clock.now()).replace(second=0, microsecond=0)
    form = SaleForm(
        request.POST or None, product=which["product"], measured=measured, zone=timezone.get_current_timezone_name(),
        initial=fresh(name=which["external_id"], starts_at=now, months=12),
    )  # fmt: skip
    form.offer_credit(which["customer"].pk, which["currency"])
    price = None
    if request.method == "POST" and form.is_valid():
        wanted = _wanted(which, form)
        try:
            if request.POST.get("do") == "confirm" and request.POST.get("shown_minor", "").isdecimal():
                return _sold(request, wanted, form)
        except (CannotSell, NoSeller) as refused:
            form.add_error(None, str(refused))
        try:
            price = shown(offer(wanted), which["customer"].pk, form.payment())
        except (CannotSell, NoSeller) as refused:
            if not form.non_field_errors():
                form.add_error(None, str(refused))
    return page(
        request, "sell.html", title=_(TITLE), model=Service, form=form, which=which, price=price,
        confirm=_("Sell it for %(gross)s") % {"gross": price["gross"]} if price else "",
        after=_("The service becomes active when the invoice is paid."),
    )  # fmt: skip


def _sold(request: HttpRequest, wanted: Wanted, form: SaleForm) -> HttpResponse:
    term: SoldTerm = sell(
        wanted, shown_minor=int(request.POST["shown_minor"]), key=form.cleaned_data["key"],
        staff=request.user, payment=form.payment(),  # type: ignore[arg-type]
    )  # fmt: skip
    return _to_service(request, term)


def _to_service(request: HttpRequest, term: SoldTerm) -> HttpResponse:
    messages.success(request, said_after(term))
    return redirect("admin:services_service_change", term.service_id)


def _wanted(which: Mapping[str, Any], form: SaleForm) -> Wanted:
    values = form.cleaned_data
    return Wanted(
        customer=which["customer"], product=which["product"], name=values["name"], currency=which["currency"],
        months=values["months"], starts_at=values["starts_at"], driver=which["driver"], external_id=which["external_id"],
        configuration=form.configuration(),
    )  # fmt: skip
