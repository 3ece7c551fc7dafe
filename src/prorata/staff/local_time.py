"""Times on the desk are shown and read in the seller's billing zone, the zone its documents are dated in."""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from prorata.invoices.models import Seller


def sellers_zone() -> ZoneInfo:
    """The first seller's zone; UTC until there is a seller."""
    name = Seller.objects.order_by("pk").values_list("zone", flat=True).first()
    return ZoneInfo(name or "UTC")


class SellersZone:
    """Middleware: the pages of the desk speak the seller's time."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(reverse("admin:index")) or not request.user.is_staff:
            return self.get_response(request)
        with timezone.override(sellers_zone()):
            return self.get_response(request)
