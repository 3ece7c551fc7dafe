"""One round at one hypervisor: how are your machines? A job of its own, so that a slow one delays no other."""

from __future__ import annotations

import logging
import time
from datetime import datetime
from zlib import crc32

from django.db.models import F, OuterRef, Q, QuerySet, Subquery

from prorata import clock
from prorata.provisioning.drivers.base import DriverError, DriverUnreachable
from prorata.provisioning.measure import measure
from prorata.services.models import Reading, Service

log = logging.getLogger(__name__)
# Their machines are nobody's, or another service's.
GONE = (Service.Status.TERMINATED, Service.Status.UNSTARTED)
# A round ends before the next begins; who was not asked is first then.
ROUND_SECONDS = 40
# More cannot be asked in that time; all of a large hypervisor's services would take longer to load than to ask.
MOST = 2_000
# So many without an answer, one after another, and the hypervisor itself is down.
UNANSWERED = 3
SPREAD_SECONDS = 15


def hypervisors() -> list[str]:
    """Codes of the drivers that run something."""
    live = Service.objects.exclude(status__in=GONE)
    return list(live.order_by("driver").values_list("driver", flat=True).distinct())


def offset(driver: str) -> int:
    """Seconds into the minute, by its name: hypervisors are not all asked in the same second."""
    return crc32(driver.encode()) % SPREAD_SECONDS


def round_at(driver: str) -> None:
    """Read the machines that are due, longest unread first. One that does not answer keeps its last reading."""
    ends, unanswered = time.monotonic() + ROUND_SECONDS, 0
    for service in due(driver, clock.now())[:MOST]:
        if time.monotonic() >= ends or unanswered == UNANSWERED:
            break
        try:
            measure(service)
            unanswered = 0
        except (DriverError, LookupError) as silence:
            log.warning("%s was not measured: %s", service, silence)
            unanswered += isinstance(silence, DriverUnreachable)


def due(driver: str, now: datetime) -> QuerySet[Service]:
    """Those that answer first: who is silent must not use up the round."""
    last = Reading.objects.filter(service=OuterRef("pk")).order_by("-taken_at", "-id").values("taken_at")[:1]
    asked_later = Q(silence__ask_again_at__gt=now)
    rows = Service.objects.filter(driver=driver).exclude(Q(status__in=GONE) | asked_later)
    return rows.order_by(
        F("silence__ask_again_at").asc(nulls_first=True),
        Subquery(last).asc(nulls_first=True),
        "pk",
    )
