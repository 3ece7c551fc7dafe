"""Ask a service's machine how it is, unless it was asked just now."""

from __future__ import annotations

from datetime import timedelta

from prorata import clock
from prorata.provisioning.drivers.base import DriverError
from prorata.provisioning.measure import measure
from prorata.provisioning.registry import UnknownDriver
from prorata.provisioning.silence import is_left_alone
from prorata.services.models import Reading, Service
from prorata.services.readings import newest

JUST_NOW = timedelta(seconds=5)


def refresh(service: Service, *, insist: bool = False) -> Reading | None:
    """The newest reading, taken now if the last is older than a few seconds. A silent machine keeps its last one, and
    nobody waits for it again before it is to be asked again, unless somebody does `insist`."""
    last = newest(service.pk)
    if last is not None and clock.now() - last.taken_at < JUST_NOW:
        return last
    if not insist and is_left_alone(service, clock.now()):
        return last
    try:
        return measure(service)
    except (DriverError, UnknownDriver):
        return last
