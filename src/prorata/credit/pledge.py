"""Credit held for an unpaid change: posted when its invoice is settled, voided when it is given up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from prorata.credit.expire import end
from prorata.credit.models import Pledge, Purse
from prorata.credit.move import Movement, move
from prorata.credit.purse import prolonged_purse
from prorata.ledger import accounts

# A gift whose end passed while it was held is usable for this long after its release, once.
PROLONGED = timedelta(days=3)


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


@dataclass(frozen=True, kw_only=True)
class Release:
    """What giving up would do to one held amount: back in its purse, usable until `until` (None: for ever); a gift whose end
    has passed is `prolonged`, or, if it was before, `lost`."""

    kind: str
    amount_minor: int
    until: datetime | None
    prolonged: bool = False
    lost: bool = False


def if_released(*, origin: str, at: datetime) -> list[Release]:
    """What `void` would do at `at` to what is held for `origin`, gifts first. Changes nothing."""
    held = Pledge.objects.filter(origin=origin, state=Pledge.State.HELD).select_related("purse")
    found = [_release(pledge.purse, pledge.amount_minor, at) for pledge in held.order_by("purse_id")]
    return sorted(found, key=lambda one: one.until is None)


def _release(purse: Purse, amount: int, at: datetime) -> Release:
    if not purse.has_ended(at):
        return Release(kind=purse.kind, amount_minor=amount, until=purse.expires_at)
    if purse.prolonged_from is not None:
        return Release(kind=purse.kind, amount_minor=amount, until=purse.expires_at, lost=True)
    return Release(kind=purse.kind, amount_minor=amount, until=at + PROLONGED, prolonged=True)


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
    """Give back what is held for `origin` to the purses it came from; returns the amount that is free again.

    A gift whose end has passed meanwhile gets a new purse for three days. One that was prolonged already ends here, or
    pledging and giving up in turn would keep it for ever.
    """
    held = list(
        Pledge.objects.filter(origin=origin, state=Pledge.State.HELD)
        .select_related("purse")
        .order_by("purse_id")
    )
    total = sum(pledge.amount_minor for pledge in held)
    if not total:
        return 0
    homes = [(_home(pledge.purse, at), pledge.amount_minor) for pledge in held]
    move(
        customer_id=customer_id, currency=currency, movements=[Movement(home.pk, n) for home, n in homes],
        against=[(accounts.pledged(customer_id, currency), total)], key=f"unpledge:{origin}", what="released",
        origin=origin, at=at, actor=actor,
    )  # fmt: skip
    Pledge.objects.filter(pk__in=[p.pk for p in held]).update(state=Pledge.State.VOIDED, ended_at=at)
    over = [(home, amount) for home, amount in homes if home.has_ended(at)]
    for home, amount in over:
        end(home, amount, key=f"expire:{home.pk}:{origin}", origin=origin, at=at)
    return total - sum(amount for _, amount in over)


def _home(purse: Purse, at: datetime) -> Purse:
    """Where a released amount goes: its own purse, or a prolonged one in its place, once."""
    if not purse.has_ended(at) or purse.prolonged_from is not None:
        return purse
    return prolonged_purse(purse, at + PROLONGED)
