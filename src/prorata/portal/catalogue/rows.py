"""A page of a list as the pager knows it."""

from __future__ import annotations

from typing import Any


class Rows:
    """With a page before it and one behind, if there is more."""

    def __init__(self, *rows: Any, more: bool = True) -> None:
        self.rows, self.number = list(rows), 2 if more else 1
        self.next: int | None = 3 if more else None
        self.previous: int | None = 1 if more else None
