"""The newest reading of machines, and whether it is still to be believed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from prorata.services.models import Reading

# Older than this, what a machine uses is unknown: reductions wait, increases do not.
BELIEVED_FOR = timedelta(minutes=15)


# As text: for the page that asks most often, Django would take longer to write it than PostgreSQL to answer.
NEWEST = "SELECT * FROM services_reading WHERE service_id = %s ORDER BY taken_at DESC, id DESC LIMIT 1"


def newest(service_id: int) -> Reading | None:
    return next(iter(Reading.objects.raw(NEWEST, [service_id])), None)


def newest_of(service_ids: Iterable[int]) -> dict[int, Reading]:
    """The newest reading of each service, in one query."""
    rows = Reading.objects.filter(service_id__in=list(service_ids))
    newest_first = rows.order_by("service_id", "-taken_at", "-id").distinct("service_id")
    return {reading.service_id: reading for reading in newest_first}


def is_fresh(reading: Reading | None, now: datetime) -> bool:
    return reading is not None and now - reading.taken_at <= BELIEVED_FOR
