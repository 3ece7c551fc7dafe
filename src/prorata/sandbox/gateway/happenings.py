"""Everything that happened to money since an instant, in order: for a merchant's daily comparison."""

from __future__ import annotations

import sqlite3

PAGE = 100
EVERYTHING = """
    SELECT 'capture' AS kind, id, ref, id AS capture_id, amount_minor, currency, captured_at AS at FROM capture
    UNION ALL
    SELECT 'refund', id, ref, capture_id, amount_minor, currency, max(created_at, changed_at) FROM refund
    UNION ALL
    SELECT 'dispute', id, ref, capture_id, amount_minor, currency, changed_at FROM dispute
"""


def since(db: sqlite3.Connection, start: float, after: str | None = None) -> tuple[list[sqlite3.Row], bool]:
    """One page, oldest first, beyond the happening `after` ("<at>|<id>"); and whether there is more."""
    at, _, id = (after or "0|").partition("|")
    rows = db.execute(
        f"SELECT * FROM ({EVERYTHING}) WHERE at >= ? AND (at, id) > (?, ?) ORDER BY at, id LIMIT ?",
        (start, float(at), id, PAGE + 1),
    ).fetchall()
    return rows[:PAGE], len(rows) > PAGE


def place(row: sqlite3.Row) -> str:
    """Where a page ended, to go on from."""
    return f"{row['at']!r}|{row['id']}"
