"""One change from Submit to its end, and the changes of a service."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from prorata import clock
from prorata.changes import states
from prorata.changes.cancel import cancel as cancel_change
from prorata.changes.cancel import if_cancelled, why_not
from prorata.changes.machine_words import busy_with
from prorata.changes.models import Change
from prorata.changes.progress import progress
from prorata.changes.refusals import Refused, words
from prorata.changes.restarted import restarted_at, waits_for_restart, with_restart
from prorata.changes.situation import seller
from prorata.changes.words import reason_words, status_words
from prorata.credit.models import LogLine
from prorata.customers.scope import may, mine, my_one
from prorata.invoices.models import CreditNote
from prorata.notices.choice import is_mailed
from prorata.notices.kinds import kind_of
from prorata.payments.methods import method
from prorata.payments.models import PaymentAttempt
from prorata.portal.bill import of_quoted
from prorata.portal.payment_part import payment_part
from prorata.portal.views import ease
from prorata.portal.views.frame import Asked, Slice, fingerprint, page_number, signed_in
from prorata.portal.views.terms import terms_of
from prorata.services.models import Service

# Where the reason says what is waited for; in the other states the page's own words do.
WAITS = (states.PARKED, states.ATTENTION)
# The sign beside a state: its shape and colour.
SIGNS = {
    states.AWAITING_PAYMENT: "need", states.APPLYING: "busy", states.PARKED: "need", states.ATTENTION: "need",
    states.APPLIED: "ok", states.PARTLY_APPLIED: "need", states.REVERSED: "bad", states.CANCELLED: "off",
    states.EXPIRED: "off",
}  # fmt: skip


def changes() -> QuerySet[Change]:
    rows = Change.objects.select_related(
        "service__product", "customer", "quote", "invoice__seller", "submitted_by"
    )
    return rows.prefetch_related("lines", "interventions", "invoice__attempts")


@require_GET
@signed_in
def show(request: Asked, reference: str) -> HttpResponse:
    context = _context(request, reference)
    bill = of_quoted(context["quote"])
    explained = {"bill": bill, "facts": bill.notes_later(context["now"])}
    return render(request, "portal/change_page.html", context | explained)


@require_GET
@signed_in
def state(request: Asked, reference: str) -> HttpResponse:
    """The part of the page that lives, for a script that asks again; nothing where it has not changed."""
    context = _context(request, reference)
    if context["seen"] == request.GET.get("seen"):
        return HttpResponse(status=204)
    return render(request, "portal/parts/change_answer.html", context)


def _context(request: Asked, reference: str) -> dict[str, Any]:
    change = my_one(request.user, with_restart(changes()), reference=reference)
    figures = change.quote.figures
    context: dict[str, Any] = {
        "change": change, "service": change.service, "quote": change.quote, "figures": figures,
        "zone": ZoneInfo(figures["zone"]), "progress": progress(change), "words": _words(change),
        "sign": _sign(change), "reason": reason_words(change.reason) if change.status in WAITS else "",
        "busy": busy_with(change.detail).words if change.reason == "busy" else "",
        "open": change.status in states.OPEN, "lines": [_line(line) for line in change.lines.all()],
        "invoice": change.invoice, "restarted_at": restarted_at(change),
        "notes": list(CreditNote.objects.filter(origin=change.origin)), "log": list(_movements(change)),
        "may_change": may(request.user, change.customer_id, "change"),
        "now": clock.now(), "interventions": list(change.interventions.all()),
        "mailed": change.status in states.OPEN and is_mailed(kind_of("change.applied"), change.customer_id),
    }  # fmt: skip
    context |= payment_part(request, change.invoice) if change.invoice is not None else {}
    context["paid_with"] = _paid_with(change)
    context |= _released_gifts(context["log"])
    context["returned_minor"] = sum(note.gross_minor for note in context["notes"])
    context["discount_minor"] = change.quote.figures.get("discount_minor", 0)
    context["gifted_back_minor"] = sum(note.gifted_minor for note in context["notes"])
    context |= ease.asked(request.user, change)
    context["seen"] = fingerprint("portal/parts/change_state.html", context)
    return context


def _paid_with(change: Change) -> str:
    """The name of the payment method that brought money."""
    attempts = change.invoice.attempts.all() if change.invoice else []
    used = next((a.method for a in attempts if a.state == PaymentAttempt.State.SUCCEEDED), "")
    known = method(used)
    return known.name if known else _("Payment")


def _words(change: Change) -> str:
    """The state in words; between the payment and the worker's first look it is paid already."""
    if change.status == states.AWAITING_PAYMENT and change.invoice is not None and change.invoice.settled_at:
        return _("Paid")
    return status_words(change)


