"""Invoices and how they are paid."""

from __future__ import annotations

import logging
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
from prorata.payments.asking import PaymentRefused, PaymentUnknown
from prorata.payments.charge_saved import pay_with_saved
from prorata.payments.gateways.base import GatewayRefused
from prorata.payments.look import look
from prorata.payments.models import PaymentAttempt
from prorata.payments.record_capture import Mismatch
from prorata.payments.registry import UnknownGateway
from prorata.payments.saved_methods import can_keep, forget
from prorata.payments.saved_methods import offered as offered_saved
from prorata.portal.payment_part import payment_part
from prorata.portal.payment_words import told
from prorata.portal.views.frame import REFUSED, Asked, Slice, fingerprint, page_number, signed_in

log = logging.getLogger(__name__)
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
    now = clock.now()
    shown = {
        "rows": [{"invoice": one, "pay": told(one, now)} for one in found.rows],
        "notes": Slice(notes, page_number(request, "notes")) if found.number == 1 else None,
        "page": found,
        "zone": ZoneInfo(seller().zone),
    }
    return render(request, "portal/invoices.html", shown)


@require_GET
@signed_in
def invoice(request: Asked, reference: str) -> HttpResponse:
    return render(request, "portal/invoice.html", _context(request, reference))


@require_GET
@signed_in
def state(request: Asked, reference: str) -> HttpResponse:
    """The part of the page that lives, for a script that asks again; nothing where it has not changed."""
    context = _context(request, reference)
    if context["seen"] == request.GET.get("seen"):
        return HttpResponse(status=204)
    return render(request, "portal/parts/invoice_answer.html", context)


def _context(request: Asked, reference: str) -> dict[str, Any]:
    found = my_one(request.user, invoices().prefetch_related("lines"), reference=reference)
    term = SoldTerm.objects.filter(invoice=found).first()
    context: dict[str, Any] = {
        "term": term, "invoice": found, "service": found.service, "zone": ZoneInfo(found.seller.zone),
        "change": Change.objects.filter(invoice=found).first(),
        "may_change": may(request.user, found.customer_id, "change"),
        "account_minor": found.credit_minor - found.gifted_minor,
        "raised_minor": sum(line.raised_minor for line in found.lines.all()),
        "discount_minor": sum(line.discount_minor for line in found.lines.all()), "paper_languages": NAMES,
    }  # fmt: skip
    context |= payment_part(request, found, term)
    context["seen"] = fingerprint("portal/parts/invoice_state.html", context)
    return context


@require_http_methods(["GET", "POST"])
@signed_in
def checkout(request: Asked, reference: str) -> HttpResponse:
    """Choose how to pay, then go to the payment service's own page."""
    context = _context(request, reference)
    found: Invoice = context["invoice"]
    if not context["pay"].state.payable or not context["may_pay"]:
        return redirect("portal:invoice", reference=reference)
    choice = context["choice"]
    chosen = choice.chosen
    wanted = request.POST.get("method", chosen.code if chosen is not None else "")
    context |= {
        "method": wanted, "saved": offered_saved(request.user, found),
        "keepers": _(", ").join(str(one.name) for one in choice.offered if can_keep(one.gateway)),
        "keep": "keep" in request.POST,
    }  # fmt: skip
    if (transfer := next((one for one in choice.offered if one.is_transfer), None)) is not None:
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
    """Back from the payment service, or to look again. Its own truth is fetched; what the address says is not believed.

    The page it leads to tells the state: the change's page, or with `?to=invoice` the invoice.
    """
    attempts = PaymentAttempt.objects.select_related("invoice")
    found = my_one(request.user, attempts, path="invoice__customer", pk=attempt)
    if request.user.looks_at is None:
        _look(found)
    if request.GET.get("to") == "invoice":
        return redirect("portal:invoice", reference=found.invoice.reference)
    return _to_what_was_paid(found.invoice)


def _look(attempt: PaymentAttempt) -> None:
    try:
        look(attempt.pk)
    except (Mismatch, GatewayRefused, UnknownGateway) as problem:
        # For staff, who hear of it from its message, the sweep or the day's comparison. The page says what is known.
        log.warning("payment attempt %s: %s", attempt.pk, problem)


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
