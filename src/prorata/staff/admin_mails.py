"""The mail outbox, to look at."""

from __future__ import annotations

import re
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from prorata.notices.models import Mail
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
        "origin",
        "key",
        "state_label",
        "tries",
        "error",
        "created_at",
        "sent_at",
    ]
    readonly_fields = ["text", "state_label"]

    @display(description=_("State"), label={"failed": "danger", "waiting": "warning", "sent": "success"})
    def state_label(self, mail: Mail) -> tuple[str, Any]:
        return mail.state, mail.get_state_display()

    @admin.display(description=_("Text"))
    def text(self, mail: Mail) -> str:
        # A link that lets its holder sign in as the customer is for the customer; in a demo there is no other mailbox.
        shown = (
            mail.body
            if settings.PRORATA_SANDBOXES_ALLOWED
            else SIGN_IN_LINK.sub(str(_("[link for the recipient]")), mail.body)
        )
        return format_html('<pre class="desk-json">{}</pre>', shown)
