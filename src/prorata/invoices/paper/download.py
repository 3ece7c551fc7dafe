"""A document as a browser gets it."""

from __future__ import annotations

import re

from django.http import HttpResponse

from prorata.invoices.models import CreditNote, Invoice
from prorata.invoices.paper.pdf import credit_note_pdf, invoice_pdf
from prorata.invoices.paper.words import Language, language_of
from prorata.language import OWN_NAMES, html_language

# What people are offered to choose from: each language by its own name.
NAMES = tuple((code, html_language(code), name) for code, name in OWN_NAMES.items())


def download(paper: Invoice | CreditNote, *wanted: str | None) -> HttpResponse:
    """The document as a PDF in the first of the `wanted` languages that there is.

    `paper` comes from `printable_invoices` or `printable_credit_notes`.
    """
    language = language_of(*wanted)
    content = invoice_pdf(paper, language) if isinstance(paper, Invoice) else credit_note_pdf(paper, language)
    return as_file(content, file_name(paper), language)


def as_file(content: bytes, name: str, language: Language) -> HttpResponse:
    """A PDF to look at in the browser; `name` is what it is called when it is kept."""
    return HttpResponse(
        content, content_type="application/pdf",
        headers={
            "Content-Disposition": f'inline; filename="{name}-{language}.pdf"', "Content-Language": language,
        },
    )  # fmt: skip


def file_name(paper: Invoice | CreditNote) -> str:
    """The document's number in letters that every system takes in a file's name."""
    return re.sub(r"[^A-Za-z0-9.]+", "-", str(paper)).strip("-.") or "document"
