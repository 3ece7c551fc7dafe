"""What a credit note says: what it gives back, in which purse, and which invoice lines it reduces."""

from __future__ import annotations

from prorata.invoices.models import CreditNote, CreditNoteLine, CreditSource
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
from prorata.invoices.paper.figures import amount, day, one_line, share
from prorata.invoices.paper.words import Language, say


def credit_note_content(note: CreditNote, language: Language) -> Content:
    """Read with its seller, service, lines and their sources."""
    issued = note.at.astimezone(zone(note)).date()
    found = list(note.lines.all())
    return Content(
        **shared(note, language, issued), title=say("credit_note", language), number=note.number, notice="",
        subtitle=say("qualified_return", language) if qualified(note) else "",
        heads={
            "seller": say("seller", language), "buyer": say("buyer", language), "what": say("what", language),
            "period": "", "tax": say("tax_summary", language),
            "amount": say(
                "amount_before_tax" if note.tax_minor else "amount", language, currency=note.currency
            ),
        },
        facts=facts(language, [
            ("return_date", day(issued, language)), ("original_date", "\n".join(_originals(note, found, language))),
            ("reason", say(note.reason, language)), ("service", one_line(note.service.name) if note.service else ""),
            ("change", change_of(note.origin)),
        ]),
        rows=[_row(note, line, language) for line in found], totals=_totals(note, language),
        grand=(say("given_back", language), amount(note.gross_minor, note.currency)),
        payments=_purses(note, language),
    )  # fmt: skip


def _row(note: CreditNote, line: CreditNoteLine, language: Language) -> Row:
    reduced = dict.fromkeys(_reduces(source, language) for source in line.sources.all())
    details = [*rate(line, note.currency, language), *reduced]
    return Row(what(line, line.text), amount(line.net_minor, note.currency), details)


def _reduces(source: CreditSource, language: Language) -> str:
    if source.invoice_line is not None:
        line = source.invoice_line
        return say("reduces", language, invoice=line.invoice, line=line.position)
    assert source.layer is not None
    change = change_of(source.layer.origin)
    return say("reduces_change" if change else "reduces_opening", language, change=change)


def _originals(note: CreditNote, lines: list[CreditNoteLine], language: Language) -> list[str]:
    """When what is given back was sold, oldest first, each once."""
    found = {}
    for line in lines:
        for source in line.sources.all():
            at, words = _original(note, source, language)
            found[words] = at
    return sorted(found, key=lambda words: found[words])


def _original(note: CreditNote, source: CreditSource, language: Language) -> tuple[str, str]:
    """(a key to sort by, words)"""
    if source.invoice_line is not None:
        invoice = source.invoice_line.invoice
        sold = invoice.created_at.astimezone(zone(note)).date()
        return sold.isoformat(), say("of_invoice", language, date=day(sold, language), invoice=invoice)
    assert source.layer is not None
    sold = source.layer.starts
    return sold.isoformat(), say("without_invoice", language, date=day(sold, language))


def _totals(note: CreditNote, language: Language) -> list[Pair]:
    if not note.tax_minor:
        return []
    tax = say("tax_line", language, tax=tax_word(note, language), rate=share(note.tax_rate, language))
    return [
        (say("subtotal", language), amount(note.net_minor, note.currency)),
        (tax, amount(note.tax_minor, note.currency)),
    ]


def _purses(note: CreditNote, language: Language) -> list[Pair]:
    parts = [("as_account_credit", note.cash_minor), ("as_gifted_credit", note.gifted_minor)]
    return [(say(key, language), amount(minor, note.currency)) for key, minor in parts if minor]
