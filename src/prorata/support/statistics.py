"""How many changes made somebody ask, in figures for staff."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection

from prorata.changes.funnel import CHANGES, QUOTES, Span

ASKED = f"""
SELECT count(*), count(DISTINCT change.id)
  FROM support_ticket ticket JOIN changes_change change ON change.reference = substr(ticket.about, 8)
  JOIN changes_quote quote ON quote.id = change.quote_id
 WHERE ticket.about LIKE 'change:%%' AND ticket.created_at >= %(since)s AND {QUOTES} AND {CHANGES}
"""


@dataclass(frozen=True)
class AskedAbout:
    """Tickets that name one of these changes when they are opened, and how many changes they name."""

    tickets: int
    changes: int


def asked_about(span: Span) -> AskedAbout:
    """The changes whose quotes were made in these days; one statement."""
    with connection.cursor() as cursor:
        cursor.execute(ASKED, span.bounds)
        return AskedAbout(*cursor.fetchone())
