"""A member of staff takes a ticket to look after."""

from __future__ import annotations

from django.db import transaction

from prorata.customers.models import User
from prorata.support.models import Ticket
from prorata.support.write import lock_ticket
from prorata.trail.write import note


@transaction.atomic
def assign_to_me(staff: User, ticket_id: int) -> Ticket:
    """From now on it is this person's, whoever had it before."""
    ticket = lock_ticket(ticket_id)
    before = ticket.assigned_to
    if before == staff:
        return ticket
    ticket.assigned_to = staff
    ticket.save(update_fields=["assigned_to"])
    note(
        "ticket.assigned", ticket, actor=f"user:{staff.pk}", actor_name=staff.email, customer_id=ticket.customer_id,
        changed={"assigned_to": (before.email if before else None, staff.email)},
    )  # fmt: skip
    return ticket
