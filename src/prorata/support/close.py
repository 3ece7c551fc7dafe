"""A ticket ends: by the customer, by staff, or by itself when an answer is left alone; never without a mail before that."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from prorata import clock
from prorata.customers.models import User
from prorata.customers.scope import my_one
from prorata.events.publish import publish
from prorata.support.models import Ticket
from prorata.support.write import State, lock_ticket, move, system_says
from prorata.trail.write import note

# After an answer: when the mail says that it closes soon, and how long after that mail it closes.
WARNED_AFTER, CLOSES_AFTER = timedelta(days=11), timedelta(days=3)


@transaction.atomic
def close_mine(person: User, reference: str) -> Ticket:
    """The customer has what was needed. Closing it twice does it once."""
    ticket = lock_ticket(my_one(person, Ticket.objects.all(), reference=reference).pk)
    if ticket.state != State.CLOSED:
        move(ticket, State.CLOSED, clock.now())
        system_says(ticket, lambda: _("Closed by %(name)s.") % {"name": person})
    return ticket


@transaction.atomic
def close_by_staff(staff: User, ticket_id: int) -> Ticket:
    """Staff close it; the customer is told, and can open it again by writing."""
    ticket = lock_ticket(ticket_id)
    if ticket.state != State.CLOSED:
        move(ticket, State.CLOSED, clock.now())
        system_says(ticket, lambda: _("Closed by our staff."))
        note(
            "ticket.closed",
            ticket,
            actor=f"user:{staff.pk}",
            actor_name=staff.email,
            customer_id=ticket.customer_id,
        )
        publish("ticket.closed", id=ticket.pk)
    return ticket


def sweep() -> None:
    """Tell of answered tickets that nobody wrote to for long, and close those that were told of in time."""
    now = clock.now()
    answered = Ticket.objects.filter(state=State.ANSWERED)
    unwarned = answered.filter(warned_at=None, state_since__lte=now - WARNED_AFTER)
    for ticket_id in unwarned.values_list("pk", flat=True):
        _warn(ticket_id)
    for ticket_id in answered.filter(warned_at__lte=now - CLOSES_AFTER).values_list("pk", flat=True):
        _close_alone(ticket_id)


@transaction.atomic
def _warn(ticket_id: int) -> None:
    ticket, now = lock_ticket(ticket_id), clock.now()
    if (
        ticket.state != State.ANSWERED
        or ticket.warned_at is not None
        or ticket.state_since > now - WARNED_AFTER
    ):
        return
    ticket.warned_at = now
    ticket.save(update_fields=["warned_at"])
    publish("ticket.closes_soon", id=ticket.pk)


@transaction.atomic
def _close_alone(ticket_id: int) -> None:
    ticket, now = lock_ticket(ticket_id), clock.now()
    if ticket.state != State.ANSWERED or ticket.warned_at is None or ticket.warned_at > now - CLOSES_AFTER:
        return
    move(ticket, State.CLOSED, now)
    system_says(ticket, _left_alone)
    publish("ticket.closed", id=ticket.pk)


def _left_alone() -> str:
    days = (WARNED_AFTER + CLOSES_AFTER).days
    return _("Closed by itself: nobody wrote for %(days)s days after the answer.") % {"days": days}
