"""What a promise about the books is, and what a broken one says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import connection


@dataclass(frozen=True)
class Finding:
    """One row that breaks a promise.

    `place` is "table id" (or what else can be pointed at), `reference` its name for people if it has one. `what` names
    a second row as "table id" where two rows disagree: which of them is wrong is for a person to find out.
    """

    promise: str
    place: str
    reference: str
    what: str


@dataclass(frozen=True)
class Asked:
    """What a look at the books is about: the business instant, and whether every quote is priced again or a sample."""

    now: datetime
    every_quote: bool = False
    sample: int = 200
    seed: int = 0


Rows = Iterator[tuple[str, str, str]]


@dataclass(frozen=True)
class Promise:
    """`says` is one sentence that must be true. `look` gives (place, reference, what) for every row that breaks it.

    `look` is SQL with those three columns, which may use %(now)s and therefore writes %% for a percent sign, or a
    function. With `in_time` it also asks whether the worker has done its work: that is true of an installation that runs,
    not of every instant of a story.
    """

    key: str
    says: str
    look: str | Callable[[Asked], Rows]
    in_time: bool = False

    def broken(self, asked: Asked) -> Iterator[Finding]:
        rows = self.look(asked) if callable(self.look) else _rows(self.look, asked)
        for place, reference, what in rows:
            yield Finding(self.key, place, reference or "", what)


def _rows(sql: str, asked: Asked) -> Rows:
    with connection.cursor() as cursor:
        cursor.execute(sql, {"now": asked.now})
        yield from cursor.fetchall()
