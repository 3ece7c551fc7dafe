"""What a document line is for, in the reader's words. The document itself keeps one text, in English."""

from __future__ import annotations

from django.utils.translation import gettext as _

from prorata.catalog.names import in_language
from prorata.invoices.models import CreditNoteLine, InvoiceLine


def line_words(line: InvoiceLine | CreditNoteLine) -> str:
    """ "Memory 4 to 8 GB", "Memory 8 GB" for a term; lines of older documents have their text only."""
    if not line.name:
        return line.text
    said = {
        "name": in_language(line.name), "before": in_language(line.from_name), "value": in_language(line.to_name),
        "unit": f"\u00a0{line.unit}" if line.unit else "",
    }  # fmt: skip
    if line.is_term:
        return _("%(name)s %(value)s%(unit)s") % said
    return _("%(name)s %(before)s to %(value)s%(unit)s") % said
