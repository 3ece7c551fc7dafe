"""Origins are text such as "change:C-20931"; on the desk they lead to what they name."""

from __future__ import annotations

from django.urls import reverse
from django.utils.html import format_html

from prorata.changes.models import Change


def origin_link(origin: str) -> str:
    """A link to the change an origin names; other origins as they are."""
    kind, _colon, reference = origin.partition(":")
    if kind == "change" and (
        pk := Change.objects.filter(reference=reference).values_list("pk", flat=True).first()
    ):
        page = reverse("admin:changes_change_change", args=[pk])
        return format_html('<a class="desk-link" href="{}">{}</a>', page, reference)
    return origin
