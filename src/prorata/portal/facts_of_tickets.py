"""What was asked about a service, one of its changes or documents, and that it was answered; never what was written."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Q, QuerySet, Window
from django.db.models.functions import RowNumber
from django.urls import reverse
from django.utils.translation import gettext as _

from prorata.customers.models import User
from prorata.payments.models import Capture
from prorata.portal.facts import Fact, named
from prorata.services.models import Service
from prorata.support.models import Message, Ticket


def of_tickets(service: Service, reader: User, rows: int | None) -> Iterator[Fact]:
    tickets = tickets_about(service)
    written = Message.objects.filter(ticket__in=tickets, internal=False).exclude(author=Message.Author.SYSTEM)
    # Counted within its ticket: the first one opened it.
    number = Window(RowNumber(), partition_by="ticket", order_by="pk")
    messages = written.annotate(number=number).select_related("ticket", "by")
    for message in messages.order_by("-at", "-pk")[:rows]:
        nth = message.number - 1
        yield _fact(
            message.ticket, f"{nth}", 5, message.at, message.pk, _said(message, nth), _who(message, reader)
        )
    for ticket in tickets.filter(state=Ticket.State.CLOSED).order_by("-state_since", "-pk")[:rows]:
        yield _fact(ticket, "closed", 6, ticket.state_since, ticket.pk, _("Ticket closed"), "")


def tickets_about(service: Service) -> QuerySet[Ticket]:
    """The service, its changes and its documents."""
    captures = Capture.objects.filter(attempt__invoice__service=service)
    return Ticket.objects.filter(
        Q(about=f"service:{service.pk}")
        | Q(about__in=named("change:", service.changes.all(), "reference"))
        | Q(about__in=named("invoice:", service.invoices.all(), "reference"))
        | Q(about__in=named("credit_note:", service.credit_notes.all(), "number"))
        | Q(about__in=named("payment:", captures, "pk")),
        customer=service.customer_id,
    )


def _said(message: Message, number: int) -> str:
    if message.author == Message.Author.STAFF:
        return _("Support answered")
    return _("Support was written to") if number else _("Support was asked")


def _who(message: Message, reader: User) -> str:
    if message.author == Message.Author.STAFF:
        return _("our staff")
    return _("you") if message.by_id == reader.pk else str(message.by)


def _fact(ticket: Ticket, which: str, turn: int, at: datetime, row: int, what: str, by: str) -> Fact:
    return Fact(
        key=f"{ticket.reference}-{which}", turn=turn, at=at, kind="ticket", what=what, by=by, detail=ticket.subject,
        address=reverse("portal:ticket", args=[ticket.reference]), reference=ticket.reference, row=row,
    )  # fmt: skip
