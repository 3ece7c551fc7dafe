"""Lock a change the right way round: customer, service, change. For entry actions only."""

from __future__ import annotations

from prorata.changes.models import Change
from prorata.customers.lock import lock_customer
from prorata.services.lock import lock_service


def lock_change(change_id: int) -> Change:
    """Find the ids unlocked, lock from the top, read the change again. Raises Change.DoesNotExist."""
    found = Change.objects.values_list("customer_id", "service_id").get(pk=change_id)
    customer = lock_customer(found[0])
    service = lock_service(found[1], found[0])
    change = (
        Change.objects.select_for_update(of=("self",), no_key=True)
        .select_related("quote", "invoice")
        .get(pk=change_id)
    )
    change.service, change.customer = service, customer
    return change
