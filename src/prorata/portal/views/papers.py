"""Invoices and credit notes as PDF, in the person's language or in one that is asked for."""

from __future__ import annotations

from django.http import HttpResponse
from django.views.decorators.http import require_GET

from prorata.customers.scope import my_one
from prorata.invoices.paper.download import download
from prorata.invoices.paper.read import printable_credit_notes, printable_invoices
from prorata.language import language
from prorata.portal.views.frame import Asked, signed_in
from prorata.portal.views.tries import at_most


@require_GET
@signed_in
@at_most("pdf")
def invoice_pdf(request: Asked, reference: str) -> HttpResponse:
    found = my_one(request.user, printable_invoices(), reference=reference)
    return download(found, request.GET.get("lang"), language())


@require_GET
@signed_in
@at_most("pdf")
def credit_note_pdf(request: Asked, number: str) -> HttpResponse:
    found = my_one(request.user, printable_credit_notes(), number=number)
    return download(found, request.GET.get("lang"), language())
