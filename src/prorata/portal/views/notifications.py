"""What happened, as the mails tell it, for somebody who looks here instead."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from prorata.changes.situation import seller
from prorata.notices.bell import news, saw, seen_up_to
from prorata.portal.views.frame import Asked, Slice, page_number, signed_in


@require_GET
@signed_in
def index(request: Asked) -> HttpResponse:
    """The newest first; what was new stands out once. Whoever has opened the list has seen it."""
    found = Slice(news(request.user), page_number(request))
    seen = seen_up_to(request.user)
    if found.rows and found.rows[0].pk > seen:
        saw(request.user, found.rows[0].pk)
    context = {"page": found, "seen": seen, "zone": ZoneInfo(seller().zone)}
    return render(request, "portal/notifications.html", context)


@require_GET
@signed_in
def one(request: Asked, pk: int) -> HttpResponse:
    """The whole text, with its links."""
    found = get_object_or_404(news(request.user), pk=pk)
    return render(request, "portal/notification.html", {"told": found, "zone": ZoneInfo(seller().zone)})
