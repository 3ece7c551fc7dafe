"""The mail outbox, to look at."""

from __future__ import annotations

import re
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path
from django.utils.html import escape, format_html
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from prorata.notices.html import as_html
from prorata.notices.models import Mail
from prorata.notices.outbox import again
from prorata.staff.pages import guarded, page
from prorata.staff.readonly import ReadOnlyAdmin

SIGN_IN_LINK = re.compile(r"\S*/password/reset/key/\S*")


@admin.register(Mail)
class MailAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "to", "subject", "state_label", "tries", "sent_at"]
    list_display_links = ["created_at", "subject"]
    list_filter = ["state", "created_at"]
    search_fields = ["to", "subject", "origin"]
    ordering = ["-id"]
    fields = [
        "to",
        "subject",
        "text",
        "drawn",
        "origin",
        "key",
        "state",
        "tries",
        "error",
        "created_at",
        "sent_at",
    ]
    readonly_fields = ["text", "drawn"]
    actions_detail = ["send_again"]

    @display(
        description=_("State"),
        label={"failed": "danger", "waiting": "warning", "sent": "success", "off": "info"},
    )
    def state_label(self, mail: Mail) -> tuple[str, Any]:
        return mail.state, mail.get_state_display()

    @admin.display(description=_("Text"))
    def text(self, mail: Mail) -> str:
        return format_html('<pre class="desk-json">{}</pre>', _shown(mail))

    @admin.display(description=_("As HTML"))
    def drawn(self, mail: Mail) -> str:
        """The other half of the same mail, in a frame where nothing runs and nothing is loaded."""
        return format_html(
            '<iframe class="desk-mail" sandbox title="{}" srcdoc="{}"></iframe>',
            _("The mail as HTML"), escape(as_html(mail.subject, _shown(mail))),  # a document in an attribute
        )  # fmt: skip

    @action(
        description=_("Send again"), url_path="send-again", icon="forward_to_inbox", permissions=["notices.change_mail"]
    )  # fmt: skip
    def send_again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return redirect("admin:notices_mail_again", object_id)

    def get_urls(self) -> list[URLPattern]:
        again = path(
            "<int:mail_id>/again/", guarded(ask_again, "notices.change_mail"), name="notices_mail_again"
        )
        return [again, *super().get_urls()]


def _shown(mail: Mail) -> str:
    """A link that lets its holder sign in as the customer is for the customer; in a demo there is no other mailbox."""
    if settings.PRORATA_SANDBOXES_ALLOWED:
        return mail.body
    return SIGN_IN_LINK.sub(str(_("[link for the recipient]")), mail.body)


def ask_again(request: HttpRequest, mail_id: int) -> HttpResponse:
    """A mail that could not be sent is tried again, after a click that says so."""
    mail = get_object_or_404(Mail, pk=mail_id)
    if request.method == "POST":
        if again(mail.pk):
            messages.success(request, _("The mail is tried again."))
        else:
            messages.error(request, _("Only a mail that could not be sent is tried again."))
        return redirect("admin:notices_mail_change", mail.pk)
    return page(
        request,
        "form.html",
        title=_("Send again"),
        model=Mail,
        form=Form(),
        lead=f"{mail.subject} – {mail.to}",
        button=_("Send again"),
        back=("admin:notices_mail_change", mail.pk),
    )
