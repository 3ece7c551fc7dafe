"""Delete a stored thing that stands in the way of a reduction: a snapshot, an old backup."""

from __future__ import annotations

from prorata.catalog.names import in_language
from prorata.changes.refusals import Refusal, Refused
from prorata.customers.models import User
from prorata.customers.scope import my_one
from prorata.provisioning.drivers.base import DriverError, DriverUnreachable
from prorata.provisioning.measure import measure
from prorata.provisioning.registry import driver
from prorata.services.models import Reading, Service


class CannotFree(Exception):
    """One line that says why it was not deleted."""


def delete_object(user: User, service: Service, object_id: str) -> Reading:
    """Delete one stored object of my machine and measure again. Raises CannotFree, Refused, or Http404."""
    mine = my_one(user, Service.objects.all(), right="change", pk=service.pk)
    if mine.status != Service.Status.ACTIVE:
        shown = {"status": mine.get_status_display(), "reason": in_language(mine.status_reason)}
        raise Refused(Refusal("not_active", None, shown))
    try:
        driver(mine.driver).delete_object(mine.external_id, object_id)
        return measure(mine)
    except DriverUnreachable as silence:
        raise CannotFree(
            "The hypervisor did not answer. Refresh in a moment to see whether it was deleted."
        ) from silence
    except DriverError as refusal:
        raise CannotFree(f"It was not deleted: {refusal.reason}") from refusal
