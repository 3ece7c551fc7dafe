"""What only a demo shows: the mails it would have sent."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from prorata.changes.situation import seller
from prorata.customers.scope import mine
from prorata.notices.models import Mail
from prorata.portal.views.frame import Asked, Slice, page_number, signed_in


def _mails(request: Asked) -> QuerySet[Mail]:
    """My customers' mails; staff see all. Outside a demo this page does not exist."""
    if not settings.PRORATA_SANDBOXES_ALLOWED:
        raise Http404("There is no such page.")
    sent = Mail.objects.exclude(state=Mail.State.OFF)
    return sent if request.user.is_staff else mine(request.user, sent, path="customer_id")


@require_GET
@signed_in
def mails(request: Asked) -> HttpResponse:
    found = Slice(_mails(request).order_by("-id"), page_number(request))
    return render(request, "portal/mails.html", {"page": found, "zone": ZoneInfo(seller().zone)})


@require_GET
@signed_in
def mail(request: Asked, pk: int) -> HttpResponse:
    found = get_object_or_404(_mails(request), pk=pk)
    return render(request, "portal/mail.html", {"mail": found, "zone": ZoneInfo(seller().zone)})
