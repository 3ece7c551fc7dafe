"""A month's report in words, as text for a terminal and as rows for a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from django.utils.translation import gettext as _

from prorata.ledger import accounts
from prorata.pricing.display import amount_text
from prorata.pricing.money import decimal_of, minor_digits
from prorata.recognition.month import Month
from prorata.recognition.report import Figures, Gap, InCurrency, Line, Report
from prorata.spreadsheet import Cell

_WIDE, _NUMBER = 34, 17


def columns() -> dict[str, str]:
    """The figures in their order, by the names of `Figures`."""
    return {
        "opening": _("Opening deferred"), "invoiced": _("Newly invoiced"), "taken_over": _("Taken over"),
        "credited": _("Credited back"), "recognised": _("Recognised"), "closing": _("Closing deferred"),
    }  # fmt: skip


def amounts(figures: Figures) -> list[int]:
    """In the order of the columns. What other postings did is in none of them but the closing."""
    return [getattr(figures, name) for name in columns()]


def product_name(line: Line) -> str:
    return line.product.name if line.product else _("Without a product")


def verdict(one: InCurrency) -> str:
    """One sentence: does this currency tie to the ledger?"""
    said = {
        "currency": one.currency, "account": accounts.deferred_revenue(one.currency).code,
        "amount": amount_text(one.ledger.closing, one.currency),
    }  # fmt: skip
    if one.ties:
        return _("%(currency)s ties to the ledger: %(account)s stands at %(amount)s.") % said
    return _("%(currency)s does not tie to the ledger, where %(account)s stands at %(amount)s.") % said


def differences(one: InCurrency) -> list[str]:
    """What differs and where, a sentence each; none where everything ties."""
    return [*_figures(one), *_accounts(one), *_rest(one), *_transfers(one)]


def _figures(one: InCurrency) -> Iterator[str]:
    names = columns() | {"other": _("Other postings")}
    by_documents, by_ledger = (
        asdict(side) | {"closing": side.closing} for side in (one.documents, one.ledger)
    )
    for name, title in names.items():
        if by_documents[name] != by_ledger[name]:
            yield _("%(figure)s: %(documents)s by the documents, %(ledger)s in the ledger.") % {
                "figure": title, "documents": amount_text(by_documents[name], one.currency),
                "ledger": amount_text(by_ledger[name], one.currency),
            }  # fmt: skip


def _accounts(one: InCurrency) -> Iterator[str]:
    for earned in one.earned:
        if earned.recognised != earned.ledger:
            yield _("%(account)s: the days recognised %(recognised)s, the ledger earned %(ledger)s.") % {
                "account": earned.account, "recognised": amount_text(earned.recognised, one.currency),
                "ledger": amount_text(earned.ledger, one.currency),
            }  # fmt: skip


def _rest(one: InCurrency) -> Iterator[str]:
    if one.rest not in (None, one.documents.closing):
        yield _(
            "Line by line, %(rest)s of all documents is not earned yet; the closing says %(closing)s."
        ) % {
            "rest": amount_text(one.rest or 0, one.currency),
            "closing": amount_text(one.documents.closing, one.currency),
        }


def _transfers(one: InCurrency) -> Iterator[str]:
    for transfer in one.astray:
        said = {
            "id": transfer.id, "key": transfer.key, "documents": amount_text(transfer.documents, one.currency),
            "ledger": amount_text(transfer.ledger, one.currency),
        }  # fmt: skip
        if transfer.id is None:
            yield _("%(key)s, worth %(documents)s, is not in the ledger.") % said
        else:
            yield (_("Transfer %(id)s (%(key)s) moves %(ledger)s; its documents say %(documents)s.") % said)


def gaps(report: Report) -> list[str]:
    """For each seller whose month is not recognised to its end, what is."""
    return [_gap(one, report.month) for one in report.gaps]


def _gap(one: Gap, month: Month) -> str:
    said = {"seller": one.seller.name, "month": month, "first": one.first, "last": one.last}
    if one.first is None or one.last is None:
        return (
            _("%(seller)s: no day is recognised yet. The first is in the night after the first sale.") % said
        )
    if one.first > month.last:
        return (
            _(
                "%(seller)s: days are recognised from %(first)s on. What %(month)s would have earned is in that day."
            )
            % said
        )
    return _("%(seller)s: recognised through %(last)s. %(month)s is not complete yet.") % said


def empty(report: Report) -> str:
    return _("Nothing was deferred or earned in %(month)s.") % {"month": report.month}


def as_text(report: Report) -> str:
    """Everything a terminal shows: one block a currency, amounts before tax."""
    lines = [*gaps(report)]
    if not report.currencies:
        lines.append(empty(report))
    for one in report.currencies:
        lines += ["", *_block(one), verdict(one), *(f"  {said}" for said in differences(one))]
    return "\n".join(lines).lstrip("\n") + "\n"


def _block(one: InCurrency) -> Iterator[str]:
    def row(name: str, figures: Figures) -> str:
        cells = (f"{amount_text(minor, one.currency):>{_NUMBER}}" for minor in amounts(figures))
        return f"{name[:_WIDE]:<{_WIDE}}{''.join(cells)}"

    yield f"{one.currency:<{_WIDE}}" + "".join(f"{title:>{_NUMBER}}" for title in columns().values())
    several = len({line.seller for line in one.lines}) > 1
    for line in one.lines:
        yield row(
            f"{product_name(line)}, {line.seller.name}" if several else product_name(line), line.figures
        )
    yield row(_("Together"), one.documents)
    yield row(_("Ledger"), one.ledger)


def as_rows(report: Report) -> Iterator[list[Cell]]:
    """For a spreadsheet: a row a seller, product and currency, and the ledger's own row below those of each currency."""
    yield [
        _("Month"), _("Currency"), _("Kind"), _("Seller"), _("Product"), _("Product code"), *columns().values(),
        _("Ledger"),
    ]  # fmt: skip
    month = str(report.month)
    for one in report.currencies:
        for line in one.lines:
            code = line.product.code if line.product else ""
            yield [
                month, one.currency, _("Product"), line.seller.name, product_name(line), code,
                *_cells(line.figures, one.currency), "",
            ]  # fmt: skip
        said = " ".join([verdict(one), *differences(one)])
        yield [month, one.currency, _("Together"), "", "", "", *_cells(one.documents, one.currency), said]
        yield [month, one.currency, _("Ledger"), "", "", "", *_cells(one.ledger, one.currency), ""]


def _cells(figures: Figures, currency: str) -> Iterator[Any]:
    for minor in amounts(figures):
        yield decimal_of(minor, minor_digits(currency))
