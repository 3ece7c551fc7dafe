"""What mails about a change say: its lines in words, its money as the invoice or credit note has it."""

from __future__ import annotations

from django.utils.translation import gettext as _

from prorata.catalog.names import in_language
from prorata.changes.models import Change, ChangeLine
from prorata.credit.models import LogLine
from prorata.invoices.line_words import line_words
from prorata.invoices.models import CreditNote, Invoice
from prorata.notices.plain import money, table

ARROW = "\u2192"


def read(change_id: int) -> Change:
    rows = Change.objects.select_related("service", "customer", "quote", "invoice", "submitted_by")
    return rows.prefetch_related("lines").get(pk=change_id)


def in_short(lines: list[ChangeLine]) -> str:
    """For a subject: "Memory 4→8 GB, NVMe SSD 100→160 GB"."""
    return _(", ").join(map(_line_in_short, lines))


def _line_in_short(line: ChangeLine) -> str:
    before, after = in_language(line.from_name), in_language(line.to_name)
    return f"{in_language(line.name)} {before}{ARROW}{after} {line.unit}".strip()


def lines_table(lines: list[ChangeLine]) -> str:
    return table(
        [
            (in_language(line.name), _valued(line, line.from_name), ARROW, _valued(line, line.to_name))
            for line in lines
        ]
    )


def _valued(line: ChangeLine, value: str) -> str:
    return f"{in_language(value)} {line.unit}".strip()


def paid_table(invoice: Invoice) -> str:
    """The lines and totals of an invoice, and what they were paid with."""
    currency = invoice.currency
    lines = list(invoice.lines.all())
    rows = [(line_words(line), money(line.price_minor(invoice.tax_included), currency)) for line in lines]
    if raised := sum(line.raised_minor for line in lines):
        rows.append((_("Minimum charge"), money(raised, currency)))
    if discount := sum(line.discount_minor for line in lines):
        rows.append((_("Voucher %(code)s") % {"code": invoice.voucher_code}, money(-discount, currency)))
    rows += _totals(invoice.net_minor, invoice.tax_minor, invoice.gross_minor, invoice.tax_label, currency)
    if invoice.gifted_minor:
        rows.append((_("of it from gifted credit"), money(invoice.gifted_minor, currency)))
    if account := invoice.credit_minor - invoice.gifted_minor:
        rows.append((_("of it from account credit"), money(account, currency)))
    if invoice.received_minor:
        rows.append((_("of it paid by you now"), money(invoice.received_minor, currency)))
    return table(rows, right=[1])


def credited_table(note: CreditNote) -> str:
    """The lines and totals of a credit note, and which credit they became."""
    currency = note.currency
    rows = [(line_words(line), money(line.net_minor, currency)) for line in note.lines.all()]
    rows += _totals(note.net_minor, note.tax_minor, note.gross_minor, note.tax_label, currency)
    if note.gifted_minor:
        rows.append((_("of it as gifted credit"), money(note.gifted_minor, currency)))
    if note.cash_minor:
        rows.append((_("of it as account credit"), money(note.cash_minor, currency)))
    return table(rows, right=[1])


def _totals(net: int, tax: int, gross: int, tax_label: str, currency: str) -> list[tuple[str, str]]:
    if not tax:
        return [(_("Total"), money(gross, currency))]
    return [
        (_("Subtotal"), money(net, currency)),
        (in_language(tax_label) or _("Tax"), money(tax, currency)),
        (_("Total"), money(gross, currency)),
    ]


def came_back(change: Change) -> int:
    """What a change that was given up returned to the customer's purses and is still there, in minor units."""
    return returned(change.origin, change.customer_id)


def returned(origin: str, customer_id: int) -> int:
    """The same of whatever was given up."""
    lines = LogLine.objects.filter(
        customer=customer_id, origin=origin, what__in=["released", "returned", "expired"]
    )
    return sum(lines.values_list("amount_minor", flat=True))
