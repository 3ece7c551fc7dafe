"""What a receipt says: when and how money came, for which invoice, and where it went."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from prorata.invoices.models import Invoice
from prorata.invoices.paper.content import Content, Pair, Row, buyer, change_of, seller
from prorata.invoices.paper.figures import LOCALES, amount, currency_name, day, one_line
from prorata.invoices.paper.words import Language
from prorata.invoices.paper.words import say as say_as_invoices
from prorata.payments.paper.words import say
from prorata.payments.receipts import Receipt


def receipt_content(receipt: Receipt, language: Language) -> Content:
    """Read with its invoice, seller and service. The names of both sides are those the invoice was issued with."""
    capture, invoice = receipt.capture, receipt.invoice
    code, received = capture.currency, _on(receipt)
    return Content(
        language=LOCALES[language], title=say("receipt", language), subtitle="", number=receipt.number,
        day=(received.year, received.month, received.day),
        notice=_notice(receipt, language),
        seller=seller(invoice, language), buyer=buyer(invoice, language), author=one_line(invoice.seller_name),
        heads={
            "buyer": say("received_from", language), "what": say("went_to", language), "period": "", "tax": "",
            "amount": say("amount", language, currency=code),
        },
        facts=_facts(receipt, language), rows=_rows(receipt, language), totals=[],
        grand=(say("total", language), amount(capture.amount_minor, code)), payments=[], tax_heads=[], tax_row=[],
        currency=code,
        note=say_as_invoices("currency_note", language, name=currency_name(code, language), code=code),
        page=say_as_invoices("page", language, page="{page}", pages="{pages}"),
    )  # fmt: skip


def _notice(receipt: Receipt, language: Language) -> str:
    if receipt.taken_back_at is not None:
        back = receipt.taken_back_at.astimezone(ZoneInfo(receipt.invoice.seller.zone)).date()
        return say("taken_back", language, date=day(back, language))
    if receipt.invoice.status == Invoice.Status.PAID:
        return say("notice", language, invoice=receipt.invoice)
    return say("notice_unsettled", language)


def _on(receipt: Receipt) -> date:
    return receipt.capture.recorded_at.astimezone(ZoneInfo(receipt.invoice.seller.zone)).date()


def _facts(receipt: Receipt, language: Language) -> list[Pair]:
    invoice = receipt.invoice
    pairs = [
        ("date", day(_on(receipt), language)), ("method", one_line(receipt.method_name)), ("invoice", str(invoice)),
        ("service", one_line(invoice.service.name) if invoice.service else ""), ("change", change_of(invoice.origin)),
        ("payment_reference", receipt.capture.capture_id),
    ]  # fmt: skip
    return [(say(key, language), value) for key, value in pairs if value]


def _rows(receipt: Receipt, language: Language) -> list[Row]:
    code, rows = receipt.capture.currency, []
    if receipt.to_invoice_minor:
        words = say("to_invoice", language, invoice=receipt.invoice)
        rows.append(Row(words, amount(receipt.to_invoice_minor, code), _returned(receipt, language)))
    if receipt.to_credit_minor:
        why = say("surplus" if receipt.to_invoice_minor else "late", language)
        rows.append(Row(say("to_credit", language), amount(receipt.to_credit_minor, code), [why]))
    if receipt.held_minor:
        rows.append(Row(say("held", language), amount(receipt.held_minor, code), [say("held_why", language)]))
    return rows


def _returned(receipt: Receipt, language: Language) -> list[str]:
    if receipt.returned_line is None:
        return []
    at = receipt.returned_line.at.astimezone(ZoneInfo(receipt.invoice.seller.zone)).date()
    return [say("returned", language, date=day(at, language))]
