"""What an invoice says: a pro-forma until it is settled, the legal document afterwards."""

from __future__ import annotations

from prorata.invoices.models import Invoice
from prorata.invoices.paper.content import (
    Content,
    Pair,
    Row,
    change_of,
    facts,
    qualified,
    rate,
    shared,
    tax_word,
    what,
    zone,
)
from prorata.invoices.paper.figures import GAP, amount, day, one_line, share
from prorata.invoices.paper.words import Language, say

Status = Invoice.Status
NOTICE = {Status.OPEN: "to_be_paid", Status.CANCELLED: "cancelled", Status.EXPIRED: "expired"}


def invoice_content(invoice: Invoice, language: Language) -> Content:
    """Read with its seller, service and lines."""
    here = zone(invoice)
    ordered = invoice.created_at.astimezone(here).date()
    issued = (invoice.settled_at or invoice.created_at).astimezone(here).date()
    legal = invoice.status == Status.PAID
    common = shared(invoice, language, issued)
    return Content(
        **common, title=say("invoice" if legal else "pro_forma", language), number=str(invoice),
        subtitle=say("qualified_invoice", language) if legal and qualified(invoice) else "",
        notice=_notice(invoice, language),
        heads={
            "seller": say("seller", language), "buyer": say("buyer", language), "what": say("what", language),
            "period": say("period", language), "tax": say("tax_summary", language),
            "amount": say(
                "amount_with_tax" if invoice.tax_included and invoice.tax_minor else "amount",
                language, currency=invoice.currency,
            ),
        },
        facts=facts(language, [
            ("date", day(issued, language)), ("transaction_date", day(ordered, language)),
            ("service", one_line(invoice.service.name) if invoice.service else ""),
            ("change", change_of(invoice.origin)), ("reference", invoice.reference if legal else ""),
        ]),
        rows=_rows(invoice, language), totals=_totals(invoice, language),
        grand=(say("total", language), amount(invoice.gross_minor, invoice.currency)),
        payments=_payments(invoice, language),
    )  # fmt: skip


def _notice(invoice: Invoice, language: Language) -> str:
    if invoice.status == Status.PAID:
        return ""
    until = invoice.pay_until.astimezone(zone(invoice))
    time = f"{day(until.date(), language)}{GAP}{until:%H:%M}{GAP}{until.tzname()}"
    return say(NOTICE[Status(invoice.status)], language, time=time)


def _rows(invoice: Invoice, language: Language) -> list[Row]:
    """The lines as the rule priced them; a minimum charge and a voucher are rows of their own."""
    code, found = invoice.currency, list(invoice.lines.all())
    rows = [
        Row(
            what(line, line.text), amount(line.price_minor(invoice.tax_included), code), rate(line, code, language),
            say("from_to", language, start=day(line.period_starts, language), end=day(line.period_ends, language)),
        )
        for line in found
    ]  # fmt: skip
    if raised := sum(line.raised_minor for line in found):
        rows.append(Row(say("minimum_charge", language), amount(raised, code)))
    if discount := sum(line.discount_minor for line in found):
        rows.append(
            Row(say("voucher", language, code=one_line(invoice.voucher_code)), amount(-discount, code))
        )
    return rows


def _totals(invoice: Invoice, language: Language) -> list[Pair]:
    if not invoice.tax_minor:
        return []
    tax = say("tax_line", language, tax=tax_word(invoice, language), rate=share(invoice.tax_rate, language))
    return [
        (say("before_tax" if invoice.tax_included else "subtotal", language), amount(invoice.net_minor, invoice.currency)),
        (tax, amount(invoice.tax_minor, invoice.currency)),
    ]  # fmt: skip


def _payments(invoice: Invoice, language: Language) -> list[Pair]:
    """What paid it; of one that was closed nothing did: credit was free again, and what had come became credit."""
    if invoice.status in (Status.CANCELLED, Status.EXPIRED):
        return [(say("to_pay", language), amount(0, invoice.currency))]
    parts = [
        ("gifted_credit", -invoice.gifted_minor),
        ("account_credit", invoice.gifted_minor - invoice.credit_minor),
        ("paid", -invoice.received_minor),
    ]
    shown = [(say(key, language), amount(minor, invoice.currency)) for key, minor in parts if minor]
    return [*shown, (say("to_pay", language), amount(invoice.due_minor, invoice.currency))]
