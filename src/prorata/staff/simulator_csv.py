"""An outcome as a table for a spreadsheet: every product and every customer."""

from __future__ import annotations

from collections.abc import Iterator

from django.http import HttpResponse
from django.utils.translation import gettext as _

from prorata.changes.simulate.outcome import Amounts, InCurrency, Outcome, Party
from prorata.pricing.money import decimal_of, minor_digits
from prorata.spreadsheet import CONTENT_TYPE, Cell, csv_lines


def as_csv(outcome: Outcome, *, with_customers: bool) -> HttpResponse:
    """Amounts are major units before tax."""
    return HttpResponse(
        csv_lines(_rows(outcome, with_customers)), content_type=CONTENT_TYPE,
        headers={
            "Content-Disposition": f'attachment; filename="simulation-{outcome.at:%Y-%m-%d}.csv"',
            "Cache-Control": "no-store",
        },
    )  # fmt: skip


def _rows(outcome: Outcome, with_customers: bool) -> Iterator[list[Cell]]:
    yield [
        _("Currency"), _("Kind"), _("Name"),
        _("Renewals"), _("Renewals now"), _("Renewals then"), _("Difference of renewals"),
        _("Changes"), _("Changes now"), _("Changes then"), _("Difference of changes"),
        _("Together now"), _("Together then"), _("Difference"),
    ]  # fmt: skip
    for one in outcome.currencies:
        for party in one.products:
            yield _row(_("Product"), party, one)
        for party in one.customers if with_customers else ():
            yield _row(_("Customer"), party, one)


def _row(kind: str, party: Party, one: InCurrency) -> list[Cell]:
    return [
        one.currency, kind, party.name, party.renewals.count, *_cells(party.renewals, one.currency),
        party.changes.count, *_cells(party.changes, one.currency), *_cells(party.total, one.currency),
    ]  # fmt: skip


def _cells(given: Amounts, currency: str) -> Iterator[Cell]:
    for minor in (given.now, given.then, given.difference):
        yield decimal_of(minor, minor_digits(currency))
