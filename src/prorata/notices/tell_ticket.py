"""Mails about tickets: to staff when a customer wrote, to the people of the ticket when it was answered, or ends."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from prorata.changes.situation import seller
from prorata.customers.models import User
from prorata.customers.scope import may
from prorata.language import day as dated
from prorata.language import speaking
from prorata.notices.models import Mail
from prorata.notices.outbox import write
from prorata.notices.plain import body, link
from prorata.notices.reader import told_to_staff
from prorata.support.close import CLOSES_AFTER
from prorata.support.marker import marker_line
from prorata.support.models import Message, Ticket
from prorata.support.reply_token import reply_address


@told_to_staff
@transaction.atomic
def written(message_id: int) -> None:
    """A customer opened a ticket or wrote to one: it waits for staff."""
    message = _message(message_id)
    ticket, to = message.ticket, settings.PRORATA_STAFF_EMAIL
    if not to:
        return
    first = not Message.objects.filter(ticket=ticket, pk__lt=message.pk).exists()
    shown = {"subject": ticket.subject, "customer": ticket.customer.name, "reference": ticket.reference}
    subject = (
        "New ticket of %(customer)s: %(subject)s (%(reference)s)"
        if first
        else "%(customer)s wrote: %(subject)s (%(reference)s)"
    )
    text = body(
        "ticket_written.txt", ticket=ticket, message=message, files=list(message.attachments.all()),
        page=link(reverse("admin:support_ticket_change", args=[ticket.pk])),
    )  # fmt: skip
    write(
        key=f"ticket.written:{ticket.reference}:{message.pk}", to=to, subject=subject % shown, body=text,
        origin=ticket.origin, customer_id=ticket.customer_id, audience=Mail.Audience.STAFF,
    )  # fmt: skip


@transaction.atomic
def answered(message_id: int) -> None:
    """Staff answered: told with the text, to who opened the ticket and to who wrote last."""
    message = _message(message_id)
    for person in _people(message.ticket, before=message.pk):
        with _spoken_to(person, message.ticket):
            names = _(", ").join(file.name for file in message.attachments.all())
            facts = {"message": message, "names": names}
            subject = _("Answered: %(subject)s")
            _tell(
                message.ticket,
                person,
                f"ticket.answered:{message.pk}",
                subject,
                "ticket_answered.txt",
                **facts,
            )


@transaction.atomic
def closes_soon(ticket_id: int) -> None:
    """Nobody wrote after the answer, and in some days the ticket closes."""
    ticket = _ticket(ticket_id)
    if ticket.state != Ticket.State.ANSWERED or ticket.warned_at is None:
        return
    zone = ZoneInfo(seller().zone)
    for person in _people(ticket):
        with _spoken_to(person, ticket):
            day = dated((ticket.warned_at + CLOSES_AFTER).astimezone(zone))
            key = f"ticket.closes_soon:{ticket.state_since.isoformat()}"
            subject = _("Closes on %(day)s: %(subject)s")
            _tell(ticket, person, key, subject, "ticket_closes_soon.txt", day=day)


@transaction.atomic
def closed(ticket_id: int) -> None:
    """It was closed by staff or by itself; writing opens it again."""
    ticket = _ticket(ticket_id)
    if ticket.state != Ticket.State.CLOSED:
        return
    for person in _people(ticket):
        with _spoken_to(person, ticket):
            key = f"ticket.closed:{ticket.state_since.isoformat()}"
            _tell(ticket, person, key, _("Closed: %(subject)s"), "ticket_closed.txt")


def _tell(ticket: Ticket, person: User, key: str, subject: str, template: str, **facts: Any) -> None:
    """One mail a fact and person. An answer to it reaches the ticket where the installation takes mail."""
    answers_to = reply_address(ticket.reference, person.pk)
    text = body(
        template, ticket=ticket, page=link(f"/tickets/{ticket.reference}"), by_mail=bool(answers_to),
        line=marker_line(), **facts,
    )  # fmt: skip
    shown = {
        "subject": ticket.subject,
        **{name: value for name, value in facts.items() if isinstance(value, str)},
    }
    write(
        key=f"{key}:{ticket.reference}:{person.pk}", to=person.email, body=text,
        subject=f"{subject % shown} ({ticket.reference})",
        origin=ticket.origin, customer_id=ticket.customer_id, reply_to=answers_to, audience=Mail.Audience.PERSON,
    )  # fmt: skip


def _people(ticket: Ticket, *, before: int | None = None) -> list[User]:
    """Who opened it and who of the customer's wrote last, as far as they may still read it."""
    wrote = ticket.messages.filter(author=Message.Author.CUSTOMER).select_related("by").order_by("-id")
    last = (wrote.filter(pk__lt=before) if before is not None else wrote).first()
    people = {ticket.opened_by_id: ticket.opened_by}
    if last is not None and last.by is not None:
        people[last.by.pk] = last.by
    return [person for person in people.values() if may(person, ticket.customer_id, "read")]


def _spoken_to(person: User, ticket: Ticket) -> AbstractContextManager[None]:
    """The person's own language, else that in which the ticket was opened; and the person's time zone."""
    return speaking(person.language or ticket.language, person.time_zone)


def _message(message_id: int) -> Message:
    rows = Message.objects.select_related("ticket__customer", "ticket__opened_by", "by")
    return rows.prefetch_related("attachments").get(pk=message_id)


def _ticket(ticket_id: int) -> Ticket:
    return Ticket.objects.select_related("customer", "opened_by").get(pk=ticket_id)
