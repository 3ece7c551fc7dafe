"""A customer opens a ticket."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.http import Http404
from django.utils.translation import gettext as _

from prorata import clock
from prorata.customers.lock import lock_customer
from prorata.customers.models import User
from prorata.customers.scope import may
from prorata.events.publish import publish
from prorata.language import language
from prorata.readable_code import readable_code
from prorata.support import about as subjects
from prorata.support.attach import Sent, check
from prorata.support.limits import refuse_too_many_tickets, refuse_too_much
from prorata.support.models import LONGEST_SUBJECT, Ticket
from prorata.support.refused import CannotWrite
from prorata.support.write import Author, add, checked_text


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What the form sent. `about` is an origin or empty; `customer_id` counts where it is empty."""

    subject: str
    text: str
    key: str
    about: str = ""
    customer_id: int | None = None
    files: Sequence[Sent] = ()


@transaction.atomic
def open_ticket(person: User, draft: Draft) -> Ticket:
    """Open it once, however often its form is sent. Raises CannotWrite, or Http404 for what is not this person's."""
    about = subjects.mine(person, draft.about) if draft.about else None
    customer_id = about.customer_id if about is not None else draft.customer_id
    if customer_id is None:
        raise CannotWrite(_("Choose for which customer you ask."), field="customer")
    if not may(person, customer_id, "read"):
        raise Http404("There is nothing here that you can see.")
    lock_customer(customer_id)
    key = f"form:{person.pk}:{draft.key}"
    if (before := Ticket.objects.filter(key=key).first()) is not None:
        return before
    subject, text, files = _subject(draft.subject), checked_text(draft.text), check(draft.files)
    now = clock.now()
    refuse_too_many_tickets(person, now)
    refuse_too_much(person, files, now)
    ticket = Ticket.objects.create(
        reference=f"T-{readable_code(2)}", key=key, customer_id=customer_id, opened_by=person, subject=subject,
        about=draft.about, about_label=about.label[:120] if about is not None else "",
        language=person.language or language(), state_since=now, created_at=now,
    )  # fmt: skip
    message = add(ticket, Author.CUSTOMER, person, text, key=f"{key}:first", files=files)
    publish("ticket.written", id=message.pk)
    return ticket


def _subject(typed: str) -> str:
    subject = " ".join(typed.replace("\x00", "").split())
    if not subject:
        raise CannotWrite(_("Write in a few words what it is about."), field="subject")
    if len(subject) > LONGEST_SUBJECT:
        raise CannotWrite(
            _("The subject has %(count)s characters and can have %(most)s. Shorten it.")
            % {"count": len(subject), "most": LONGEST_SUBJECT},
            field="subject",
        )
    return subject
