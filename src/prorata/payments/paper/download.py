"""A receipt as a browser gets it."""

from __future__ import annotations

from django.http import HttpResponse

from prorata.invoices.paper.download import as_file
from prorata.invoices.paper.pdf import render
from prorata.invoices.paper.words import Language, language_of
from prorata.payments.paper.of_receipt import receipt_content
from prorata.payments.receipts import Receipt


def receipt_pdf(receipt: Receipt, language: Language) -> bytes:
    """The receipt, read with its invoice, seller and service."""
    return render(receipt_content(receipt, language))


def download_receipt(receipt: Receipt, *wanted: str | None) -> HttpResponse:
    """The receipt as a PDF in the first of the `wanted` languages that there is."""
    language = language_of(*wanted)
    return as_file(receipt_pdf(receipt, language), receipt.number, language)
