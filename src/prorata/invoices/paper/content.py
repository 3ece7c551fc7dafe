"""What a document says, part by part, in its language: plain text and nothing else, ready for the page.

All of it comes from the document's own rows; only names of countries and currencies and the sentences around are chosen.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from prorata.customers.tax_numbers import EU
from prorata.invoices.line_facts import KeepsLineFacts
from prorata.invoices.models import CreditNote, Invoice
from prorata.invoices.paper.figures import (
    LOCALES,
    amount,
    country,
    currency_name,
    day,
    lines,
    one_line,
    precise,
    share,
)
from prorata.invoices.paper.words import Language, say

CHANGE = "change:"
Pair = tuple[str, str]


@dataclass
class Row:
    """One line of the table: what it is, the small print under it, its days and its amount."""

    what: str
    amount: str
    details: list[str] = field(default_factory=list)
    period: str = ""


@dataclass(kw_only=True)
class Content:
    """A document as text. `totals` and `payments` are (label, amount); `grand` is the one sum that counts."""

    language: str
    title: str
    subtitle: str
    number: str
    day: tuple[int, int, int]
    notice: str
    seller: list[str]
    buyer: list[str]
    heads: dict[str, str]
    facts: list[Pair]
    rows: list[Row]
    totals: list[Pair]
    grand: Pair
    payments: list[Pair]
    tax_heads: list[str]
    tax_row: list[str]
    currency: str
    note: str
    page: str
    author: str

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def shared(paper: Invoice | CreditNote, language: Language, issued: date) -> dict[str, Any]:
    """What invoice and credit note have in common."""
    tax = say("tax_line", language, tax=tax_word(paper, language), rate=share(paper.tax_rate, language))
    code = paper.currency
    return {
        "language": LOCALES[language], "day": (issued.year, issued.month, issued.day), "currency": code,
        "author": one_line(paper.seller_name), "seller": seller(paper, language), "buyer": buyer(paper, language),
        "tax_heads": [say(key, language) for key in ("tax_rate", "tax_base", "tax_amount", "tax_gross")],
        "tax_row": [
            tax if paper.tax_rate else say("untaxed", language), amount(paper.net_minor, code),
            amount(paper.tax_minor, code), amount(paper.gross_minor, code),
        ],
        "note": say("currency_note", language, name=currency_name(code, language), code=code),
        "page": say("page", language, page="{page}", pages="{pages}"),
    }  # fmt: skip


def seller(paper: Invoice | CreditNote, language: Language) -> list[str]:
    home = paper.seller_country
    return [
        one_line(paper.seller_name), *lines(paper.seller_address), *_country(home, language),
        *_tax_number(paper.seller_tax_number, home, language),
    ]  # fmt: skip


def buyer(paper: Invoice | CreditNote, language: Language) -> list[str]:
    home = paper.buyer_country
    return [
        say("buyer_name", language, name=one_line(paper.buyer_name)), *lines(paper.buyer_address),
        *_country(home, language), *_tax_number(paper.buyer_tax_number, home, language),
    ]  # fmt: skip


def _country(code: str, language: Language) -> list[str]:
    return [country(code, language)] if code else []


def _tax_number(number: str, home: str, language: Language) -> list[str]:
    if not number:
        return []
    japanese = home == "JP" and number.startswith("T")
    key = "registration_number" if japanese else "vat_number" if home in EU else "tax_number"
    return [say(key, language, number=one_line(number))]


def tax_word(paper: Invoice | CreditNote, language: Language) -> str:
    """The provider's own word in English; in another language the tax of the seller's country, if that is known."""
    if language != "en" or not paper.tax_label:
        home = paper.seller_country
        if home == "JP" or home in EU:
            return say("consumption_tax" if home == "JP" else "vat", language)
    return one_line(paper.tax_label) or say("tax", language)


def qualified(paper: Invoice | CreditNote) -> bool:
    """Whether it has what Japan asks of a qualified invoice: a registered seller, a rate, and its tax in yen."""
    registered = paper.seller_country == "JP" and paper.seller_tax_number.startswith("T")
    return registered and paper.tax_rate > 0 and paper.currency == "JPY"


def what(line: KeepsLineFacts, text: str) -> str:
    """ "Memory 4 → 8 GB", "Memory 8 GB" for a term; lines of older documents have their text only."""
    if not line.name:
        return one_line(text)
    if line.is_term:
        return one_line(f"{line.name} {line.to_name} {line.unit}")
    return one_line(f"{line.name} {line.from_name} \u2192 {line.to_name} {line.unit}")


def rate(line: KeepsLineFacts, currency: str, language: Language) -> list[str]:
    found = line.rate
    if found is None:
        return []
    if line.capped:
        return [say("capped", language)]
    shown = {
        "old": precise(found.old, currency), "new": precise(found.new, currency), "months": found.months_text,
        "off": share(found.new_off, language), "old_off": share(found.old_off, language),
    }  # fmt: skip
    if line.is_term:
        return [say("rate_term" if found.new_off == 0 else "rate_term_off", language, **shown)]
    key = "rate" if found.new_off == 0 else "rate_off"
    return [say(key if found.new_off == found.old_off else "rate_two_off", language, **shown)]


def change_of(origin: str) -> str:
    """The reference of the change an origin names; empty for another origin."""
    return origin.removeprefix(CHANGE) if origin.startswith(CHANGE) else ""


def zone(paper: Invoice | CreditNote) -> ZoneInfo:
    return ZoneInfo(paper.seller.zone)


def facts(language: Language, pairs: Iterable[tuple[str, str]]) -> list[Pair]:
    """(key of the label, value), without those that have no value."""
    return [(say(key, language), value) for key, value in pairs if value]


def on(at: date, language: Language) -> str:
    return day(at, language)
