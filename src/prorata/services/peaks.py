"""The most that was used in a product's window, kept with each reading: a floor that one quiet minute does not lower."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import DecimalField
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast

from prorata.catalog.models import ResourceType
from prorata.services.models import Reading, Service
from prorata.services.readings import newest

Peak = dict[str, str | int]


def peaks(service: Service, usage: Mapping[str, str], at: datetime) -> dict[str, Peak]:
    """Code -> {"amount", "at", "days"} of each resource that has a window; the use measured `at` counts among the rest.

    The last reading knows the peak before; the window is looked through only when that one has left it.
    """
    windows = dict(
        ResourceType.objects.filter(product_id=service.product_id, peak_days__gt=0).values_list(
            "code", "peak_days"
        )
    )
    last = newest(service.pk) if windows else None
    before = last.peaks if last else {}
    return {
        code: _peak(service.pk, code, days, usage[code], at, before.get(code))
        for code, days in windows.items()
        if code in usage
    }


def _peak(service_id: int, code: str, days: int, amount: str, at: datetime, before: Peak | None) -> Peak:
    since = at - timedelta(days=days)
    if before is None or before["days"] != days or datetime.fromisoformat(str(before["at"])) < since:
        before = _look_back(service_id, code, days, since)
    if before is not None and Decimal(str(before["amount"])) > Decimal(amount):
        return before
    return {"amount": amount, "at": at.isoformat(), "days": days}


def _look_back(service_id: int, code: str, days: int, since: datetime) -> Peak | None:
    rows = Reading.objects.filter(service_id=service_id, taken_at__gte=since, usage__has_key=code)
    used = Cast(KeyTextTransform(code, "usage"), DecimalField(max_digits=30, decimal_places=10))
    found = rows.annotate(used=used).order_by("-used", "-taken_at").first()
    return {"amount": found.usage[code], "at": found.taken_at.isoformat(), "days": days} if found else None