def _sign(change: Change) -> str:
    if change.status == states.AWAITING_PAYMENT and change.invoice is not None and change.invoice.settled_at:
        return "busy"
    return "need" if waits_for_restart(change) else SIGNS[change.status]


def _movements(change: Change) -> QuerySet[LogLine]:
    """What credit paid for it and what came back as credit."""
    rows = LogLine.objects.filter(origin=change.origin, customer=change.customer_id)
    return rows.select_related("purse").order_by("id")


def _released_gifts(log: list[LogLine]) -> dict[str, Any]:
    """Of the gifts this change had held: what was prolonged when it was given up, and what ended with it."""
    held_from = {line.purse_id for line in log if line.what == "pledged"}
    return {
        "prolonged": [line for line in log if line.what == "released" and line.purse_id not in held_from],
        "gift_gone_minor": -sum(line.amount_minor for line in log if line.what == "expired"),
    }


def _line(line: Any) -> dict[str, Any]:
    """One row of before, paid for, measured."""
    measured = line.measured
    return {
        "line": line,
        "measured": measured,
        "measured_name": line.named(measured),
        "as_paid": measured is not None and measured == line.to_value,
    }


@require_http_methods(["GET", "POST"])
@signed_in
def cancel(request: Asked, reference: str) -> HttpResponse:
    """Say what comes back and what happens to money that still arrives; then cancel."""
    found = my_one(request.user, changes(), reference=reference)
    if not may(request.user, found.customer_id, "change"):
        messages.error(
            request, _("You may look at this change, but not cancel it. Ask somebody of your team who may.")
        )
        return redirect("portal:show_change", reference=reference)
    if request.method == "GET":
        return render(request, "portal/cancel.html", _what_cancelling_does(found))
    try:
        cancel_change(request.user, reference)
        messages.success(request, _("The change was cancelled."))
    except Refused as refused:
        messages.error(request, " ".join(words(refusal) for refusal in refused.refusals))
    return redirect("portal:show_change", reference=reference)


def _what_cancelling_does(change: Change) -> dict[str, Any]:
    refusal = why_not(change)
    return {
        "change": change, "service": change.service, "invoice": change.invoice, "refusal": refusal,
        "back": if_cancelled(change, clock.now()) if refusal is None else None,
        "zone": ZoneInfo(change.quote.figures["zone"]),
    }  # fmt: skip


@require_GET
@signed_in
def of_service(request: Asked, pk: int) -> HttpResponse:
    """The terms that were sold and everything that was changed on one service, newest first."""
    service = my_one(request.user, Service.objects.select_related("product"), pk=pk)
    rows = with_restart(mine(request.user, Change.objects.filter(service=service))).order_by("-id")
    found = Slice(rows.select_related("submitted_by").prefetch_related("lines"), page_number(request))
    shown = [{"change": one, "words": status_words(one), "sign": _sign(one)} for one in found.rows]
    return render(
        request, "portal/service_changes.html",
        {
            "service": service, "rows": shown, "page": found, "zone": ZoneInfo(seller().zone), "tab": "changes",
            "terms": terms_of(service) if found.number == 1 else [],
        },
    )  # fmt: skip
