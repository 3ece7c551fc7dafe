"""Measure a service's machine and keep the reading."""

from __future__ import annotations

from prorata import clock
from prorata.provisioning.drivers import base
from prorata.provisioning.registry import driver
from prorata.services.models import Reading, Service


def measure(service: Service) -> Reading:
    """Ask the hypervisor now. Raises DriverUnreachable, MachineUnknown; what was known before then stands."""
    return keep(service, driver(service.driver).read(service.external_id))


def keep(service: Service, read: base.Reading) -> Reading:
    """Store what a driver has read, at business time."""
    return Reading.objects.create(
        service=service, taken_at=clock.now(), state=read.state, busy_with=read.busy_with, host=read.host,
        configuration=read.configuration, usage={code: str(amount) for code, amount in read.usage.items()},
        objects_stored=[
            {"id": o.id, "kind": o.kind, "name": o.name, "created_at": o.created_at.isoformat(), "size_gb": str(o.size_gb)}
            for o in read.objects
        ],
        headroom=read.headroom, restart_pending=sorted(read.restart_pending),
    )  # fmt: skip
