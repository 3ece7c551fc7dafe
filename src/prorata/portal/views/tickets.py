"""Tickets: mine, a new one about any page, the conversation, and the files in it."""

from __future__ import annotations

import re
import secrets
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.db.models import Case, Prefetch, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from prorata.changes.situation import seller
from prorata.customers.models import Customer
from prorata.customers.scope import mine, my_one
from prorata.portal.ticket_words import SIGNS, about_page
from prorata.portal.views.frame import REFUSED, Asked, Slice, page_number, sent_from, signed_in
from prorata.support import about as subjects
from prorata.support.attach import ACCEPT, LARGEST_FILE, MOST_FILES, uploaded
from prorata.support.close import close_mine
from prorata.support.download import download
from prorata.support.models import LONGEST_SUBJECT, LONGEST_TEXT, Attachment, Message, Ticket
from prorata.support.open_ticket import Draft, open_ticket
from prorata.support.refused import CannotWrite
from prorata.support.reply import reply


@require_GET
@signed_in
def index(request: Asked) -> HttpResponse:
    """Every ticket of my customers; those that are closed come last."""
    rows = mine(request.user, Ticket.objects.select_related("customer", "opened_by"))
    in_order = rows.order_by(Case(When(state=Ticket.State.CLOSED, then=1), default=0), "-state_since", "-id")
    found = Slice(in_order, page_number(request))
    shown = [{"ticket": one, "sign": SIGNS[one.state]} for one in found.rows]
    return render(
        request, "portal/tickets.html", {"rows": shown, "page": found, "zone": ZoneInfo(seller().zone)}
    )


@require_http_methods(["GET", "POST"])
@signed_in
def new(request: Asked) -> HttpResponse:
    """Ask about one thing of mine, or about anything."""
    sent = request.POST if request.method == "POST" else request.GET
    origin = sent.get("about", "")
    about = subjects.mine(request.user, origin) if origin else None
    customers = list(mine(request.user, Customer.objects.order_by("name", "id"), path="pk"))
    if not customers:
        return render(request, "portal/new_ticket.html", {"customers": []})
    chosen = _chosen(sent.get("customer", ""), customers)
    context: dict[str, Any] = {
        "about": about, "about_page": about_page(origin), "customers": customers, "customer_id": chosen, **_form(request),
        "subject": sent.get("subject", "")[: LONGEST_SUBJECT * 2], "longest_subject": LONGEST_SUBJECT,
    }  # fmt: skip
    if request.method == "GET":
        return render(request, "portal/new_ticket.html", context)
    draft = Draft(
        subject=context["subject"], text=context["text"], key=context["key"], about=origin, customer_id=chosen,
        files=uploaded(request.FILES.getlist("files")),
    )  # fmt: skip
    try:
        ticket = open_ticket(request.user, draft)
    except CannotWrite as refused:
        return render(request, "portal/new_ticket.html", context | {"refused": refused}, status=REFUSED)
    messages.success(
        request,
        _("We have your question. The answer comes here and by mail to %(email)s.")
        % {"email": request.user.email},
    )
    return redirect("portal:ticket", ticket.reference)


@require_http_methods(["GET", "POST"])
@signed_in
def ticket(request: Asked, reference: str) -> HttpResponse:
    """GET shows the conversation; POST writes to it."""
    found = my_one(request.user, Ticket.objects.select_related("customer", "opened_by"), reference=reference)
    if request.method == "GET":
        return render(request, "portal/ticket.html", _conversation(found) | _form(request))
    form = _form(request)
    try:
        reply(
            request.user,
            reference,
            form["text"],
            key=form["key"],
            files=uploaded(request.FILES.getlist("files")),
        )
    except CannotWrite as refused:
        return render(
            request, "portal/ticket.html", _conversation(found) | form | {"refused": refused}, status=REFUSED
        )
    messages.success(request, _("Sent. The ticket waits for us now."))
    return redirect("portal:ticket", reference)


@sent_from("portal:ticket", "reference")
@signed_in
def close(request: Asked, reference: str) -> HttpResponse:
    close_mine(request.user, reference)
    messages.success(request, _("The ticket is closed. Writing to it opens it again."))
    return redirect("portal:ticket", reference)


@require_GET
@signed_in
def file(request: Asked, reference: str, pk: int) -> HttpResponse:
    """One file of my conversation, to save: nothing of it runs or is shown as a page of ours."""
    rows = Attachment.objects.filter(message__ticket__reference=reference, message__internal=False)
    return download(
        my_one(request.user, rows.select_related("content"), path="message__ticket__customer", pk=pk)
    )


def _conversation(ticket: Ticket) -> dict[str, Any]:
    rows = ticket.messages.filter(internal=False).select_related("by")
    files = Prefetch("attachments", Attachment.objects.select_related("content").defer("content__data"))
    return {
        "ticket": ticket, "sign": SIGNS[ticket.state], "about_page": about_page(ticket.about),
        "zone": ZoneInfo(seller().zone), "talk": list(rows.prefetch_related(files)), "authors": Message.Author,
    }  # fmt: skip


def _form(request: HttpRequest) -> dict[str, Any]:
    """What was typed stays typed; the key makes two presses one message."""
    key = re.sub(r"[^A-Za-z0-9_-]", "", request.POST.get("key", ""))[:40]
    return {
        "key": key or secrets.token_urlsafe(12), "text": request.POST.get("text", ""), "accept": ACCEPT,
        "most_files": MOST_FILES, "largest_mb": LARGEST_FILE // 1_048_576, "longest_text": LONGEST_TEXT,
    }  # fmt: skip


def _chosen(typed: str, customers: list[Customer]) -> int | None:
    """Whose ticket it is where nothing is attached: the only customer, or the one that was chosen."""
    if len(customers) == 1:
        return customers[0].pk
    return next((one.pk for one in customers if str(one.pk) == typed), None)
