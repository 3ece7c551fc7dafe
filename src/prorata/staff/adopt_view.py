"""Adopt a machine that runs already as a service: choose it, see what it really is, say what was paid for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from prorata.catalog.values import Value
from prorata.changes.adopt import CannotAdopt, adopt
from prorata.changes.situation import NoSeller
from prorata.provisioning.drivers.base import DriverError, MachineUnknown
from prorata.provisioning.registry import UnknownDriver, driver
from prorata.services.models import Service
from prorata.staff.adopt_forms import MachineForm, ServiceForm, on_machines
from prorata.staff.pages import page

TITLE = "Adopt a machine"


def adopt_machine(request: HttpRequest) -> HttpResponse:
    """First page without a machine, second with one; the choice travels in the address, so Back and reload are safe."""
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
        messages.warning(
            request,
            _("The machine could not be read: %(why)s. Fill in what was sold, or reload to ask again.")
            % {"why": str(silent).rstrip(".") or _("no answer")},
        )
        measured = None
    return _fill_in(request, which.cleaned_data, measured)


def _choose(request: HttpRequest, which: MachineForm) -> HttpResponse:
    return page(request, "adopt_choose.html", title=_(TITLE), model=Service, form=which, free=free_machines())


def free_machines() -> list[tuple[str, list[str] | None]]:
    """Per connection the machines that no service has; None where the hypervisor does not answer."""
    found: list[tuple[str, list[str] | None]] = []
    for code in sorted(settings.PRORATA_DRIVERS):
        try:
            there = driver(code).list_machines()
        except (DriverError, UnknownDriver):
            found.append((code, None))
            continue
        sold = set(on_machines(code).values_list("external_id", flat=True))
        found.append((code, [machine for machine in there if machine not in sold]))
    return found


def _fill_in(
    request: HttpRequest, which: Mapping[str, Any], measured: Mapping[str, Value] | None
) -> HttpResponse:
    zone = timezone.get_current_timezone_name()
    form = ServiceForm(
        request.POST or None,
        product=which["product"],
        currency=which["currency"],
        zone=zone,
        measured=measured,
        initial={"name": which["external_id"]},
    )
    if request.method == "POST" and form.is_valid():
        service = _adopt(request, which, form)
        if service is not None:
            messages.success(
                request, _("%(name)s is adopted. Its opening layers stand below.") % {"name": service}
            )
            return redirect("admin:services_service_change", service.pk)
    return page(
        request,
        "adopt_fill_in.html",
        title=_(TITLE),
        model=Service,
        form=form,
        which=which,
        measured=measured,
        button=_("Adopt as a service"),
    )


def _adopt(request: HttpRequest, which: Mapping[str, Any], form: ServiceForm) -> Service | None:
    values = form.cleaned_data
    try:
        return adopt(
            customer=which["customer"],
            product=which["product"],
            name=values["name"],
            driver=which["driver"],
            external_id=which["external_id"],
            term_starts_at=values["term_starts_at"],
            term_ends_at=values["term_ends_at"],
            term_months=values["term_months"],
            configuration=form.configuration(),
            paid_minor=values["paid_minor"],
            bought_at=values["price_book"].pk if values.get("price_book") else None,
            currency=which["currency"],
            staff=request.user,  # type: ignore[arg-type]
        )
    except (CannotAdopt, NoSeller) as refused:
        form.add_error(None, str(refused))
    return None
