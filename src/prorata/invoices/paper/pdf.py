"""The page: content and template into a PDF, the same bytes for the same document every time."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

import manimgx_fonts
import noto_cjk_sans_jp_bold
import noto_cjk_sans_jp_regular
import typst

from prorata.invoices.einvoice import add_einvoice, carries_einvoice
from prorata.invoices.models import CreditNote, Invoice
from prorata.invoices.paper.content import Content
from prorata.invoices.paper.of_credit_note import credit_note_content
from prorata.invoices.paper.of_invoice import invoice_content
from prorata.invoices.paper.words import Language, say

TEMPLATE = Path(__file__).with_name("document.typ")
# Noto, under the SIL Open Font License, from the packages of the lock: nothing of the system is looked at.
FONTS = [
    Path(str(package.__file__)).parent
    for package in (noto_cjk_sans_jp_regular, noto_cjk_sans_jp_bold, manimgx_fonts)
]


@lru_cache(maxsize=1)
def fonts() -> typst.Fonts:
    """Looked through once a process."""
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=FONTS)


def invoice_pdf(invoice: Invoice, language: Language) -> bytes:
    """The invoice as it stands, read with its seller, service and lines."""
    return _finished(invoice, invoice_content(invoice, language), language)


def credit_note_pdf(note: CreditNote, language: Language) -> bytes:
    """The credit note, read with its seller, service, lines and their sources."""
    return _finished(note, credit_note_content(note, language), language)


def _finished(paper: Invoice | CreditNote, content: Content, language: Language) -> bytes:
    if not carries_einvoice(paper):
        return render(content)
    content.note += " " + say("einvoice", language)
    title = f"{content.title} {content.number}"
    return add_einvoice(render(content), paper, title=title, language=content.language)


def render(content: Content) -> bytes:
    """A PDF/A-3 with its fonts in it. The text is data to the template, never a part of its source."""
    return typst.compile(
        TEMPLATE, font_paths=fonts(), format="pdf", pdf_standards="a-3b",
        sys_inputs={"content": json.dumps(content.as_dict(), ensure_ascii=False)},
    )  # fmt: skip
