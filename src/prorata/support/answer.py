"""What staff write: an answer that the customer reads and is told of, or a note among themselves."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from prorata import clock
from prorata.customers.models import User
from prorata.events.publish import publish
from prorata.support.attach import Sent, check
from prorata.support.canned import left_open
from prorata.support.models import Message
from prorata.support.refused import CannotWrite
from prorata.support.write import Author, State, add, checked_text, lock_ticket, move, written
from prorata.trail.write import note


@transaction.atomic
def answer(staff: User, ticket_id: int, text: str, *, key: str, files: Sequence[Sent] = ()) -> Message:
    """Answer once for each `key`; then it waits for the customer. Raises CannotWrite."""
    ticket = lock_ticket(ticket_id)
    key = f"desk:{staff.pk}:{key}"
    if (before := written(key)) is not None:
        return before
    plain, kept = checked_text(text), check(files)
    if open_ones := left_open(plain):
        raise CannotWrite(
            _("%(names)s has no figure here. Write what is meant, or take it out.")
            % {"names": ", ".join(open_ones)},
            field="text",
        )
    message = add(ticket, Author.STAFF, staff, plain, key=key, files=kept)
    if ticket.assigned_to_id is None:
        ticket.assigned_to = staff
        ticket.save(update_fields=["assigned_to"])
    move(ticket, State.ANSWERED, clock.now())
    note(
        "ticket.answered",
        ticket,
        actor=f"user:{staff.pk}",
        actor_name=staff.email,
        customer_id=ticket.customer_id,
    )
    publish("ticket.answered", id=message.pk)
    return message


@transaction.atomic
def write_note(staff: User, ticket_id: int, text: str, *, key: str) -> Message:
    """A note that only staff see; the ticket stays as it is."""
    ticket = lock_ticket(ticket_id)
    key = f"desk:{staff.pk}:{key}"
    if (before := written(key)) is not None:
        return before
    message = add(ticket, Author.STAFF, staff, checked_text(text), key=key, internal=True)
    note(
        "ticket.noted",
        ticket,
        actor=f"user:{staff.pk}",
        actor_name=staff.email,
        customer_id=ticket.customer_id,
    )
    return message
