"""Everything that ever happened to one service, as one stream, read from the facts of every room; stored nowhere."""

from __future__ import annotations

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from prorata.changes import states
from prorata.changes.models import Change, Intervention, SoldTerm
from prorata.changes.progress import step_name
from prorata.changes.terms.words import status_words as term_words
from prorata.changes.words import status_words
from prorata.customers.models import StaffView, User
from prorata.invoices.models import CreditNote, Invoice
from prorata.portal.facts import KINDS, Fact, Kind
from prorata.portal.facts_of_machine import of_machine
from prorata.portal.facts_of_tickets import of_tickets
from prorata.portal.money import money
from prorata.services.models import Service


def timeline(service: Service, reader: User, kinds: frozenset[Kind]) -> list[Fact]:
    """Newest first, so that an effect stands above its cause. A handful of statements, however long the life was."""
    found: list[Fact] = []
    if "term" in kinds:
        found += _terms(service)
    if kinds & {"change", "machine"}:
        changes = list(service.changes.select_related("submitted_by").prefetch_related("lines"))
        found += _changes(changes, reader) if "change" in kinds else []
        found += of_machine(service, changes, reader) if "machine" in kinds else []
    if "staff" in kinds:
        found += _staff(service)
        found += _views(service)
    if "money" in kinds:
        found += _money(service)
    if "ticket" in kinds:
        found += of_tickets(service, reader)
    return sorted(found, key=lambda fact: (fact.at, fact.turn, fact.order, fact.key), reverse=True)


def _terms(service: Service) -> Iterator[Fact]:
    for term in service.terms.select_related("invoice"):
        address = reverse("portal:invoice", args=[term.invoice.reference]) if term.invoice else ""
        sold = (
            ngettext("Sold for %(n)d month", "Sold for %(n)d months", term.months)
            if term.kind == SoldTerm.Kind.PURCHASE
            else ngettext("Renewed for %(n)d month", "Renewed for %(n)d months", term.months)
        ) % {"n": term.months}
        price = money(term.gross_minor, term.currency)
        yield Fact(
            key=f"{term.reference}-sold", at=term.sold_at, kind="term", what=sold, by=_("our staff"), detail=price,
            address=address, reference=term.reference,
        )  # fmt: skip
        if term.ended_at is not None:
            what = _("Term %(reference)s: %(state)s") % {
                "reference": term.reference,
                "state": term_words(term),
            }
            yield Fact(
                key=f"{term.reference}-{term.status}", turn=2, at=term.ended_at, kind="term", what=what, by=_("by itself"),
                address=address, reference=term.reference,
            )  # fmt: skip


def _changes(changes: list[Change], reader: User) -> Iterator[Fact]:
    for change in changes:
        address = reverse("portal:show_change", args=[change.reference])
        lines = _(", ").join(step_name(line, line.from_value, line.to_value) for line in change.lines.all())
        who = _("you") if change.submitted_by_id == reader.pk else str(change.submitted_by)
        yield Fact(
            key=f"{change.reference}-submitted", at=change.submitted_at, kind="change", what=_("Change submitted"),
            by=who, detail=lines, address=address, reference=change.reference,
        )  # fmt: skip
        if change.ended_at is not None:
            yield Fact(
                key=f"{change.reference}-ended", turn=2, at=change.ended_at, kind="change", what=_ended(change),
                by=_("by itself"), detail=lines, address=address, reference=change.reference,
            )  # fmt: skip


def _ended(change: Change) -> str:
    """The state it ended in, as a sentence of its own."""
    return {
        states.APPLIED: _("Change applied, checked by measuring"),
        states.PARTLY_APPLIED: _("Change partly applied"),
        states.REVERSED: _("Change reversed: nothing of it stayed"),
        states.CANCELLED: _("Change cancelled"),
        states.EXPIRED: _("Change expired unpaid"),
    }.get(change.status, status_words(change))


def _staff(service: Service) -> Iterator[Fact]:
    for deed in Intervention.objects.filter(change__service=service).select_related("change"):
        yield Fact(
            key=f"{deed.change.reference}-staff-{deed.pk}", turn=1, at=deed.at, kind="staff", what=deed.get_what_display(),
            by=_("our staff"), detail=deed.reason, address=reverse("portal:show_change", args=[deed.change.reference]),
            reference=deed.change.reference,
        )  # fmt: skip


def _views(service: Service) -> Iterator[Fact]:
    """Staff looked at the customer's portal: of each service that was there to be seen."""
    seen = StaffView.objects.filter(customer=service.customer_id, began_at__gte=service.created_at)
    for view in seen:
        yield Fact(
            key=f"view-{view.pk}", at=view.at, kind="staff", what=_("Our staff looked at your portal"),
            by=_("our staff"), detail=view.reason,
        )  # fmt: skip


def _money(service: Service) -> Iterator[Fact]:
    paid = Invoice.objects.filter(service=service, settled_at__isnull=False)
    for invoice in paid:
        assert invoice.settled_at is not None
        yield Fact(
            key=f"{invoice.reference}-paid", turn=1, at=invoice.settled_at, kind="money", what=_("Invoice paid"),
            by=_("by itself"), detail=money(invoice.gross_minor, invoice.currency),
            address=reverse("portal:invoice", args=[invoice.reference]), reference=str(invoice),
        )  # fmt: skip
    for note in CreditNote.objects.filter(service=service):
        yield Fact(
            key=f"{note.number}-credited", turn=3, at=note.at, kind="money", what=_("Credit booked"), by=_("by itself"),
            detail=money(note.gross_minor, note.currency),
            address=reverse("portal:credit_note", args=[note.number]), reference=note.number,
        )  # fmt: skip


__all__ = ["KINDS", "Fact", "Kind", "timeline"]
