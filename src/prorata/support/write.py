"""The one way a message comes into a ticket, in the transaction that locked it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from django.utils import translation
from django.utils.translation import gettext as _

from prorata import clock
from prorata.customers.models import User
from prorata.support.attach import Checked, keep
from prorata.support.models import LONGEST_TEXT, Message, Ticket
from prorata.support.refused import CannotWrite

Author, State = Message.Author, Ticket.State


def lock_ticket(ticket_id: int) -> Ticket:
    """Call inside the transaction of what is done to it."""
    rows = Ticket.objects.select_for_update(no_key=True, of=("self",))
    return rows.select_related("customer", "opened_by").get(pk=ticket_id)


def written(key: str) -> Message | None:
    """The message that came with this key before: a form that is sent twice, a mail that is delivered twice."""
    return Message.objects.select_related("ticket").filter(key=key).first()


def checked_text(text: str) -> str:
    """What was typed, without outer space; CannotWrite if that is nothing or too long."""
    plain = text.replace("\r\n", "\n").replace("\x00", "").strip()
    if not plain:
        raise CannotWrite(_("Write what you want to say."), field="text")
    if len(plain) > LONGEST_TEXT:
        raise CannotWrite(
            _(
                "The text has %(count)s characters and can have %(most)s. Shorten it, or attach it as a TXT file."
            )
            % {"count": len(plain), "most": LONGEST_TEXT},
            field="text",
        )
    return plain


def add(
    ticket: Ticket,
    author: Message.Author,
    by: User | None,
    text: str,
    *,
    key: str,
    files: Sequence[Checked] = (),
    came_by: str = "portal",
    internal: bool = False,
) -> Message:
    """Write one message with its files. The caller moves the ticket."""
    message = Message.objects.create(
        ticket=ticket,
        key=key,
        author=author,
        by=by,
        came_by=came_by,
        internal=internal,
        text=text,
        at=clock.now(),
    )
    keep(message, files)
    return message


def system_says(ticket: Ticket, words: Callable[[], str]) -> Message:
    """A line of the portal itself, in the ticket's language."""
    with translation.override(ticket.language):
        text = words()
    return add(ticket, Author.SYSTEM, None, text, key=f"system:{ticket.pk}:{ticket.messages.count()}")


def move(ticket: Ticket, state: Ticket.State, now: datetime) -> None:
    """Into a state, from now on. Coming from the same state its time begins anew, unless it waits for us already."""
    if ticket.state == state == State.OPEN:
        return
    ticket.state, ticket.state_since, ticket.warned_at = state, now, None
    if state == State.ANSWERED:
        ticket.last_answer_at = now
    ticket.save(update_fields=["state", "state_since", "warned_at", "last_answer_at"])
