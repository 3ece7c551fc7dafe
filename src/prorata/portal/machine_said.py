"""The hypervisor's own words on a page: a quotation, marked as English for whoever reads or hears it."""

from __future__ import annotations

from django.utils.html import format_html
from django.utils.safestring import SafeString

from prorata.changes.machine_words import busy_with


def own_words(words: str, quote: str) -> str | SafeString:
    """Ours, and the machine's after them if there are some."""
    return format_html('{} <q lang="en">{}</q>', words, quote) if quote else words


def busy(said: str) -> str | SafeString:
    """What a machine is busy with: in the reader's words, or quoted."""
    heard = busy_with(said)
    return heard.words or format_html('<q lang="en">{}</q>', heard.quote)
