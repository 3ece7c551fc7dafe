"""How changes go, as a table for a spreadsheet: every figure of the page by language, and every refusal."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from django.http import HttpResponse
from django.utils.translation import gettext as _

from prorata.changes.funnel import Came, Took
from prorata.guides.ease_words import ease_words
from prorata.spreadsheet import CONTENT_TYPE, Cell, csv_lines
from prorata.staff.change_figures import Figures, ends, language_name, step_names
from prorata.staff.refusal_words import refusal_words


def as_csv(found: Figures) -> HttpResponse:
    """What was written in comments stays on the page."""
    span = found.span
    return HttpResponse(
        csv_lines(_rows(found)), content_type=CONTENT_TYPE,
        headers={
            "Content-Disposition": f'attachment; filename="changes-{span.first}-{span.last}.csv"',
            "Cache-Control": "no-store",
        },
    )  # fmt: skip


def _rows(found: Figures) -> Iterator[list[Cell]]:
    yield [_("Part"), _("Language"), _("Product"), _("Resource"), _("What"), _("Figure"), _("Of")]
    yield from _came(_("All"), found.all)
    for code, came in found.by_language.items():
        yield from _came(language_name(code), came)
    yield from _took(found.took)
    if found.asked is not None:
        yield from _asked(found)
    for one in found.ease or []:
        for feeling, words in ease_words().items():
            count = getattr(one, feeling)
            yield [_("Was this easy?"), language_name(one.language), "", "", words, count, one.all]
    for met in found.met:
        for step, times in ((_("at Continue"), met.at_continue), (_("at Submit"), met.at_submit)):
            if times:
                what = f"{refusal_words(met.code)}, {step}"
                yield [_("Refused"), language_name(met.language), met.product, met.name, what, times, None]


def _came(language: str, came: Came) -> Iterator[list[Cell]]:
    counts = came.steps
    for name, count, before in zip(step_names(), counts, (None, *counts), strict=False):
        yield [_("Steps"), language, "", "", name, count, before]
    for name, count in ends(came):
        yield [_("Ends"), language, "", "", name, count, came.continued]


def _took(took: Took) -> Iterator[list[Cell]]:
    for words, minutes in (
        (_("Submitted to applied, median"), took.median),
        (_("Submitted to applied, nine of ten"), took.most),
        (_("Paid to applied, median"), took.median_from_paid),
        (_("Paid to applied, nine of ten"), took.most_from_paid),
    ):
        yield [_("Minutes"), _("All"), "", "", words, _decimal(minutes), took.changes]


def _asked(found: Figures) -> Iterator[list[Cell]]:
    assert found.asked is not None
    changes = found.all.submitted
    yield [_("Tickets"), _("All"), "", "", _("Tickets that name a change"), found.asked.tickets, changes]
    yield [_("Tickets"), _("All"), "", "", _("Changes that are named"), found.asked.changes, changes]
    per = _decimal(found.tickets_per_hundred)
    yield [_("Tickets"), _("All"), "", "", _("Tickets per 100 changes"), per, changes]


def _decimal(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(value).quantize(Decimal("0.1"))
