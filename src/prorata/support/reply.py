"""A customer writes to a ticket that is there; a closed one is opened again by it."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from prorata import clock
from prorata.customers.models import User
from prorata.customers.scope import my_one
from prorata.events.publish import publish
from prorata.support.attach import Sent, check
from prorata.support.limits import refuse_too_much
from prorata.support.models import Message, Ticket
from prorata.support.write import Author, State, add, checked_text, lock_ticket, move, written


@transaction.atomic
def reply(
    person: User, reference: str, text: str, *, key: str, files: Sequence[Sent] = (), by_mail: bool = False
) -> Message:
    """Write once for each `key`. Raises CannotWrite, or Http404 for a ticket that is not this person's."""
    ticket = lock_ticket(my_one(person, Ticket.objects.all(), reference=reference).pk)
    key = f"{'mail' if by_mail else 'form'}:{person.pk}:{key}"
    if (before := written(key)) is not None:
        return before
    plain, kept = checked_text(text), check(files)
    now = clock.now()
    refuse_too_much(person, kept, now)
    message = add(
        ticket, Author.CUSTOMER, person, plain, key=key, files=kept, came_by="mail" if by_mail else "portal"
    )
    move(ticket, State.OPEN, now)
    publish("ticket.written", id=message.pk)
    return message
