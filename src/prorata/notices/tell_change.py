"""Mails to the customer about a change: done, partly done, reversed, given up, or waiting for a restart."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from prorata.changes import states
from prorata.changes.models import Change, ChangeLine
from prorata.invoices.models import CreditNote
from prorata.notices import change_facts as facts
from prorata.notices.outbox import write
from prorata.notices.plain import body, link, local, money
from prorata.notices.reader import told_to_customer


@told_to_customer(Change)
@transaction.atomic
def applied(change_id: int) -> None:
    change = facts.read(change_id)
    if change.status != states.APPLIED:
        return
    lines = list(change.lines.all())
    end = _("done, active after a restart") if change.restart_pending else _("done")
    _tell(
        change,
        f"{facts.in_short(lines)} – {end}",
        "change_applied.txt",
        lines=facts.lines_table(lines),
        note=_credit_note(change),
    )


@told_to_customer(Change)
@transaction.atomic
def partly_applied(change_id: int) -> None:
    change = facts.read(change_id)
    if change.status != states.PARTLY_APPLIED:
        return
    lines = list(change.lines.all())
    kept = [line for line in lines if line.state == ChangeLine.State.APPLIED]
    lost = [line for line in lines if line.state == ChangeLine.State.REVERSED]
    subject = _("%(done)s – done; %(lost)s – not possible") % {
        "done": facts.in_short(kept),
        "lost": facts.in_short(lost),
    }
    _tell(
        change,
        subject,
        "change_partly_applied.txt",
        kept=facts.lines_table(kept),
        lost=facts.lines_table(lost),
        note=_credit_note(change),
    )


@told_to_customer(Change)
@transaction.atomic
def reversed_(change_id: int) -> None:
    change = facts.read(change_id)
    if change.status != states.REVERSED:
        return
    lines = list(change.lines.all())
    note = _credit_note(change)
    back = (
        _("%(amount)s came back") % {"amount": money(note.gross_minor, note.currency)}
        if note
        else _("nothing was charged")
    )
    subject = _("%(lines)s – not possible, %(back)s") % {"lines": facts.in_short(lines), "back": back}
    _tell(change, subject, "change_reversed.txt", lines=facts.lines_table(lines), note=note)


@told_to_customer(Change)
@transaction.atomic
def given_up(change_id: int) -> None:
    """Cancelled, or expired because it was not paid in time."""
    change = facts.read(change_id)
    if change.status not in (states.CANCELLED, states.EXPIRED):
        return
    lines = list(change.lines.all())
    back = facts.came_back(change)
    expired = change.status == states.EXPIRED
    end = _("expired, nothing was changed") if expired else _("cancelled, nothing was changed")
    _tell(
        change,
        f"{facts.in_short(lines)} – {end}",
        "change_given_up.txt",
        lines=facts.lines_table(lines),
        expired=expired,
        back=money(back, change.currency) if back else "",
    )


@told_to_customer(Change)
@transaction.atomic
def parked(change_id: int) -> None:
    """Only when the customer himself must do something: restart. What waits for the machine goes on by itself."""
    change = facts.read(change_id)
    if change.status != states.PARKED or change.reason != "restart":
        return
    lines = list(change.lines.all())
    deadline = local(change.deadline, change.quote.figures["zone"])
    subject = _("%(lines)s – restart it to finish") % {"lines": facts.in_short(lines)}
    # A parked change is tried again and again; it asks for the restart once.
    _tell(change, subject, "change_parked.txt", lines=facts.lines_table(lines), deadline=deadline)


def _credit_note(change: Change) -> CreditNote | None:
    return CreditNote.objects.filter(origin=change.origin).prefetch_related("lines").first()


def _tell(
    change: Change, subject: str, template: str, *, note: CreditNote | None = None, **more: object
) -> None:
    paid = change.invoice if change.invoice is not None and change.invoice.settled_at else None
    text = body(
        template,
        change=change,
        service=change.service,
        page=link(f"/changes/{change.reference}"),
        credit_page=link("/credit"),
        invoice=paid,
        paid=facts.paid_table(paid) if paid else "",
        note=note,
        credited=facts.credited_table(note) if note else "",
        **more,
    )
    write(
        key=f"change.{change.status}:{change.reference}",
        to=change.customer.email,
        subject=f"{change.service.name}: {subject} ({change.reference})",
        body=text,
        origin=change.origin,
        customer_id=change.customer_id,
    )
