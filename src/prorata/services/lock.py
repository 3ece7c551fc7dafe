"""The second lock in the order that `customers.lock` gives."""

from __future__ import annotations

from prorata.customers.lock import assert_locked
from prorata.services.models import Service


def lock_service(service_id: int, customer_id: int) -> Service:
    """Lock one service of a customer that is locked already. Raises Service.DoesNotExist."""
    assert_locked(customer_id)
    return Service.objects.select_for_update(no_key=True).get(pk=service_id, customer_id=customer_id)
