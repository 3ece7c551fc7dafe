"""What staff may tell a job that brings a machine to what is sold, while it waits: try again, or give up."""

from __future__ import annotations

from django.db import transaction

from prorata import clock
from prorata.changes.drift.bring import TRIED_FOR
from prorata.changes.drift.decide import CannotDecide, checked
from prorata.changes.drift.models import Decision
from prorata.customers.lock import lock_customer
from prorata.customers.models import User
from prorata.provisioning import direct
from prorata.trail.write import note


def direct_job(staff: User, decision_id: int, reason: str, *, give_up: bool) -> Decision:
    """Raises CannotDecide while the worker is at it, or when it has ended."""
    said = checked(staff, reason)
    made = Decision.objects.select_related("service").get(pk=decision_id, what=Decision.What.BRING)
    assert made.service is not None
    with transaction.atomic():
        lock_customer(made.service.customer_id)
        try:
            if give_up:
                direct.give_up(made.origin)
            else:
                direct.go_on(made.origin, until=clock.now() + TRIED_FOR)
        except direct.NotWaiting as busy:
            raise CannotDecide(str(busy)) from busy
        note(
            "drift.given_up" if give_up else "drift.retried", made, actor=f"user:{staff.pk}", actor_name=staff.email,
            customer_id=made.service.customer_id, reason=said,
        )  # fmt: skip
    return made
