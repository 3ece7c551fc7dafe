"""What a credit note reduces: the invoice lines that charged it, found through the paid layers that were taken back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from prorata.invoices.models import CreditNote, CreditNoteLine, CreditSource, Invoice, InvoiceLine, Layer
from prorata.pricing.money import minor_digits

Layers = Mapping[str, Sequence[int]]


def keep_sources(note: CreditNote, lines: Sequence[CreditNoteLine], layers: Layers) -> list[CreditSource]:
    """Write down what each of the note's `lines` reduces.

    `layers` are the paid layers taken back, per component. Without any, what could not be delivered is given back: the
    line of the note's own invoice. Nothing more is given back in tax than these charged.
    """
    if note.invoice_id is not None:
        charged = {line.component: line for line in InvoiceLine.objects.filter(invoice_id=note.invoice_id)}
        found = [
            CreditSource(line=line, invoice_line=charged[line.component], layer=None)
            for line in lines
            if line.component in charged
        ]
        _assert_covered(note, sum(one.invoice_line.tax_minor for one in found if one.invoice_line))
    else:
        found = _of_layers(note, lines, layers)
    CreditSource.objects.bulk_create(found)
    return found


def _of_layers(note: CreditNote, lines: Sequence[CreditNoteLine], layers: Layers) -> list[CreditSource]:
    assert note.service_id is not None, "layers are those of a service"
    rows = Layer.objects.in_bulk([pk for line in lines for pk in layers.get(line.component, ())])
    charged = {
        (line.invoice.origin, line.component): line
        for line in InvoiceLine.objects.filter(
            invoice__service_id=note.service_id, invoice__status=Invoice.Status.PAID,
            invoice__origin__in={layer.origin for layer in rows.values()},
        ).select_related("invoice")
    }  # fmt: skip
    unit = Decimal(10) ** minor_digits(note.currency)
    _assert_covered(note, sum(layer.tax for layer in rows.values()) * unit)
    return [
        CreditSource(line=line, layer=rows[pk], invoice_line=charged.get((rows[pk].origin, line.component)))
        for line in lines
        for pk in layers.get(line.component, ())
    ]


def _assert_covered(note: CreditNote, charged_minor: Decimal | int) -> None:
    """The pure rule sees to it already; a document that breaks it must not leave the house."""
    assert note.tax_minor <= charged_minor, (
        f"{note.number} gives back {note.tax_minor} of tax, and what it reduces charged {charged_minor}"
    )
