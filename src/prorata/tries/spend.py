"""May this person do this once more? Asked and counted in one statement, by the database's own clock."""

from __future__ import annotations

from django.conf import settings
from django.db import connection

# Whoever comes at the permitted pace is never behind; whoever was away may do a whole window's worth at once.
SPEND = """
INSERT INTO tries_pace AS pace (what, person, spent_until)
VALUES (%(what)s, %(person)s, clock_timestamp() + make_interval(secs => %(share)s))
    ON CONFLICT (what, person) DO UPDATE
   SET spent_until = greatest(pace.spent_until, clock_timestamp()) + make_interval(secs => %(share)s)
 WHERE pace.spent_until + make_interval(secs => %(share)s) <= clock_timestamp() + make_interval(secs => %(window)s)
"""


def spend(what: str, person: int) -> bool:
    """True if it may be done, which is counted; False if it was done too often (PRORATA_TRIES).

    To be asked before a transaction begins: until its end others of the same person would wait.
    """
    most, seconds = settings.PRORATA_TRIES[what]
    with connection.cursor() as cursor:
        cursor.execute(SPEND, {"what": what, "person": person, "share": seconds / most, "window": seconds})
        return bool(cursor.rowcount)
