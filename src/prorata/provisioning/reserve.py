"""Hold headroom on a host for a submitted change."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import connection
from django.db.models import Q, Sum

from prorata.provisioning.models import Reservation
from prorata.services.models import Reading, Service


def held_by_others(reading: Reading | None, service: Service, now: datetime) -> dict[str, int]:
    """What others take of the room this machine's reading found on its host, by component code.

    That is what is reserved, and what was used since the reading: it is not in there yet.
    """
    if reading is None or not reading.host or not reading.headroom:
        return {}
    since = Q(released_at=None, until__gt=now) | Q(released_at__gt=reading.taken_at)
    held = Reservation.objects.filter(since, host__driver=service.driver, host__name=reading.host).exclude(
        service=service
    )
    return {
        row["component"]: row["total"]
        for row in held.values("component").annotate(total=Sum("amount")).order_by()
    }


class NoRoom(Exception):
    """Another change took the host's room first; `component` says which ran out."""

    def __init__(self, component: str) -> None:
        super().__init__(component)
        self.component = component


def reserve(
    *,
    service: Service,
    reading: Reading | None,
    growth: Mapping[str, int],
    origin: str,
    until: datetime,
    now: datetime,
) -> None:
    """Hold `growth` (component -> how many more) until `until`. Raises NoRoom and then nothing is held.

    Components for which the host names no limit need no reservation.
    """
    limited = {
        code: n for code, n in growth.items() if n > 0 and reading is not None and code in reading.headroom
    }
    if not limited or reading is None:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT prorata_reserve(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [
                service.driver, reading.host, service.pk, origin, list(limited), list(limited.values()),
                [reading.headroom[code] for code in limited], reading.taken_at, until, now,
            ],
        )  # fmt: skip
        short = cursor.fetchone()[0]
    if short:
        raise NoRoom(short)


def prolong(origin: str, until: datetime) -> None:
    """Hold what is held for `origin` until then, if that is later."""
    Reservation.objects.filter(origin=origin, released_at=None, until__lt=until).update(until=until)


def release(origin: str, now: datetime) -> None:
    """Give back what is held for `origin`; harmless to repeat."""
    Reservation.objects.filter(origin=origin, released_at=None).update(released_at=now)
