"""Measure a service's machine and keep the reading."""

from __future__ import annotations

from datetime import datetime

from prorata import clock
from prorata.provisioning.deletions import settle
from prorata.provisioning.drivers import base
from prorata.provisioning.drivers.base import DriverError
from prorata.provisioning.registry import UnknownDriver, driver
from prorata.provisioning.silence import answered, fell_silent
from prorata.services.models import Reading, Service
from prorata.services.peaks import peaks

# Unknown is not none: until it is known again, nothing less is sold.
UNCOUNTED = "how many are stored is not known now"


def measure(service: Service) -> Reading:
    """Ask the hypervisor now. Raises DriverUnreachable, MachineUnknown, UnknownDriver; what was known before stands."""
    asked_at = clock.now()
    try:
        read = driver(service.driver).read(service.external_id)
    except (DriverError, UnknownDriver) as silence:
        fell_silent(service, str(silence))
        raise
    return keep(service, read, asked_at)


def keep(service: Service, read: base.Reading, at: datetime) -> Reading:
    """Store what a driver has read. `at` is the business time at which it was asked: what others use of the host after
    that may not be in the answer."""
    answered(service)
    usage = {code: str(amount) for code, amount in read.usage.items()}
    settle(service, {stored.id for stored in read.objects}, read.uncounted)
    fixed = dict.fromkeys(sorted(read.uncounted), UNCOUNTED) | dict(read.fixed)
    return Reading.objects.create(
        service=service, taken_at=at, state=read.state, busy_with=read.busy_with, host=read.host,
        configuration=read.configuration, usage=usage, peaks=peaks(service, usage, at), fixed=fixed,
        objects_stored=[
            {"id": o.id, "kind": o.kind, "name": o.name, "created_at": o.created_at.isoformat(), "size_gb": str(o.size_gb)}
            for o in read.objects
        ],
        headroom=read.headroom, restart_pending=sorted(read.restart_pending),
    )  # fmt: skip
