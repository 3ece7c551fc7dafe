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


def timeline(service: Service, reader: User, kinds: frozenset[Kind], most: int | None = None) -> list[Fact]:
    """Newest first, so that an effect stands above its cause; the newest `most`, or all. A handful of statements, each of
    which reads no more rows than can be among them, however long the life was."""
    # A service has one open change and one unpaid term at a time: the newest by row are the newest by time, and only the
    # last of them may have no end yet.
    rows = None if most is None else most + 1
    found: list[Fact] = []
    if "term" in kinds:
        found += _terms(service, rows)
    if "change" in kinds:
        found += _changes(service, reader, rows)
    if "machine" in kinds:
        found += of_machine(service, reader, rows)
    if "staff" in kinds:
        found += _staff(service, rows)
        found += _views(service, rows)
    if "money" in kinds:
        found += _money(service, rows)
    if "ticket" in kinds:
        found += of_tickets(service, reader, rows)
    return sorted(found, key=lambda fact: fact.place, reverse=True)[:most]


def _terms(service: Service, rows: int | None) -> Iterator[Fact]:
    for term in service.terms.select_related("invoice").order_by("-pk")[:rows]:
        address = reverse("portal:invoice", args=[term.invoice.reference]) if term.invoice else ""
        sold = (
            ngettext("Sold for %(n)d month", "Sold for %(n)d months", term.months)
            if term.kind == SoldTerm.Kind.PURCHASE
            else ngettext("Renewed for %(n)d month", "Renewed for %(n)d months", term.months)
        ) % {"n": term.months}
        price = money(term.gross_minor, term.currency)
        yield Fact(
            key=f"{term.reference}-sold", at=term.sold_at, kind="term", what=sold, by=_("our staff"), detail=price,
            address=address, reference=term.reference, row=term.pk,
        )  # fmt: skip
        if term.ended_at is not None:
            what = _("Term %(reference)s: %(state)s") % {
                "reference": term.reference,
                "state": term_words(term),
            }
            yield Fact(
                key=f"{term.reference}-{term.status}", turn=3, at=term.ended_at, kind="term", what=what, by=_("by itself"),
                address=address, reference=term.reference, row=term.pk,
            )  # fmt: skip


def _changes(service: Service, reader: User, rows: int | None) -> Iterator[Fact]:
    newest = service.changes.select_related("submitted_by").order_by("-pk")[:rows]
    for change in newest.prefetch_related("lines"):
        address = reverse("portal:show_change", args=[change.reference])
        lines = _(", ").join(step_name(line, line.from_value, line.to_value) for line in change.lines.all())
        who = _("you") if change.submitted_by_id == reader.pk else str(change.submitted_by)
        yield Fact(
            key=f"{change.reference}-submitted", at=change.submitted_at, kind="change", what=_("Change submitted"),
            by=who, detail=lines, address=address, reference=change.reference, row=change.pk,
        )  # fmt: skip
        if change.ended_at is not None:
            yield Fact(
                key=f"{change.reference}-ended", turn=3, at=change.ended_at, kind="change", what=_ended(change),
                by=_("by itself"), detail=lines, address=address, reference=change.reference, row=change.pk,
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


def _staff(service: Service, rows: int | None) -> Iterator[Fact]:
    deeds = Intervention.objects.filter(change__service=service).select_related("change")
    for deed in deeds.order_by("-at", "-pk")[:rows]:
        yield Fact(
            key=f"{deed.change.reference}-staff-{deed.pk}", turn=1, at=deed.at, kind="staff", what=deed.get_what_display(),
            by=_("our staff"), detail=deed.reason, address=reverse("portal:show_change", args=[deed.change.reference]),
            reference=deed.change.reference, row=deed.pk,
        )  # fmt: skip


def _views(service: Service, rows: int | None) -> Iterator[Fact]:
    """Staff looked at the customer's portal: of each service that was there to be seen."""
    seen = StaffView.objects.filter(customer=service.customer_id, began_at__gte=service.created_at)
    for view in seen.order_by("-at", "-pk")[:rows]:
        yield Fact(
            key=f"view-{view.pk}", at=view.at, kind="staff", what=_("Our staff looked at your portal"),
            by=_("our staff"), detail=view.reason, row=view.pk,
        )  # fmt: skip


def _money(service: Service, rows: int | None) -> Iterator[Fact]:
    paid = Invoice.objects.filter(service=service, settled_at__isnull=False).order_by("-settled_at", "-pk")
    for invoice in paid[:rows]:
        assert invoice.settled_at is not None
        yield Fact(
            key=f"{invoice.reference}-paid", turn=1, at=invoice.settled_at, kind="money", what=_("Invoice paid"),
            by=_("by itself"), detail=money(invoice.gross_minor, invoice.currency),
            address=reverse("portal:invoice", args=[invoice.reference]), reference=str(invoice), row=invoice.pk,
        )  # fmt: skip
    for note in CreditNote.objects.filter(service=service).order_by("-at", "-pk")[:rows]:
        yield Fact(
            key=f"{note.number}-credited", turn=4, at=note.at, kind="money", what=_("Credit booked"), by=_("by itself"),
            detail=money(note.gross_minor, note.currency),
            address=reverse("portal:credit_note", args=[note.number]), reference=note.number, row=note.pk,
        )  # fmt: skip


__all__ = ["KINDS", "Fact", "Kind", "timeline"]
