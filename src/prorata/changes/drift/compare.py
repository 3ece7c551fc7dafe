"""Compare one service: what is sold, what was invoiced, and what its machine has right now."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from prorata import clock
from prorata.changes.drift.in_flight import in_flight
from prorata.changes.drift.models import Difference
from prorata.changes.drift.record import Kept, record
from prorata.changes.drift.settled import settled
from prorata.changes.drift.sizes import Size, sizes
from prorata.customers.lock import lock_customer
from prorata.provisioning.drivers.base import DriverError, MachineUnknown
from prorata.provisioning.measure import measure
from prorata.services.lock import lock_service
from prorata.services.models import Reading, Service

# Their machines are nobody's, or another service's.
GONE = (Service.Status.TERMINATED, Service.Status.UNSTARTED)


@dataclass(frozen=True)
class Compared:
    """`busy_with` names the change under way that kept the service out, `silence` why it was not measured."""

    kept: Kept = field(default_factory=Kept)
    busy_with: str = ""
    silence: str = ""


def compare(service_id: int) -> Compared:
    """Entry action. Measures the machine between two looks at the service: if anything was done to it meanwhile, the
    reading belongs to neither side of that, and the service is left out."""
    service = Service.objects.get(pk=service_id)
    begun, version = clock.now(), service.version
    if service.status in GONE:
        return Compared(silence="its machine is nobody's any more")
    if busy := in_flight(
        service
    ):  # spares its machine the reading; the look under the lock is the one that counts
        return Compared(busy_with=busy)
    reading: Reading | None = None
    try:
        reading = measure(service)
    except MachineUnknown:
        pass
    except (DriverError, LookupError) as silence:
        return Compared(silence=str(silence))
    with transaction.atomic():
        lock_customer(service.customer_id)
        service = lock_service(service_id, service.customer_id)
        busy = in_flight(service, begun) or ("a change" if service.version != version else "")
        if busy:
            return Compared(busy_with=busy)
        return Compared(record(service, _found(service, reading), clock.now()))


def _found(service: Service, reading: Reading | None) -> dict[tuple[str, str], dict[str, Any]]:
    if reading is None:
        return {(Difference.Kind.UNKNOWN.value, ""): {}}
    rows = sizes(service, reading, settled(service))
    return {
        (Difference.Kind.SIZE.value, size.component): _values(size, reading.taken_at)
        for size in rows
        if size.differs
    }


def _values(size: Size, measured_at: datetime) -> dict[str, Any]:
    invoiced = size.invoiced
    return {
        "sold": size.sold, "measured": size.measured, "measured_at": measured_at,
        "invoiced": invoiced.value if invoiced else None, "invoiced_by": invoiced.origin if invoiced else "",
    }  # fmt: skip
