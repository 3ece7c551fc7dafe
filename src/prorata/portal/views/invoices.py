"""Invoices and how they are paid."""

from __future__ import annotations

import uuid
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from prorata import clock
from prorata.changes.models import Change, SoldTerm
from prorata.changes.pay import start_paying
from prorata.changes.pay_within import deadline_by
from prorata.changes.situation import seller
from prorata.customers.scope import may, mine, my_one
from prorata.invoices.models import CreditNote, Invoice
from prorata.invoices.paper.download import NAMES
from prorata.invoices.paper.read import printable_credit_notes
from prorata.payments.bank.accounts import offered_methods
from prorata.payments.bank.instructions import instructions
from prorata.payments.bank.wait import is_awaited
from prorata.payments.charge_saved import pay_with_saved
from prorata.payments.checkout import PaymentRefused, PaymentUnknown
from prorata.payments.look import look
from prorata.payments.models import PaymentAttempt
from prorata.payments.saved_methods import can_keep, forget
from prorata.payments.saved_methods import offered as offered_saved
from prorata.portal.views.frame import CHOSEN_METHOD, REFUSED, Asked, Slice, page_number, signed_in

State = PaymentAttempt.State
# What the radio of a kept card sends: this and its id.
SAVED = "saved:"


def invoices() -> QuerySet[Invoice]:
    return Invoice.objects.select_related("seller", "customer", "service__product").prefetch_related(
        "attempts"
    )


@require_GET
@signed_in
def index(request: Asked) -> HttpResponse:
    found = Slice(mine(request.user, invoices()), page_number(request))
    notes = mine(request.user, CreditNote.objects.select_related("service", "seller")).order_by("-id")
    shown = {
        "rows": [{"invoice": one, "state": state_of(one)} for one in found.rows],
        "notes": list(notes[:20]) if found.number == 1 else [],
        "page": found,
        "zone": ZoneInfo(seller().zone),
    }
    return render(request, "portal/invoices.html", shown)


def state_of(invoice: Invoice) -> tuple[str, str]:
    """(kind for the sign, words) of where an invoice stands."""
    last = next(iter(invoice.attempts.all()), None)
    if invoice.status == Invoice.Status.PAID:
        return "ok", _("Paid")
    if invoice.status == Invoice.Status.CANCELLED:
        return "off", _("Cancelled")
    if invoice.status == Invoice.Status.EXPIRED:
        return "off", _("Expired, nothing was taken")
    if last is not None and last.state in (State.UNKNOWN, State.PROCESSING):
        return "busy", _("Being checked")
    if last is not None and is_awaited(last):
        part = invoice.received_minor > 0
        return "busy", _("Part received, waiting for the rest") if part else _("Waiting for your transfer")
    if invoice.received_minor:
        return "need", _("Partly paid")
    if last is not None and last.state == State.FAILED:
        return "need", _("Unpaid: the last payment failed, nothing was taken")
    return "need", _("Unpaid")


@require_GET
@signed_in
def invoice(request: Asked, reference: str) -> HttpResponse:
    return render(request, "portal/invoice.html", _context(request, reference))


def _context(request: Asked, reference: str) -> dict[str, Any]:
    found = my_one(request.user, invoices().prefetch_related("lines"), reference=reference)
    last = next(iter(found.attempts.all()), None)
    kind, words = state_of(found)
    checking = last is not None and last.state in (State.UNKNOWN, State.PROCESSING)
    in_time = clock.now() < found.pay_until
    return {
        "invoice": found, "service": found.service, "zone": ZoneInfo(found.seller.zone), "kind": kind, "words": words,
        "last": last, "checking": checking, "change": Change.objects.filter(invoice=found).first(),
        "term": SoldTerm.objects.filter(invoice=found).first(),
        "in_time": in_time, "may_pay": may(request.user, found.customer_id, "pay"),
        "may_change": may(request.user, found.customer_id, "change"),
        "payable": found.due_minor > 0 and in_time and not checking,
        "transfer": instructions(found) if last is not None and is_awaited(last) else None,
        "account_minor": found.credit_minor - found.gifted_minor,
        "raised_minor": sum(line.raised_minor for line in found.lines.all()),
        "discount_minor": sum(line.discount_minor for line in found.lines.all()), "paper_languages": NAMES,
    }  # fmt: skip


