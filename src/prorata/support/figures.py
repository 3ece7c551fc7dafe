"""Live figures of what a ticket is about: what a canned answer inserts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cached_property
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from prorata import clock
from prorata.catalog.models import ResourceType
from prorata.catalog.names import in_language
from prorata.changes import states
from prorata.changes.limits import Limit
from prorata.changes.models import Change
from prorata.changes.refusals import way_out, words
from prorata.changes.situation import Situation, seller, situation
from prorata.changes.words import reason_words, status_words
from prorata.credit.available import available
from prorata.invoices.models import CreditNote, Invoice
from prorata.language import moment
from prorata.payments.models import Capture
from prorata.pricing.display import amount_text
from prorata.services.models import Service
from prorata.support.about import of_ticket
from prorata.support.models import Ticket


def known_names() -> list[str]:
    """Every placeholder as it is written without braces; those of a resource with a code of the catalog."""
    code = ResourceType.objects.order_by("id").values_list("code", flat=True).first() or "memory"
    return [*PLAIN, *(f"{part}.{code}" for part in OF_RESOURCE)]


def is_known(name: str) -> bool:
    if name in PLAIN:
        return True
    part, _dot, code = name.partition(".")
    return part in OF_RESOURCE and ResourceType.objects.filter(code=code).exists()


class Figures:
    """What a ticket's figures are now; each is read when it is asked for. Use under the ticket's language."""

    def __init__(self, ticket: Ticket) -> None:
        self.ticket, self.now = ticket, clock.now()
        about = of_ticket(ticket.about)
        self.row = about.row if about is not None else None

    def get(self, name: str) -> str | None:
        """One figure in words, or None where what the ticket is about has no such thing."""
        if name in PLAIN:
            return PLAIN[name](self) or None
        part, _dot, code = name.partition(".")
        limit = (
            self.situation.limits.get(code) if self.situation is not None and part in OF_RESOURCE else None
        )
        return OF_RESOURCE[part](limit) or None if limit is not None else None

    def all(self) -> list[tuple[str, str]]:
        """(name, figure) of everything that this ticket has one of."""
        codes = self.situation.limits if self.situation is not None else {}
        names = [*PLAIN, *(f"{part}.{code}" for code in codes for part in OF_RESOURCE)]
        return [(name, found) for name in names if (found := self.get(name)) is not None]

    @cached_property
    def change(self) -> Change | None:
        """The change itself, that of the invoice or payment, or the one that is open on the service."""
        if isinstance(self.row, Change):
            return self.row
        changes = Change.objects.select_related("service", "quote", "invoice")
        if (asked := self._invoice_itself()) is not None:
            return changes.filter(invoice=asked).first()
        if isinstance(self.row, CreditNote):
            return changes.filter(reference=self.row.origin.removeprefix("change:")).first()
        return changes.filter(service=self.service, status__in=states.OPEN).first() if self.service else None

    @cached_property
    def invoice(self) -> Invoice | None:
        """The invoice itself, that of the payment, or that of the change."""
        return self._invoice_itself() or (self.change.invoice if self.change is not None else None)

    def _invoice_itself(self) -> Invoice | None:
        if isinstance(self.row, Capture):
            return self.row.attempt.invoice
        return self.row if isinstance(self.row, Invoice) else None

    @cached_property
    def service(self) -> Service | None:
        if isinstance(self.row, Service):
            return self.row
        if isinstance(self.row, Capture):
            return self.row.attempt.invoice.service
        return self.row.service if isinstance(self.row, Change | Invoice | CreditNote) else None

    @cached_property
    def situation(self) -> Situation | None:
        """The service with its limits as they stand now: the same as on the customer's sliders."""
        return situation(self.service, self.now) if self.service is not None else None

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(seller().zone)

    def time(self, at: datetime) -> str:
        return f"{moment(at.astimezone(self.zone))} {self.zone}"


def _money(minor: int, currency: str) -> str:
    return f"{amount_text(minor, currency)} {currency}"


def _due(figures: Figures) -> str:
    invoice = figures.invoice
    return _money(invoice.due_minor, invoice.currency) if invoice is not None else ""


def _deadline(figures: Figures) -> str:
    """Until when it is paid, or done; of what is over, there is none."""
    if figures.change is not None and figures.change.status in states.OPEN:
        return figures.time(figures.change.deadline)
    invoice = figures.invoice
    return figures.time(invoice.pay_until) if invoice is not None and invoice.status == "open" else ""


def _credit(figures: Figures) -> str:
    """Available Credit, one figure a currency; nothing is a figure too."""
    found = available(figures.ticket.customer_id, figures.now)
    if not found and figures.service is not None:
        found = {figures.service.currency: 0}
    return _(", ").join(_money(minor, currency) for currency, minor in found.items())


def _floor_reasons(figures: Figures) -> str:
    """Why each resource cannot go lower, with the way out: the sentences of the sliders."""
    if figures.situation is None:
        return ""
    reasons = [reason for limit in figures.situation.limits.values() for reason in limit.floor_reasons]
    said = [f"{words(reason)} {way_out(reason)}".strip() for reason in reasons]
    return "\n".join(said) or _("Everything can go down to the smallest that is sold.")


def _obstacles(figures: Figures) -> str:
    if figures.situation is None:
        return ""
    said = [f"{words(one)} {way_out(one)}".strip() for one in figures.situation.obstacles]
    return "\n".join(said) or _("Nothing stands in the way of a change.")


def _lines(change: Change) -> str:
    return _(", ").join(
        f"{in_language(one.name)} {in_language(one.from_name)} → {in_language(one.to_name)} {one.unit}".strip()
        for one in change.lines.all()
    )


def _of_change(say: Callable[[Change], str]) -> Callable[[Figures], str]:
    return lambda figures: say(figures.change) if figures.change is not None else ""


PLAIN: dict[str, Callable[[Figures], str]] = {
    "customer": lambda f: f.ticket.customer.name,
    "person": lambda f: str(f.ticket.opened_by),
    "ticket": lambda f: f.ticket.reference,
    "about": lambda f: f.ticket.about_label,
    "service": lambda f: f.service.name if f.service else "",
    "service.until": lambda f: f.time(f.service.term_ends_at) if f.service else "",
    "change": _of_change(lambda change: change.reference),
    "change.state": _of_change(status_words),
    "change.reason": _of_change(lambda change: reason_words(change.reason)),
    "change.lines": _of_change(_lines),
    "change.amount": _of_change(lambda change: _money(change.gross_minor, change.currency)),
    "deadline": _deadline,
    "invoice": lambda f: str(f.invoice) if f.invoice else "",
    "invoice.amount": lambda f: _money(f.invoice.gross_minor, f.invoice.currency) if f.invoice else "",
    "due": _due,
    "credit": _credit,
    "floor_reasons": _floor_reasons,
    "obstacles": _obstacles,
}
OF_RESOURCE: dict[str, Callable[[Limit], str]] = {
    "now": lambda limit: limit.show(limit.current),
    "used": lambda limit: limit.show(limit.used) if limit.used is not None else "",
    "floor": lambda limit: limit.show(limit.floor),
    "ceiling": lambda limit: limit.show(limit.ceiling),
}
