"""Lists: newest first, a page at a time."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

from prorata.sandbox.stripe.errors import missing


def page(
    rows: list[sqlite3.Row],
    params: dict[str, Any],
    url: str,
    show: Callable[[sqlite3.Row], dict[str, Any]],
    id: Callable[[sqlite3.Row], str],
) -> dict[str, Any]:
    """One page of `rows`, which come newest first, beyond `starting_after`."""
    after, limit = params.get("starting_after"), params.get("limit", 10)
    if after is not None:
        at = next((at for at, row in enumerate(rows) if id(row) == after), None)
        if at is None:
            raise missing("object", after)
        rows = rows[at + 1 :]
    return {
        "object": "list",
        "data": [show(row) for row in rows[:limit]],
        "has_more": len(rows) > limit,
        "url": url,
    }


def within(params: dict[str, Any], column: str) -> tuple[str, list[int]]:
    """The SQL condition of `created[gte]` and the like, in whole seconds."""
    signs = {"gte": ">=", "gt": ">", "lte": "<=", "lt": "<"}
    asked = params.get("created", {})
    words = "".join(f" AND CAST({column} AS INTEGER) {signs[name]} ?" for name in asked)
    return words, list(asked.values())
