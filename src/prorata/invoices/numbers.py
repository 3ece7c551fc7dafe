"""Legal, gapless numbers: taken last, so that a number is never held while something else may fail."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from prorata.invoices.models import CreditNote, Invoice, NumberSeries

# Six digits or more: `lpad` alone would cut the seventh off, and give the first numbers of a series again.
TAKE = """
WITH taken AS (
    UPDATE invoices_numberseries SET next_number = next_number + 1
     WHERE seller_id = %(seller)s AND kind = %(kind)s
 RETURNING prefix || lpad((next_number - 1)::text, greatest(6, length((next_number - 1)::text)), '0') AS number
)
"""
# One statement, so that the series is locked for the shortest time there is: until the commit that follows.
SETTLE = (
    TAKE
    + """
UPDATE invoices_invoice SET status = 'paid', settled_at = %(at)s, number = taken.number
  FROM taken WHERE id = %(invoice)s AND status = 'open' RETURNING invoices_invoice.number
"""
)


class NoSeries(Exception):
    """The seller has no number series; staff must add one."""


def settle_with_number(invoice_id: int, seller_id: int, at: datetime) -> str:
    """Mark an open invoice as paid and give it its legal number."""
    with connection.cursor() as cursor:
        cursor.execute(SETTLE, {"seller": seller_id, "kind": "invoice", "at": at, "invoice": invoice_id})
        row = cursor.fetchone()
    if row is None:
        raise NoSeries(
            "The invoice could not be numbered: its seller has no number series for invoices, or it is not open."
        )
    return str(row[0])


def take(seller_id: int, kind: str) -> str:
    """The next legal number of a series; for documents that are written with their number."""
    with connection.cursor() as cursor:
        cursor.execute(
            TAKE + "SELECT number FROM taken",
            {"seller": seller_id, "kind": kind},
        )
        row = cursor.fetchone()
    if row is None:
        raise NoSeries(
            f"The seller has no number series for a {kind.replace('_', ' ')}. Add one in the staff desk."
        )
    return str(row[0])


def has_given(series: NumberSeries) -> bool:
    """Whether a document has a number of this series: from then on its prefix stays, and no number is left out."""
    if series.kind == "invoice":
        return Invoice.objects.filter(seller=series.seller_id, number__isnull=False).exists()
    return CreditNote.objects.filter(seller=series.seller_id).exists()
