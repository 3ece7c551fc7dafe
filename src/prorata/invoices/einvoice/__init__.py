"""The machine-readable invoice inside the PDF: Factur-X at the level EN 16931, for sellers in the European Union."""

from __future__ import annotations

from importlib.util import find_spec

from prorata.invoices.einvoice.applies import applies
from prorata.invoices.models import CreditNote, Invoice


def installed() -> bool:
    """Whether the extra `prorata[einvoice]` is here; without it a PDF is a PDF."""
    return all(find_spec(name) is not None for name in ("drafthorse", "facturx"))


def carries_einvoice(paper: Invoice | CreditNote) -> bool:
    """Whether the PDF of this document has the e-invoice in it."""
    return applies(paper) and installed()


def add_einvoice(pdf: bytes, paper: Invoice | CreditNote, *, title: str, language: str) -> bytes:
    """The PDF with its e-invoice in it; for documents of which `carries_einvoice` is true."""
    from prorata.invoices.einvoice.cii import einvoice_xml
    from prorata.invoices.einvoice.embed import embed

    return embed(pdf, einvoice_xml(paper), paper, title=title, language=language)