@require_http_methods(["GET", "POST"])
@signed_in
def checkout(request: Asked, reference: str) -> HttpResponse:
    """Choose how to pay, then go to the payment service's own page."""
    context = _context(request, reference)
    found: Invoice = context["invoice"]
    if not context["payable"] or not context["may_pay"]:
        return redirect("portal:invoice", reference=reference)
    offered = offered_methods(found.seller_id, found.currency)
    remembered = found.customer.preferred_method
    default = request.session.get(CHOSEN_METHOD) or remembered
    wanted = request.POST.get("method", default if any(one.code == default for one in offered) else "")
    context |= {
        "methods": offered, "method": wanted, "remembered": remembered, "saved": offered_saved(request.user, found),
        "may_keep": any(can_keep(one.gateway) for one in offered), "keep": "keep" in request.POST,
    }  # fmt: skip
    if (transfer := next((one for one in offered if one.is_transfer), None)) is not None:
        until = deadline_by(found, transfer.code)
        context |= {"transfer_until": until, "transfer_is_longer": until > found.pay_until}
    if request.method == "GET":
        return render(request, "portal/checkout.html", context)
    if given := request.POST.get("forget"):
        gone = forget(request.user, _id(given))
        messages.success(
            request, _("%(card)s is forgotten and will not be charged again.") % {"card": gone.label}
        )
        return redirect("portal:checkout", reference=reference)
    try:
        if wanted.startswith(SAVED):
            address = pay_with_saved(request.user, found, _id(wanted.removeprefix(SAVED)))
            return redirect(address) if address else _to_what_was_paid(found)
        return redirect(start_paying(request.user, found, wanted, save=context["keep"]))
    except PaymentRefused as refusal:
        return render(request, "portal/checkout.html", context | {"problem": str(refusal)}, status=REFUSED)
    except PaymentUnknown as silence:
        messages.warning(request, str(silence))
        return redirect("portal:invoice", reference=reference)


@require_GET
@signed_in
def transfer(request: Asked, reference: str) -> HttpResponse:
    """What to type at the bank. Once nothing is awaited any more, the invoice says how it stands."""
    context = _context(request, reference)
    if context["transfer"] is None:
        return redirect("portal:invoice", reference=reference)
    return render(request, "portal/transfer.html", context)


@require_GET
@signed_in
def come_back(request: Asked, attempt: uuid.UUID) -> HttpResponse:
    """Back from the payment service. Its own truth is fetched; what the address says is not believed."""
    attempts = PaymentAttempt.objects.select_related("invoice")
    found = my_one(request.user, attempts, path="invoice__customer", pk=attempt)
    seen = look(found.pk)
    if seen.state == State.FAILED:
        reason = seen.reason or _("The payment was declined.")
        messages.error(request, _("%(reason)s Nothing was taken.") % {"reason": reason.rstrip(".") + "."})
    elif seen.state == State.CANCELLED:
        messages.info(request, _("The payment was not made. Nothing was taken."))
    elif seen.state == State.REDIRECTED and seen.reason:
        messages.error(
            request, _("%(reason)s Nothing was taken.") % {"reason": seen.reason.rstrip(".") + "."}
        )
    return _to_what_was_paid(found.invoice)


def _to_what_was_paid(invoice: Invoice) -> HttpResponse:
    """The change's own page, or the invoice where it was for none."""
    change = Change.objects.filter(invoice=invoice).values_list("reference", flat=True).first()
    if change is None:
        return redirect("portal:invoice", reference=invoice.reference)
    return redirect("portal:show_change", reference=change)


def _id(given: str) -> uuid.UUID:
    try:
        return uuid.UUID(given)
    except ValueError as strange:
        raise Http404("There is nothing here that you can see.") from strange


@require_GET
@signed_in
def credit_note(request: Asked, number: str) -> HttpResponse:
    """A credit note, as a document."""
    found = my_one(request.user, printable_credit_notes(), number=number)
    if not found.lines.all():
        raise Http404("This credit note has no lines.")
    reference = found.origin.removeprefix("change:")
    change = Change.objects.filter(reference=reference, customer=found.customer_id).first()
    return render(
        request,
        "portal/credit_note.html",
        {"note": found, "zone": ZoneInfo(found.seller.zone), "change": change, "paper_languages": NAMES},
    )
