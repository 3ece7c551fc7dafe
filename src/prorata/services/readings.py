"""The newest reading of machines, and whether it is still to be believed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from prorata.services.models import Reading

# Older than this, what a machine uses is unknown: reductions wait, increases do not.
BELIEVED_FOR = timedelta(minutes=15)


def newest(service_id: int) -> Reading | None:
    return Reading.objects.filter(service_id=service_id).order_by("-taken_at", "-id").first()


def newest_of(service_ids: Iterable[int]) -> dict[int, Reading]:
    """The newest reading of each service, in one query."""
    rows = Reading.objects.filter(service_id__in=list(service_ids))
    newest_first = rows.order_by("service_id", "-taken_at", "-id").distinct("service_id")
    return {reading.service_id: reading for reading in newest_first}


def is_fresh(reading: Reading | None, now: datetime) -> bool:
    return reading is not None and now - reading.taken_at <= BELIEVED_FOR
