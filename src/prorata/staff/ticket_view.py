"""One ticket on the desk: the conversation with our notes, the figures of now, an answer, a note, take it, close it."""

from __future__ import annotations

import re
import secrets
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prorata.customers.models import User
from prorata.staff import fields
from prorata.staff.columns import link_to
from prorata.staff.pages import page
from prorata.support.about import of_ticket
from prorata.support.answer import answer, write_note
from prorata.support.assign import assign_to_me
from prorata.support.attach import ACCEPT, LARGEST_FILE, MOST_FILES, uploaded
from prorata.support.canned import filled, left_open
from prorata.support.close import close_by_staff
from prorata.support.download import download
from prorata.support.figures import Figures
from prorata.support.models import LONGEST_TEXT, Attachment, CannedAnswer, Ticket
from prorata.support.refused import CannotWrite


class TextForm(fields.PlainForm):
    """What is written in one of the two places. `key` makes two presses one message."""

    key = forms.CharField(widget=forms.HiddenInput, required=False)
    labels = {"answer": gettext_lazy("Your answer"), "note": gettext_lazy("Your note")}

    def __init__(self, data: Any = None, *, prefix: str, initial: Any = None) -> None:
        super().__init__(data, prefix=prefix, initial=initial)
        self.fields["text"] = fields.long_text(self.labels[prefix], maximum=LONGEST_TEXT)
        self.fields["text"].widget.attrs["rows"] = 10 if prefix == "answer" else 3

    def clean_key(self) -> str:
        return re.sub(r"[^A-Za-z0-9_-]", "", self.cleaned_data["key"])[:40] or _fresh()


def ticket_page(request: HttpRequest, model_admin: Any, object_id: str) -> HttpResponse:
    rows = Ticket.objects.select_related("customer", "opened_by", "assigned_to")
    ticket = get_object_or_404(rows, pk=object_id if object_id.isascii() and object_id.isdecimal() else 0)
    if not model_admin.has_view_permission(request, ticket):
        raise PermissionDenied
    if request.method != "POST":
        return _page(request, ticket, _empty("answer"), _empty("note"))
    if not request.user.has_perm("support.change_ticket"):
        raise PermissionDenied
    return _do(request, ticket)


def _do(request: HttpRequest, ticket: Ticket) -> HttpResponse:
    staff, what = cast(User, request.user), request.POST.get("do", "")
    if what == "insert":
        return _page(request, ticket, _inserted(request, ticket), _empty("note"))
    if what in ("answer", "note"):
        return _write(request, ticket, what)
    if what == "assign":
        assign_to_me(staff, ticket.pk)
        messages.success(request, _("You look after %(reference)s now.") % {"reference": ticket})
    elif what == "close":
        close_by_staff(staff, ticket.pk)
        messages.success(request, _("%(reference)s is closed; the customer is told.") % {"reference": ticket})
    return redirect("admin:support_ticket_change", ticket.pk)


def _write(request: HttpRequest, ticket: Ticket, what: str) -> HttpResponse:
    form = TextForm(request.POST, prefix=what)
    if form.is_valid():
        values, staff = form.cleaned_data, cast(User, request.user)
        try:
            if what == "answer":
                answer(
                    staff,
                    ticket.pk,
                    values["text"],
                    key=values["key"],
                    files=uploaded(request.FILES.getlist("files")),
                )
                messages.success(request, _("Answered; the mail is on its way."))
            else:
                write_note(staff, ticket.pk, values["text"], key=values["key"])
                messages.success(request, _("Noted. Only staff see it."))
        except CannotWrite as refused:
            form.add_error("text" if refused.field == "text" else None, str(refused))
        else:
            return redirect("admin:support_ticket_change", ticket.pk)
    forms_shown = (form, _empty("note")) if what == "answer" else (_empty("answer"), form)
    return _page(request, ticket, *forms_shown)


def _inserted(request: HttpRequest, ticket: Ticket) -> TextForm:
    """The answer as it was typed so far, with a canned one below: a preview to read and correct before it is sent."""
    typed, chosen = request.POST.get("answer-text", "").strip(), request.POST.get("canned", "")
    canned = CannedAnswer.objects.filter(pk=chosen, in_use=True).first() if chosen.isdecimal() else None
    if canned is None:
        messages.error(request, _("Choose one of the canned answers."))
        text = typed
    else:
        text = "\n\n".join(part for part in (typed, filled(canned, ticket)) if part)
        if missing := left_open(text):
            words = _("This ticket has no figure for %(names)s. Write what is meant before you send it.")
            messages.warning(request, words % {"names": ", ".join(missing)})
    return TextForm(
        initial={"text": text, "key": request.POST.get("answer-key") or _fresh()}, prefix="answer"
    )


def _empty(prefix: str) -> TextForm:
    return TextForm(initial={"key": _fresh()}, prefix=prefix)


def _fresh() -> str:
    return secrets.token_urlsafe(12)


def _page(request: HttpRequest, ticket: Ticket, answer_form: TextForm, note_form: TextForm) -> HttpResponse:
    files = Prefetch("attachments", Attachment.objects.select_related("content").defer("content__data"))
    about = of_ticket(ticket.about)
    with translation.override(ticket.language):
        figures = Figures(ticket).all()
    return page(
        request, "ticket.html", title=f"{ticket.reference} – {ticket.subject}", model=Ticket, ticket=ticket,
        talk=list(ticket.messages.select_related("by").prefetch_related(files)), figures=figures,
        about=link_to(about.row, about.label) if about is not None else ticket.about_label, answer_form=answer_form,
        note_form=note_form, canned=CannedAnswer.objects.filter(in_use=True), accept=ACCEPT, most_files=MOST_FILES,
        largest_mb=LARGEST_FILE // 1_048_576, may=request.user.has_perm("support.change_ticket"),
        language=_language(ticket.language),
    )  # fmt: skip


def _language(code: str) -> str:
    names = {"en": _("English"), "ja": _("Japanese"), "zh-hans": _("Simplified Chinese")}
    return names.get(code.lower(), code)


def ticket_file(request: HttpRequest, ticket_id: int, pk: int) -> HttpResponse:
    """One file of a conversation, to save."""
    return download(
        get_object_or_404(Attachment.objects.select_related("content"), pk=pk, message__ticket=ticket_id)
    )
