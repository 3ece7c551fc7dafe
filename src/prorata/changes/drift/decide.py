"""What all decisions about a difference have in common: who may, on what, and the rows they leave."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from prorata import clock
from prorata.catalog.sold import types_of
from prorata.catalog.values import NoPrice, live_book
from prorata.changes.drift.in_flight import in_flight
from prorata.changes.drift.models import Decision, Difference
from prorata.changes.limits import Limit, limits
from prorata.customers.lock import lock_customer
from prorata.customers.models import User
from prorata.provisioning.reserve import Taken, taken
from prorata.services.lock import lock_service
from prorata.services.models import Reading, Service
from prorata.trail.write import note


class CannotDecide(Exception):
    """One line that says why, and what to do; nothing was written."""


def checked(staff: User, reason: str) -> str:
    """The reason as it will be kept."""
    if not staff.is_staff:
        raise CannotDecide("Only staff may do this.")
    if not reason.strip():
        raise CannotDecide("Write the reason: it stays in the audit trail.")
    return reason.strip()


def locked(difference_id: int, shown_measured: Any) -> tuple[Difference, Service]:
    """Lock the service of a difference in sizes, and see that it is still the one that was decided about."""
    found = Difference.objects.select_related("service").filter(pk=difference_id).first()
    if found is None or found.service is None or found.kind != Difference.Kind.SIZE:
        raise CannotDecide("There is no such difference in sizes.")
    lock_customer(found.service.customer_id)
    service = lock_service(found.service.pk, found.service.customer_id)
    one = Difference.objects.select_for_update(of=("self",), no_key=True).get(pk=difference_id)
    one.service = service
    if one.closed_at is not None:
        raise CannotDecide("This difference is closed: nothing is left to decide.")
    if busy := in_flight(service):
        raise CannotDecide(f"{busy} is under way on this service. Decide when it has ended.")
    if one.measured is None:
        raise CannotDecide("The machine does not say how much it has. Compare it again when it does.")
    if one.measured != shown_measured or one.sold != service.configuration.get(one.component):
        raise CannotDecide("The sizes are others by now. Compare again and look at them.")
    return one, service


def machine_limit(service: Service, one: Difference, reading: Reading) -> Limit:
    """What could be chosen for this component if the service were sold as its machine is."""
    now = clock.now()
    types = types_of(service.product)
    try:
        book = live_book(service.product, service.currency, now)
    except NoPrice as missing:
        raise CannotDecide(str(missing)) from missing
    there = {**service.configuration, one.component: one.measured}
    # What a customer's unpaid changes may hold is no matter of a size that is there already.
    held = Taken(by_others=taken(reading, service, now).by_others)
    found = limits(types, there, reading, held, book, now).get(one.component)
    if found is None:
        raise CannotDecide(f"{one.component} is not a resource of {service.product} any more.")
    return found


def write(
    one: Difference,
    what: Decision.What,
    *,
    staff: User,
    reason: str,
    at: datetime,
    version: int | None = None,
    until: datetime | None = None,
    may_restart: bool = False,
) -> Decision:
    """The decision, and its line in the trail."""
    made = Decision.objects.create(
        difference=one, service=one.service, component=one.component, what=what, sold=one.sold, measured=one.measured,
        version=version, until=until, may_restart=may_restart, reason=reason, by=staff, at=at,
    )  # fmt: skip
    changed: dict[str, tuple[Any, Any]] = {"until": (None, until.isoformat())} if until else {}
    if what == Decision.What.ACCEPT:
        changed = {f"configuration: {one.component}": (one.sold, one.measured)}
    elif what == Decision.What.BRING:
        changed = {f"machine: {one.component}": (one.measured, one.sold)}
    note(
        f"drift.{what}", made, actor=f"user:{staff.pk}", actor_name=staff.email,
        customer_id=one.service.customer_id if one.service else None, reason=reason, changed=changed,
    )  # fmt: skip
    return made
