"""Compare the machines that the hypervisors list with the services that we have."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.db import connection, transaction

from prorata import clock
from prorata.changes.drift.models import Comparison, Difference
from prorata.changes.drift.record import Kept, close, record, see_again
from prorata.customers.lock import lock_customer
from prorata.provisioning.drivers.base import DriverError
from prorata.provisioning.registry import driver
from prorata.services.lock import lock_service
from prorata.services.models import Service

Kind = Difference.Kind
# Orphans have no customer to lock: one comparison at a time writes them.
LOCK = 0x6472696674


def compare_machines(run: Comparison) -> None:
    """Every connection's list of machines, against the services on it. One that does not answer changes nothing there."""
    for code in settings.PRORATA_DRIVERS:
        try:
            listed = driver(code).list_machines()
        except (DriverError, LookupError) as silence:
            run.silent = [*run.silent, {"driver": code, "why": str(silence)}]
            continue
        run.machines += len(listed)
        for kept in (_orphans(code, listed), *_left_behind(code, set(listed))):
            run.opened += kept.opened
            run.closed += kept.closed


@transaction.atomic
def _orphans(code: str, listed: Iterable[str]) -> Kept:
    """Machines that no service has: somebody made them by hand, or a purchase that was never paid gave them free again."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    now = clock.now()
    ours = Service.objects.filter(driver=code).exclude(status=Service.Status.UNSTARTED)
    alone = set(listed) - set(ours.values_list("external_id", flat=True))
    known = {
        one.external_id: one
        for one in Difference.objects.filter(kind=Kind.ORPHAN, driver=code, closed_at=None)
    }
    for external_id, one in known.items():
        if external_id in alone:
            see_again(one, {}, now)
        else:
            close(one, Difference.Ended.GONE, now)
    new = sorted(alone - set(known))
    Difference.objects.bulk_create(
        Difference(kind=Kind.ORPHAN, driver=code, external_id=one, first_seen_at=now, last_seen_at=now)
        for one in new
    )
    return Kept(len(new), len(set(known) - alone))


def _left_behind(code: str, listed: set[str]) -> Iterable[Kept]:
    """Services that ended: their machine should be gone, and nothing else of them differs any more."""
    ended = Service.objects.filter(driver=code, status=Service.Status.TERMINATED)
    there = ended.filter(external_id__in=listed) | ended.filter(
        differences__closed_at=None, differences__isnull=False
    )
    for pk, customer_id in there.order_by("pk").values_list("pk", "customer_id").distinct():
        yield _of_ended(pk, customer_id, listed, clock.now())


@transaction.atomic
def _of_ended(service_id: int, customer_id: int, listed: set[str], now: datetime) -> Kept:
    lock_customer(customer_id)
    service = lock_service(service_id, customer_id)
    if service.status != Service.Status.TERMINATED:
        return Kept()
    return record(service, {(Kind.LEFT.value, ""): {}} if service.external_id in listed else {}, now)
