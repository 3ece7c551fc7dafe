"""Credit held for an unpaid change: posted when its invoice is settled, voided when it is given up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import connection

from prorata.credit.models import Pledge, Purse
from prorata.credit.move import Movement, move
from prorata.ledger import accounts


def hold(
    *,
    customer_id: int,
    currency: str,
    parts: Sequence[tuple[Purse, int]],
    origin: str,
    at: datetime,
    actor: str,
) -> None:
    """Take `parts` out of the purses and hold them for `origin`."""
    if total := sum(amount for _, amount in parts):
        move(
            customer_id=customer_id, currency=currency, movements=[Movement(p.pk, -amount) for p, amount in parts],
            against=[(accounts.pledged(customer_id, currency), -total)], key=f"pledge:{origin}", what="pledged",
            origin=origin, at=at, actor=actor, pledge=True,
        )  # fmt: skip


# One statement instead of two: the customer's lock is held while an invoice is settled.
POST_HELD = """
WITH posted AS (
    UPDATE credit_pledge SET state = 'posted', ended_at = %s WHERE origin = %s AND state = 'held' RETURNING amount_minor
)
SELECT coalesce(sum(amount_minor), 0) FROM posted
"""


def post_held(*, origin: str, at: datetime) -> int:
    """Mark what is held for `origin` as spent; returns the amount, which the caller's transfer moves on."""
    with connection.cursor() as cursor:
        cursor.execute(POST_HELD, [at, origin])
        return int(cursor.fetchone()[0])


def void(*, customer_id: int, currency: str, origin: str, at: datetime, actor: str) -> int:
    """Give back what is held for `origin` to the purses it came from; returns the amount."""
    held = list(Pledge.objects.filter(origin=origin, state=Pledge.State.HELD).order_by("purse_id"))
    total = sum(pledge.amount_minor for pledge in held)
    if total:
        move(
            customer_id=customer_id, currency=currency, movements=[Movement(p.purse_id, p.amount_minor) for p in held],
            against=[(accounts.pledged(customer_id, currency), total)], key=f"unpledge:{origin}", what="released",
            origin=origin, at=at, actor=actor,
        )  # fmt: skip
        Pledge.objects.filter(pk__in=[p.pk for p in held]).update(state=Pledge.State.VOIDED, ended_at=at)
    return total
