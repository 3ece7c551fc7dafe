"""What the stream of a service is made of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from django.db.models import CharField, F, QuerySet, Value
from django.db.models.functions import Cast, Concat

Kind = Literal["term", "change", "machine", "money", "ticket", "staff"]
KINDS: tuple[Kind, ...] = ("term", "change", "machine", "money", "ticket", "staff")


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One line of the stream. `key` is stable and names its place on the page; `by` is who did it, in words.

    `turn` orders what happened at one instant: what was caused comes after its cause. `row` is the id of what it is told
    from: of one kind and turn, later rows come after earlier ones of the same instant.
    `quote` is what the machine said, in its own English, where there are no words for it.
    """

    key: str
    at: datetime
    kind: Kind
    what: str
    by: str
    row: int
    detail: str = ""
    address: str = ""
    reference: str = ""
    turn: int = 0
    quote: str = ""

    @property
    def place(self) -> tuple[datetime, int, str, int]:
        """By which facts follow one another."""
        return (self.at, self.turn, self.kind, self.row)


def named(prefix: str, rows: QuerySet[Any], field: str) -> QuerySet[Any]:
    """How other rooms refer to these rows ("change:C-20931"), to look for in a statement."""
    return rows.order_by().values_list(Concat(Value(prefix), Cast(F(field), CharField())), flat=True)
