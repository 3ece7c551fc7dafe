"""Documents with all that their page needs, in a handful of queries however many lines they have."""

from __future__ import annotations

from django.db.models import Prefetch, QuerySet

from prorata.invoices.models import CreditNote, CreditSource, Invoice


def printable_invoices() -> QuerySet[Invoice]:
    return Invoice.objects.select_related("seller", "service").prefetch_related("lines")


def printable_credit_notes() -> QuerySet[CreditNote]:
    sources = CreditSource.objects.select_related("invoice_line__invoice", "layer")
    rows = CreditNote.objects.select_related("seller", "service", "invoice")
    return rows.prefetch_related(Prefetch("lines__sources", sources))
