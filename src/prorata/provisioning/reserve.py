"""Hold headroom on a host for a submitted change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.db import connection
from django.db.models import F

from prorata.provisioning.models import Host, Reservation
from prorata.services.models import Reading, Service


@dataclass(frozen=True)
class Taken:
    """What stands between a machine and the room that its reading found on its host, by component code.

    by_others   units that are reserved by others, or were used by them since the reading
    left_over   units that this customer's unpaid changes may hold beside those they hold already; a code is absent
                where they hold nothing yet
    """

    by_others: Mapping[str, int] = field(default_factory=dict)
    left_over: Mapping[str, int] = field(default_factory=dict)


# By component: what others hold on a host or have taken since a reading, and how much of it this customer's unpaid changes.
HELD_BY_OTHERS = """
SELECT r.component, sum(r.amount),
       sum(r.amount) FILTER (WHERE r.released_at IS NULL AND r.until > %(now)s AND r.awaits_payment
                               AND s.customer_id = %(customer)s)
  FROM provisioning_reservation r
  JOIN provisioning_host h ON h.id = r.host_id
  JOIN services_service s ON s.id = r.service_id
 WHERE h.driver = %(driver)s AND h.name = %(host)s AND r.service_id <> %(service)s
   AND (r.released_at IS NULL AND r.until > %(now)s OR r.released_at > %(taken_at)s)
 GROUP BY r.component
"""


def taken(reading: Reading | None, service: Service, now: datetime) -> Taken:
    """Reads what is held on the machine's host. Locks nothing: `reserve` looks again under the host's lock."""
    if reading is None or not reading.host or not reading.headroom:
        return Taken()
    with connection.cursor() as cursor:
        cursor.execute(
            HELD_BY_OTHERS,
            {"now": now, "taken_at": reading.taken_at, "customer": service.customer_id, "service": service.pk,
             "driver": service.driver, "host": reading.host},
        )  # fmt: skip
        found = cursor.fetchall()
    return Taken(
        by_others={code: total for code, total, own in found},
        left_over={
            code: max(_share(reading.headroom.get(code, 0)) - own, 0) for code, total, own in found if own
        },
    )


def _share(room: int) -> int:
    """As much of a host's free room as one customer's unpaid changes may hold together."""
    return room * int(settings.PRORATA_UNPAID_ROOM_PERCENT) // 100


class NoRoom(Exception):
    """`component` says which ran out: another change took the room, or, with `left_over`, this customer's own unpaid
    changes hold as much as they may, save so many units."""

    def __init__(self, component: str, left_over: int | None = None) -> None:
        super().__init__(component)
        self.component, self.left_over = component, left_over


def reserve(
    *,
    service: Service,
    reading: Reading | None,
    growth: Mapping[str, int],
    origin: str,
    awaits_payment: bool,
    until: datetime,
    now: datetime,
) -> None:
    """Hold `growth` (component -> how many more) until `until`. Raises NoRoom and then nothing is held.

    Components for which the host names no limit need no reservation. While a customer's changes are unpaid, one of them
    may hold what it needs, and several together no more than the share PRORATA_UNPAID_ROOM_PERCENT of the free room.
    """
    limited = {
        code: n for code, n in growth.items() if n > 0 and reading is not None and code in reading.headroom
    }
    if not limited or reading is None:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT short, left_over FROM prorata_reserve(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [
                service.driver, reading.host, service.pk, origin, list(limited), list(limited.values()),
                [reading.headroom[code] for code in limited],
                [_share(reading.headroom[code]) for code in limited], reading.taken_at, until, now, awaits_payment,
            ],
        )  # fmt: skip
        short = cursor.fetchone()
    if short:
        raise NoRoom(*short)


def paid(origin: str) -> None:
    """What is held for `origin` is paid for; harmless to repeat."""
    Reservation.objects.filter(origin=origin, awaits_payment=True).update(awaits_payment=False)


def prolong(origin: str, until: datetime) -> None:
    """Hold what is held for `origin` until then, if that is later."""
    Reservation.objects.filter(origin=origin, released_at=None, until__lt=until).update(until=until)


def hosts_held_on(origin: str) -> set[str]:
    """The hosts on which something is held for `origin`."""
    held = Reservation.objects.filter(origin=origin, released_at=None)
    return set(held.values_list("host__name", flat=True))


def take_along(origin: str, *, driver: str, host: str) -> None:
    """The machine stands on another host now, and so does what is held for `origin`; harmless to repeat."""
    there, _ = Host.objects.get_or_create(driver=driver, name=host)
    if Reservation.objects.filter(origin=origin, released_at=None).exclude(host=there).update(host=there):
        Host.objects.filter(pk=there.pk).update(generation=F("generation") + 1)


def release(origin: str, now: datetime) -> None:
    """Give back what is held for `origin`; harmless to repeat."""
    Reservation.objects.filter(origin=origin, released_at=None).update(released_at=now)
