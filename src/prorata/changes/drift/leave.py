"""Leave a difference as it is until a date, and say why. It stays open: its component can still not be changed."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from prorata import clock
from prorata.changes.drift.decide import CannotDecide, checked, write
from prorata.changes.drift.models import Decision, Difference
from prorata.customers.models import User

LONGEST = timedelta(days=366)


@transaction.atomic
def leave(staff: User, difference_id: int, reason: str, *, until: datetime) -> Decision:
    """Nobody is reminded of it before `until`, unless one of its sizes changes. Raises CannotDecide."""
    said, now = checked(staff, reason), clock.now()
    if not now < until <= now + LONGEST:
        raise CannotDecide("Choose a date in the future, within a year.")
    one = Difference.objects.select_for_update(of=("self",), no_key=True).filter(pk=difference_id).first()
    if one is None or one.closed_at is not None:
        raise CannotDecide("This difference is closed: nothing is left to decide.")
    one.left_until = until
    one.save(update_fields=["left_until"])
    return write(one, Decision.What.LEAVE, staff=staff, reason=said, at=now, until=until)
