"""Take over what the machine has, without charge: the service's configuration is corrected, and no money moves.

Paid layers stay as they are: what was taken over was not paid for, so a later reduction of it gives nothing back.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction

from prorata import clock
from prorata.catalog.values import NoPrice, live_book
from prorata.changes.drift.bring import as_shown, read_now, service_of
from prorata.changes.drift.decide import CannotDecide, checked, locked, write
from prorata.changes.drift.models import Decision, Difference
from prorata.changes.drift.record import close, mark
from prorata.customers.models import User
from prorata.services.models import Service


def accept(staff: User, difference_id: int, reason: str, *, shown_measured: Any) -> Decision:
    """The service is from now on what its machine is. Raises CannotDecide, also for less than its customer paid for."""
    said = checked(staff, reason)
    reading = read_now(service_of(difference_id))
    with transaction.atomic():
        one, service = locked(difference_id, shown_measured)
        as_shown(one, reading)
        if why := less_than_paid(one, service):
            raise CannotDecide(why)
        now = clock.now()
        service.configuration = service.configuration | {one.component: one.measured}
        service.version += 1
        service.save(update_fields=["configuration", "version"])
        made = write(one, Decision.What.ACCEPT, staff=staff, reason=said, at=now, version=service.version)
        close(one, Difference.Ended.ACCEPTED, now)
        mark(service)
    return made


def less_than_paid(one: Difference, service: Service) -> str:
    """Why it cannot be taken over: its customer would lose what he paid for. "" if he loses nothing."""
    paid_for: Any = one.sold if one.invoiced is None else one.invoiced
    there: Any = one.measured
    try:
        book = live_book(service.product, service.currency, clock.now())
        less = book.monthly(one.component, there) < book.monthly(one.component, paid_for)
    except (NoPrice, ValueError) as unpriced:
        return f"What the machine has cannot be renewed: {unpriced}"
    if not less:
        return ""
    return (
        f"The machine has less than was paid for ({one.measured}, not {paid_for}). Bring it to what is sold; "
        "only a change by the customer gives credit for less."
    )
