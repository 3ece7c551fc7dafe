"""Services, and what one of them has."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.db.models import OuterRef, Prefetch, QuerySet, Subquery
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from prorata import clock
from prorata.catalog.models import Option, ResourceType
from prorata.changes import states
from prorata.changes.models import Change
from prorata.changes.refresh import JUST_NOW, refresh
from prorata.changes.situation import Situation, seller, situation
from prorata.changes.words import status_words
from prorata.customers.models import User
from prorata.customers.scope import may, mine, my_one
from prorata.portal.cards import card
from prorata.portal.offer import days_left, monthly
from prorata.portal.quantities import with_unit
from prorata.portal.ruler import percent
from prorata.portal.views.frame import Asked, Slice, page_number, safe_next, sent_from, signed_in
from prorata.portal.views.tries import at_most
from prorata.pricing.terms import local_date
from prorata.services.models import Reading, Service
from prorata.services.readings import is_fresh, newest_of


@dataclass(frozen=True, kw_only=True)
class Meter:
    """How much of one resource is in use; `share` empty where it is not known."""

    name: str
    text: str
    share: str


def services_of(user: User) -> QuerySet[Service]:
    """My services with all that a list of them shows, whatever their number."""
    options = Prefetch("product__resource_types__options", Option.objects.all())
    open_changes = Change.objects.filter(service=OuterRef("pk"), status__in=states.OPEN)
    rows = mine(user, Service.objects.select_related("product", "customer"))
    return rows.prefetch_related("product__resource_types", options).annotate(
        change_status=Subquery(open_changes.values("status")[:1]),
        change_reference=Subquery(open_changes.values("reference")[:1]),
    )


@require_GET
@signed_in
def index(request: Asked) -> HttpResponse:
    found = Slice(services_of(request.user), page_number(request))
    readings = newest_of(service.pk for service in found.rows)
    now, zone = clock.now(), ZoneInfo(seller().zone)
    rows = [
        {
            "service": service,
            "meters": meters(
                service, readings.get(service.pk), now_fresh=is_fresh(readings.get(service.pk), now)
            ),
            "days_left": (local_date(service.term_ends_at, zone) - local_date(now, zone)).days,
            "change_words": status_words(Change(status=service.change_status))
            if service.change_status
            else "",
        }
        for service in found.rows
    ]
    return render(request, "portal/services.html", {"rows": rows, "page": found, "zone": zone})


def meters(service: Service, reading: Reading | None, *, now_fresh: bool) -> list[Meter]:
    """The first few resources at rest: what is used of what there is, or the option that was chosen."""
    shown: list[Meter] = []
    for kind in service.product.resource_types.all():
        value = service.configuration.get(kind.code)
        if value is None:
            continue
        if kind.kind == ResourceType.Kind.OPTION:
            named = next((option.name for option in kind.options.all() if option.code == value), str(value))
            shown.append(Meter(name=kind.name, text=named, share=""))
        elif kind.usage != ResourceType.Usage.NONE or kind.code in (reading.usage if reading else {}):
            shown.append(_meter(kind, int(value), reading if now_fresh else None))
        else:
            shown.append(Meter(name=kind.name, text=with_unit(Decimal(value), kind.unit), share=""))
    return shown[:5]


def _meter(kind: ResourceType, value: int, reading: Reading | None) -> Meter:
    if reading is None:
        text = _("unknown of %(value)s") % {"value": with_unit(Decimal(value), kind.unit)}
        return Meter(name=kind.name, text=text, share="")
    if kind.usage == ResourceType.Usage.OBJECTS:
        used = Decimal(sum(1 for stored in reading.objects_stored if stored["kind"] == kind.code))
    else:
        used = Decimal(reading.usage.get(kind.code, 0))
    shown = {"used": with_unit(used, ""), "value": with_unit(Decimal(value), kind.unit)}
    share = float(min(used / value, Decimal(1))) if value else 0.0
    return Meter(name=kind.name, text=_("%(used)s of %(value)s") % shown, share=percent(share))


def my_situation(request: Asked, pk: int, *, measure: bool = False, insist: bool = False) -> Situation:
    """One of my services as it stands; `measure` asks its machine first if the last reading is not of just now,
    `insist` also one that has not answered lately. Staff who view the portal see what was measured before."""
    service = my_one(request.user, Service.objects.select_related("product"), pk=pk)
    if measure and request.user.looks_at is None:
        refresh(service, insist=insist)
    return situation(service)


@require_GET
@signed_in
def resources(request: Asked, pk: int) -> HttpResponse:
    found = my_situation(request, pk, measure=True)
    service, reading = found.service, found.reading
    cards = (
        [card(limit, found.book, service.currency) for limit in found.limits.values()] if found.book else []
    )
    pending = set(reading.restart_pending) if reading else set()
    changing = {line.component: line for line in found.open_change.lines.all()} if found.open_change else {}
    rows = [
        {
            "card": one,
            "share": share(one.limit.used, one.limit.current),
            "floor_share": share(one.limit.floor, one.limit.current),
            "measured": reading.configuration.get(one.code) if reading else None,
            "pending": one.code in pending,
            "changing": changing.get(one.code),
        }
        for one in cards
    ]
    return render(
        request, "portal/resources.html",
        {
            "situation": found, "service": service, "rows": rows, "monthly": monthly(found), "days_left": days_left(found),
            "fresh": is_fresh(reading, found.now), "may_change": may(request.user, service.customer_id, "change"),
            "pending": pending, "change": found.open_change, "tab": "resources",
            "change_words": status_words(found.open_change) if found.open_change else "",
        },
    )  # fmt: skip


def share(part: Decimal | int | str | None, whole: int | str) -> str:
    if part is None or isinstance(part, str) or isinstance(whole, str) or not whole:
        return ""
    return percent(float(min(Decimal(part) / whole, Decimal(1))))


@sent_from("portal:resources", "pk")
@signed_in
@at_most("refresh")
def measure(request: Asked, pk: int) -> HttpResponse:
    """Refresh: ask the machine now."""
    found = my_situation(request, pk, measure=True, insist=True)
    tell_silence(request, found)
    return redirect(safe_next(request, reverse("portal:resources", args=[pk])))


def tell_silence(request: Asked, found: Situation) -> None:
    """Somebody asked for a new reading: a silent machine is said to be silent."""
    if found.reading is None or found.now - found.reading.taken_at >= JUST_NOW:
        messages.warning(request, _("The machine does not answer now. What you see is its last reading."))
