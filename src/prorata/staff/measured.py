"""What is known of a service's machine, how old it is, and who has not answered: for the service's page on the desk."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import render_to_string
from django.utils.timesince import timesince
from django.utils.translation import gettext as _

from prorata import clock
from prorata.provisioning.drivers.base import DriverError
from prorata.provisioning.measure import measure
from prorata.provisioning.models import Deletion, Silence
from prorata.provisioning.registry import UnknownDriver
from prorata.services.models import Reading, Service
from prorata.services.readings import is_fresh

SHOWN = 8


def measured(service: Service) -> str:
    """The last readings with their age, the host's room, what never shrinks, what waits, and a silence."""
    now = clock.now()
    last = list(Reading.objects.filter(service=service).order_by("-taken_at", "-id")[:SHOWN])
    names = dict(service.product.resource_types.values_list("code", "name"))
    newest = last[0] if last else None
    return render_to_string(
        "staff/measured.html",
        {
            "reading": newest, "readings": last, "fresh": is_fresh(newest, now),
            "age": timesince(newest.taken_at, now) if newest else "",
            "resources": [_resource(code, name, newest) for code, name in names.items()] if newest else [],
            "silence": Silence.objects.filter(service=service).first(),
            "deletions": Deletion.objects.filter(service=service, ended_at=None).select_related("asked_by"),
        },
    )  # fmt: skip


def _resource(code: str, name: str, reading: Reading) -> dict[str, object]:
    return {
        "name": name, "used": reading.usage.get(code), "peak": reading.peaks.get(code),
        "stored": sum(1 for one in reading.objects_stored if one["kind"] == code),
        "room": reading.headroom.get(code), "fixed": reading.fixed.get(code, ""),
        "pending": code in reading.restart_pending,
    }  # fmt: skip


def measure_now(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask the machine, and come back with what it said."""
    service = get_object_or_404(Service, pk=pk)
    try:
        measure(service)
        messages.success(request, _("Measured."))
    except (DriverError, UnknownDriver) as silence:
        said = _("It was not measured: %(reason)s. What was known before stands.")
        messages.error(request, said % {"reason": str(silence).rstrip(".")})
    return redirect("admin:services_service_change", pk)
