"""Invoices, credit notes and paid layers, to look at. A mistake is put right by another document, never by editing."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Prefetch
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from prorata.invoices.models import (
    CreditNote,
    CreditNoteLine,
    CreditSource,
    Invoice,
    InvoiceLine,
    Layer,
    Unwinding,
)
from prorata.invoices.paper.read import printable_credit_notes, printable_invoices
from prorata.payments.models import PaymentAttempt
from prorata.staff.columns import Money, link_to, money, precise
from prorata.staff.origins import origin_link
from prorata.staff.paid_columns import PaidColumns
from prorata.staff.paper_links import PaperLinks
from prorata.staff.readonly import ReadOnlyAdmin, ReadOnlyRows

AS_ISSUED = ["seller_as_issued", "buyer_as_issued"]


class PartiesAsIssued:
    """Seller and buyer as the document prints them; their own pages show what holds today."""

    @admin.display(description=_("Seller as printed"))
    def seller_as_issued(self, paper: Invoice | CreditNote) -> str:
        return _party(paper.seller_name, paper.seller_address, paper.seller_country, paper.seller_tax_number)

    @admin.display(description=_("Customer as printed"))
    def buyer_as_issued(self, paper: Invoice | CreditNote) -> str:
        return _party(paper.buyer_name, paper.buyer_address, paper.buyer_country, paper.buyer_tax_number)


def _party(name: str, address: str, country: str, tax_number: str) -> str:
    return ", ".join(part for part in (name, *address.splitlines(), country, tax_number) if part.strip())


class InvoiceLines(ReadOnlyRows):
    model = InvoiceLine
    verbose_name_plural = _("Lines")
    fields = ["text", "period_starts", "period_ends", "exact_amount", "net", "tax"]
    readonly_fields = ["exact_amount", "net", "tax"]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("invoice")

    @admin.display(description=_("Exact"))
    def exact_amount(self, line: InvoiceLine) -> str:
        return precise(line.exact)

    @admin.display(description=_("Net"))
    def net(self, line: InvoiceLine) -> str:
        return money(line.net_minor, line.invoice.currency)

    @admin.display(description=_("Tax"))
    def tax(self, line: InvoiceLine) -> str:
        return money(line.tax_minor, line.invoice.currency)


class Attempts(ReadOnlyRows):
    model = PaymentAttempt
    verbose_name_plural = _("Payment attempts")
    fields = ["id", "gateway", "method", "state", "reason", "amount", "created_at", "ended_at"]
    readonly_fields = ["amount"]
    amount = Money("amount_minor", _("Amount"))


@admin.register(Invoice)
class InvoiceAdmin(PaperLinks, PartiesAsIssued, ReadOnlyAdmin):
    printable = printable_invoices
    inlines = [InvoiceLines, Attempts]
    list_display = [
        "reference",
        "number",
        "customer",
        "status_label",
        "gross",
        "due",
        "created_at",
        "pay_until",
    ]
    list_select_related = ["customer"]
    list_filter = ["status", "created_at"]
    search_fields = ["reference", "number", "customer__name", "origin"]
    ordering = ["-id"]
    fields = [
        "reference",
        "number",
        "pdf",
        "status",
        "customer",
        "service",
        "seller",
        *AS_ISSUED,
        "for_what",
        "net",
        "tax",
        "gross",
        "tax_rate",
        "tax_included",
        "credit",
        "gifted",
        "received",
        "due",
        "created_at",
        "pay_until",
        "settled_at",
        "closed_at",
    ]
    readonly_fields = [
        "pdf",
        *AS_ISSUED,
        "for_what",
        "net",
        "tax",
        "gross",
        "credit",
        "gifted",
        "received",
        "due",
    ]
    net = Money("net_minor", _("Net"))
    tax = Money("tax_minor", _("Tax"))
    gross = Money("gross_minor", _("Total"))
    due = Money("due_minor", _("Still due"))
    credit = Money("credit_minor", _("Paid or pledged from purses"))
    gifted = Money("gifted_minor", _("Of it gifted credit"))
    received = Money("received_minor", _("Received through gateways"))
    due.admin_order_field = ""

    @display(description=_("Status"), label={"open": "warning", "paid": "success"})
    def status_label(self, invoice: Invoice) -> tuple[str, Any]:
        return invoice.status, invoice.get_status_display()

    @admin.display(description=_("For"))
    def for_what(self, invoice: Invoice) -> str:
        return origin_link(invoice.origin)


def _source(source: CreditSource) -> str:
    if source.invoice_line is not None:
        line = source.invoice_line
        return link_to(
            line.invoice, gettext("%(invoice)s, line %(n)s") % {"invoice": line.invoice, "n": line.position}
        )
    assert source.layer is not None
    words = {"invoice": gettext("no invoice here"), "origin": origin_link(source.layer.origin)}
    return format_html("{origin} ({invoice})", **words)


class CreditNoteLines(ReadOnlyRows):
    model = CreditNoteLine
    verbose_name_plural = _("Lines")
    fields = ["text", "exact_amount", "net", "tax", "reduces"]
    readonly_fields = ["exact_amount", "net", "tax", "reduces"]

    def get_queryset(self, request: HttpRequest) -> Any:
        sources = CreditSource.objects.select_related("invoice_line__invoice", "layer")
        rows = super().get_queryset(request).select_related("credit_note")
        return rows.prefetch_related(Prefetch("sources", sources))

    @admin.display(description=_("Reduces"))
    def reduces(self, line: CreditNoteLine) -> str:
        return format_html_join(", ", "{}", ((_source(one),) for one in line.sources.all())) or "–"

    @admin.display(description=_("Exact"))
    def exact_amount(self, line: CreditNoteLine) -> str:
        return precise(line.exact)

    @admin.display(description=_("Net"))
    def net(self, line: CreditNoteLine) -> str:
        return money(line.net_minor, line.credit_note.currency)

    @admin.display(description=_("Tax"))
    def tax(self, line: CreditNoteLine) -> str:
        return money(line.tax_minor, line.credit_note.currency)


@admin.register(CreditNote)
class CreditNoteAdmin(PaperLinks, PartiesAsIssued, ReadOnlyAdmin):
    printable = printable_credit_notes
    inlines = [CreditNoteLines]
    list_display = ["number", "customer", "reason", "gross", "cash", "gifted", "at"]
    list_select_related = ["customer"]
    list_filter = ["reason", "at"]
    search_fields = ["number", "customer__name", "origin"]
    ordering = ["-id"]
    fields = [
        "number",
        "pdf",
        "reason",
        "customer",
        "service",
        "seller",
        *AS_ISSUED,
        "invoice",
        "for_what",
        "net",
        "tax",
        "gross",
        "cash",
        "gifted",
        "at",
        "transfer",
    ]
    readonly_fields = ["pdf", *AS_ISSUED, "for_what", "net", "tax", "gross", "cash", "gifted"]
    net = Money("net_minor", _("Net"))
    tax = Money("tax_minor", _("Tax"))
    gross = Money("gross_minor", _("Total"))
    cash = Money("cash_minor", _("As account credit"))
    gifted = Money("gifted_minor", _("As gifted credit"))

    @admin.display(description=_("For"))
    def for_what(self, note: CreditNote) -> str:
        return origin_link(note.origin)


class Unwindings(ReadOnlyRows):
    model = Unwinding
    verbose_name_plural = _("Taken back from it")
    fields = ["top_price", "left_price", "origin", "at"]


@admin.register(Layer)
class LayerAdmin(PaidColumns, ReadOnlyAdmin):
    inlines = [Unwindings]
    list_display = [
        "service",
        "component",
        "low",
        "high",
        "paid",
        "tax_paid",
        "gifted_paid",
        "starts",
        "ends",
        "origin",
    ]
    list_display_links = ["component"]
    list_select_related = ["service"]
    search_fields = ["service__name", "component", "origin"]
    ordering = ["-id"]
    fields = [
        "service",
        "component",
        "low",
        "high",
        "price_book",
        "low_price",
        "high_price",
        "starts",
        "ends",
        "paid",
        "tax_paid",
        "gifted_paid",
        "gifted_expires_at",
        "for_what",
        "at",
    ]
    readonly_fields = ["paid", "tax_paid", "gifted_paid", "for_what"]

    @admin.display(description=_("From"))
    def for_what(self, layer: Layer) -> str:
        return origin_link(layer.origin)
