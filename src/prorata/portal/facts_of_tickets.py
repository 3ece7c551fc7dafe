"""What was asked about a service, one of its changes or documents, and that it was answered; never what was written."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Prefetch
from django.urls import reverse
from django.utils.translation import gettext as _

from prorata.changes.models import Change
from prorata.customers.models import User
from prorata.invoices.models import CreditNote, Invoice
from prorata.payments.models import Capture
from prorata.portal.facts import Fact
from prorata.services.models import Service
from prorata.support.models import Message, Ticket


def of_tickets(service: Service, reader: User) -> Iterator[Fact]:
    written = (
        Message.objects.filter(internal=False).exclude(author=Message.Author.SYSTEM).select_related("by")
    )
    found = Ticket.objects.filter(customer=service.customer_id, about__in=_origins(service))
    for ticket in found.prefetch_related(Prefetch("messages", written.order_by("pk"))):
        for number, message in enumerate(ticket.messages.all()):
            yield _fact(ticket, f"{number}", message.at, _said(message, number), _who(message, reader))
        if ticket.state == Ticket.State.CLOSED:
            yield _fact(ticket, "closed", ticket.state_since, _("Ticket closed"), "")


def _origins(service: Service) -> list[str]:
    """All a ticket about this service may name."""
    changes = Change.objects.filter(service=service).values_list("reference", flat=True)
    invoices = Invoice.objects.filter(service=service).values_list("reference", flat=True)
    notes = CreditNote.objects.filter(service=service).values_list("number", flat=True)
    payments = Capture.objects.filter(attempt__invoice__service=service).values_list("pk", flat=True)
    return [
        f"service:{service.pk}",
        *(f"change:{name}" for name in changes),
        *(f"invoice:{name}" for name in invoices),
        *(f"credit_note:{name}" for name in notes),
        *(f"payment:{pk}" for pk in payments),
    ]


def _said(message: Message, number: int) -> str:
    if message.author == Message.Author.STAFF:
        return _("Support answered")
    return _("Support was written to") if number else _("Support was asked")


def _who(message: Message, reader: User) -> str:
    if message.author == Message.Author.STAFF:
        return _("our staff")
    return _("you") if message.by_id == reader.pk else str(message.by)


def _fact(ticket: Ticket, which: str, at: datetime, what: str, by: str) -> Fact:
    return Fact(
        key=f"{ticket.reference}-{which}", turn=4, at=at, kind="ticket", what=what, by=by, detail=ticket.subject,
        address=reverse("portal:ticket", args=[ticket.reference]), reference=ticket.reference,
    )  # fmt: skip
