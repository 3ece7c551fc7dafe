"""Lock a term the right way round: customer, service, term. For entry actions only."""

from __future__ import annotations

from prorata.changes.models import SoldTerm
from prorata.customers.lock import lock_customer
from prorata.services.lock import lock_service


def lock_term(term_id: int) -> SoldTerm:
    """Find the ids unlocked, lock from the top, read the term again. Raises SoldTerm.DoesNotExist."""
    customer_id, service_id = SoldTerm.objects.values_list("customer_id", "service_id").get(pk=term_id)
    customer = lock_customer(customer_id)
    service = lock_service(service_id, customer_id)
    term = (
        SoldTerm.objects.select_for_update(of=("self",), no_key=True)
        .select_related("invoice")
        .get(pk=term_id)
    )
    term.service, term.customer = service, customer
    return term
