"""A service at a glance: what needs somebody, what is in use, its term and price, and what happened last."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from prorata.changes.words import status_words
from prorata.customers.scope import may
from prorata.invoices.models import Invoice
from prorata.portal.facts_of_tickets import tickets_about
from prorata.portal.offer import days_left, monthly
from prorata.portal.timeline import KINDS, timeline
from prorata.portal.views.frame import Asked, signed_in
from prorata.portal.views.services import meters, my_situation
from prorata.services.readings import is_fresh
from prorata.support.models import Ticket

LAST = 6


@require_GET
@signed_in
def overview(request: Asked, pk: int) -> HttpResponse:
    """As last measured: the page of resources is the one that asks the machine."""
    found = my_situation(request, pk)
    service, fresh = found.service, is_fresh(found.reading, found.now)
    return render(
        request, "portal/overview.html",
        {
            "situation": found, "service": service, "days_left": days_left(found), "monthly": monthly(found),
            "tab": "overview", "meters": meters(service, found.reading, now_fresh=fresh), "zone": found.zone, "fresh": fresh,
            "pending": set(found.reading.restart_pending) if found.reading else set(),
            "may_change": may(request.user, service.customer_id, "change"),
            "change_words": status_words(found.open_change) if found.open_change else "",
            "unpaid": Invoice.objects.filter(service=service, status=Invoice.Status.OPEN).select_related("seller"),
            "tickets": tickets_about(service).exclude(state=Ticket.State.CLOSED),
            "facts": timeline(service, request.user, frozenset(KINDS), LAST),
        },
    )  # fmt: skip
