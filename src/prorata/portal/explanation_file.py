"""An explanation to take along: the page's own words and figures as plain text and as rows for a spreadsheet."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from prorata.changes.models import Quote
from prorata.portal import when
from prorata.portal.bill import Bill, BillLine
from prorata.portal.explainer import Part, Row
from prorata.portal.money import major, money, name
from prorata.services.models import Service
from prorata.spreadsheet import Cell

# The arrow is drawn on the page, and said to readers that speak.
ARROW = re.compile(r'<i class="ar"[^>]*></i>(<span class="vh">.*?</span>)?')
# Marks of our own making: what stands between them was escaped.
MARK = re.compile(r"<[^>]*>")


def as_text(bill: Bill, title: str) -> str:
    """`title` says what is explained, e.g. "Quote Q-7F3K-2MX9 for web-01". Lines end with \\n, without colours or tables."""
    at = {"time": when.moment(bill.at, bill.zone), "currency": name(bill.currency), "code": bill.currency}
    lines = [title, _("At %(time)s, in %(currency)s (%(code)s).") % at, ""]
    for number, part in enumerate(bill.parts, start=1):
        lines += [f"{number}. {part.title}", *(f"   {said}" for said in _part(part)), ""]
    lines += [_("Amounts"), *(f"   {said}" for said in _amounts(bill)), ""]
    lines += bill.facts
    return "\n".join(plain(line) for line in lines) + "\n"


def as_rows(bill: Bill, title: str) -> Iterator[list[Cell]]:
    """One row a step (part, label, figure), then one a line of the price with its net, tax and gross in major units."""
    yield [_("Part"), _("Step"), _("Figure"), _("Net"), _("Tax"), _("With tax"), _("Currency")]
    yield [title, when.moment(bill.at, bill.zone).replace(when.GAP, " "), *[None] * 5]
    for part in bill.parts:
        if part.lead:
            yield [plain(part.title), plain(part.lead), *[None] * 5]
        for row in part.rows:
            yield [plain(part.title), _label(row), plain(row.value), *[None] * 4]
        for note in part.notes:
            yield [plain(part.title), plain(note), *[None] * 5]
    for line in bill.lines:
        yield [
            _("Lines"),
            _named(line),
            None,
            *_money(line.net_minor, line.tax_minor, line.gross_minor, bill.currency),
        ]
    yield [_("Total"), None, None, *_money(bill.net_minor, bill.tax_minor, bill.gross_minor, bill.currency)]
    for fact in bill.facts:
        yield [_("Good to know"), plain(fact), *[None] * 5]


def quote_title(quote: Quote) -> str:
    return _("Quote %(reference)s for %(name)s") % {"reference": quote.reference, "name": quote.service.name}


def estimate_title(service: Service) -> str:
    return _("Estimate for %(name)s; the price is fixed when you continue") % {"name": service.name}


def pages(service: Service, quote: Quote | None, bill: Bill) -> dict[str, str]:
    """What the page's button copies, and where its text page and its file are."""
    if quote is not None:
        at = {"reference": quote.reference}
        return {
            "text": as_text(bill, quote_title(quote)), "page": reverse("portal:quote_text", kwargs=at),
            "file": reverse("portal:quote_csv", kwargs=at),
        }  # fmt: skip
    wanted = urlencode({line.code: line.wanted for line in bill.lines})
    return {
        "text": as_text(bill, estimate_title(service)),
        "page": f"{reverse('portal:estimate_text', args=[service.pk])}?{wanted}",
        "file": f"{reverse('portal:estimate_csv', args=[service.pk])}?{wanted}",
    }


def plain(text: str) -> str:
    """Without marks of the page: an arrow as a letter, ordinary spaces."""
    words = unescape(MARK.sub("", ARROW.sub("\u2192", text))) if hasattr(text, "__html__") else text
    indent = len(words) - len(words.lstrip(" "))
    return " " * indent + " ".join(words.replace("\u00a0", " ").split())


def _part(part: Part) -> Iterator[str]:
    if part.lead:
        yield part.lead
    for row in part.rows:
        yield f"{_label(row)}: {plain(row.value)}" if row.value else _label(row)
    yield from part.notes


def _label(row: Row) -> str:
    label = plain(row.label)
    return _("%(label)s (does not count)") % {"label": label} if row.css == "struck" else label


def _amounts(bill: Bill) -> Iterator[str]:
    for line in bill.lines:
        yield _sum(bill, _named(line), line.net_minor, line.tax_minor, line.gross_minor)
    yield _sum(bill, _("Total"), bill.net_minor, bill.tax_minor, bill.gross_minor)


def _sum(bill: Bill, what: str, net: int, tax: int, gross: int) -> str:
    shown = {"what": what, "net": money(net, bill.currency), "tax": money(tax, bill.currency),
             "gross": money(gross, bill.currency), "label": bill.tax_label}  # fmt: skip
    if not bill.taxed:
        return _("%(what)s: %(gross)s") % shown
    return _("%(what)s: %(net)s, %(label)s %(tax)s, together %(gross)s") % shown


def _money(net: int, tax: int, gross: int, currency: str) -> list[Cell]:
    return [major(net, currency), major(tax, currency), major(gross, currency), currency]


def _named(line: BillLine) -> str:
    return plain(f"{line.name}, {line.before} \u2192 {line.after}")
