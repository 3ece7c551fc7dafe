"""Two people must not assign the same money. A line is never row-locked (it is written once), so its number is."""

from __future__ import annotations

from django.db import connection

from prorata.payments.bank.models import Allocation, StatementLine, Unallocation

# The same number as in the trigger that refuses more than a line has.
SPACE = 0x62616E6B


def lock_line(line_id: int) -> None:
    """Taken after customer, invoice and payment attempt, and held to the end of the transaction."""
    if not connection.in_atomic_block:
        raise AssertionError("a line is locked in the transaction of its entry action")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashint8(%s))", [SPACE, line_id])


def left(line: StatementLine) -> int:
    """What of the money that came in is not assigned; 0 for money that went out."""
    if line.amount_minor < 0:
        return 0
    given = sum(Allocation.objects.filter(line=line).values_list("amount_minor", flat=True))
    back = sum(
        Unallocation.objects.filter(allocation__line=line).values_list("allocation__amount_minor", flat=True)
    )
    return line.amount_minor - given + back
