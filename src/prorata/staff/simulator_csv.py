"""An outcome as a table for a spreadsheet: every product and every customer."""

from __future__ import annotations

import csv
from collections.abc import Iterator

from django.http import HttpResponse

from prorata.changes.simulate.outcome import Amounts, InCurrency, Outcome, Party
from prorata.pricing.money import decimal_of, minor_digits

HEADINGS = (
    "currency", "kind", "name",
    *(f"{what}_{side}" for what in ("renewals", "changes", "total") for side in ("count", "now", "then", "difference")),
)  # fmt: skip
# A spreadsheet takes what begins so for a formula; customers choose their names themselves.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_csv(outcome: Outcome, *, with_customers: bool) -> HttpResponse:
    """UTF-8 with a mark that spreadsheets know it by; amounts in major units before tax, plain digits."""
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="simulation-{outcome.at:%Y-%m-%d}.csv"'
    answer.write("\ufeff")
    sheet = csv.writer(answer)
    sheet.writerow(HEADINGS)
    for one in outcome.currencies:
        for kind, parties in (("product", one.products), ("customer", one.customers)):
            if kind == "product" or with_customers:
                sheet.writerows(_row(kind, party, one) for party in parties)
    return answer


def _row(kind: str, party: Party, one: InCurrency) -> list[object]:
    name = f"'{party.name}" if party.name.startswith(FORMULA) else party.name
    amounts = (party.renewals, party.changes, party.total)
    return [one.currency, kind, name, *(cell for given in amounts for cell in _cells(given, one.currency))]


def _cells(given: Amounts, currency: str) -> Iterator[object]:
    yield given.count
    for minor in (given.now, given.then, given.difference):
        yield format(decimal_of(minor, minor_digits(currency)), "f")
