"""One change on the desk: what the customer sees in words, beside everything the rooms know about it."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from prorata.changes.models import Change
from prorata.changes.progress import progress
from prorata.changes.words import reason_words, status_words
from prorata.invoices.models import CreditNote
from prorata.ledger.models import Transfer
from prorata.notices.models import Mail
from prorata.payments.models import InboxEvent, PaymentAttempt
from prorata.provisioning.models import Job
from prorata.staff.change_actions import possible
from prorata.staff.columns import money
from prorata.staff.pages import page


def change_page(request: HttpRequest, model_admin: Any, object_id: str) -> HttpResponse:
    rows = Change.objects.select_related("customer", "service", "quote", "invoice", "owner", "submitted_by")
    found = rows.prefetch_related("lines", "interventions__by")
    change = get_object_or_404(found, pk=object_id if object_id.isascii() and object_id.isdecimal() else 0)
    if not model_admin.has_view_permission(request, change):
        raise PermissionDenied
    return page(
        request, "change.html", title=f"{change.reference} – {change.service}", model=Change, change=change,
        actions=possible(change) if request.user.has_perm("changes.change_change") else [],
        **_as_the_customer_sees_it(change), **_as_the_rooms_know_it(change),
    )  # fmt: skip


def _as_the_customer_sees_it(change: Change) -> dict[str, Any]:
    waiting = change.status in ("parked", "attention")
    return {
        "status": status_words(change),
        "reason": reason_words(change.reason) if waiting else "",
        "progress": progress(change),
        "total": money(change.gross_minor, change.currency),
        "lines": [_line(line, change.currency) for line in change.lines.all()],
    }


def _line(line: Any, currency: str) -> dict[str, Any]:
    return {"line": line, "net": money(line.net_minor, currency), "tax": money(line.tax_minor, currency)}


def _as_the_rooms_know_it(change: Change) -> dict[str, Any]:
    attempts = (
        list(PaymentAttempt.objects.filter(invoice=change.invoice).prefetch_related("captures"))
        if change.invoice
        else []
    )
    references = [attempt.gateway_ref for attempt in attempts if attempt.gateway_ref]
    captured = [capture.transfer_id for attempt in attempts for capture in attempt.captures.all()]
    moved = Transfer.objects.filter(Q(origin=change.origin) | Q(pk__in=captured)).order_by("id")
    return {
        "job": Job.objects.filter(origin=change.origin).prefetch_related("steps", "events__step").first(),
        "attempts": [_attempt(attempt) for attempt in attempts],
        "transfers": [_transfer(t) for t in moved.prefetch_related("entries__account")],
        "notes": [
            (note, money(note.gross_minor, note.currency))
            for note in CreditNote.objects.filter(origin=change.origin)
        ],
        "events": InboxEvent.objects.filter(gateway_ref__in=references).order_by("id") if references else [],
        "mails": Mail.objects.filter(origin=change.origin).order_by("id"),
    }


def _attempt(attempt: PaymentAttempt) -> dict[str, Any]:
    captures = [(c, money(c.amount_minor, c.currency)) for c in attempt.captures.all()]
    return {
        "row": attempt, "name": f"{attempt.gateway} {attempt.gateway_ref}", "captures": captures,
        "amount": money(attempt.amount_minor, attempt.currency),
    }  # fmt: skip


def _transfer(transfer: Transfer) -> dict[str, Any]:
    entries = [(e.account.code, money(e.amount_minor, e.currency)) for e in transfer.entries.all()]
    return {"row": transfer, "entries": entries}
