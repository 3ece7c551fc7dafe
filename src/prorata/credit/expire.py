"""Gifted credit ends by itself: what is left at a purse's end goes back to the gifts account, and the customer is told."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from prorata import clock
from prorata.credit.models import Purse
from prorata.credit.move import Movement, move
from prorata.customers.lock import assert_locked, lock_customer
from prorata.events.publish import publish
from prorata.ledger import accounts

# How long before its end a gift is spoken of.
TOLD_BEFORE = timedelta(days=7)
# The sweep comes every minute; what is more than this waits for the next one.
MOST = 200


def ended(now: datetime) -> QuerySet[Purse]:
    """Gifts past their end with something left in them."""
    return Purse.objects.filter(expires_at__lte=now, balance_minor__gt=0).order_by("expires_at", "id")


def ending_soon(now: datetime) -> QuerySet[Purse]:
    """Gifts with something left that end within seven days, of which nobody was told yet."""
    soon = Purse.objects.filter(expires_at__gt=now, expires_at__lte=now + TOLD_BEFORE, balance_minor__gt=0)
    return soon.filter(end_told_at=None).order_by("expires_at", "id")


@transaction.atomic
def expire(purse_id: int) -> bool:
    """End one gift whose time is over; False where nothing is left to end. Publishes credit.expired."""
    lock_customer(Purse.objects.values_list("customer_id", flat=True).get(pk=purse_id))
    now = clock.now()
    purse = ended(now).filter(pk=purse_id).first()
    if purse is None:
        return False
    end(purse, purse.balance_minor, key=f"expire:{purse.pk}", origin=f"purse:{purse.pk}", at=now)
    return True


def end(purse: Purse, amount_minor: int, *, key: str, origin: str, at: datetime) -> None:
    """Take `amount_minor` of an ended gift back to the gifts account. The customer must be locked."""
    assert_locked(purse.customer_id)
    assert purse.has_ended(at), f"purse {purse.pk} has not ended"
    transfer = move(
        customer_id=purse.customer_id, currency=purse.currency, movements=[Movement(purse.pk, -amount_minor)],
        against=[(accounts.gifts(purse.currency), -amount_minor)], key=key, what="expired", origin=origin, at=at,
        reason=purse.reason,
    )  # fmt: skip
    publish("credit.expired", id=transfer)


@transaction.atomic
def tell_end(purse_id: int) -> bool:
    """Let the customer be told of a near end, once a purse; False where that was done or is no longer so."""
    lock_customer(Purse.objects.values_list("customer_id", flat=True).get(pk=purse_id))
    now = clock.now()
    if not ending_soon(now).filter(pk=purse_id).update(end_told_at=now):
        return False
    publish("credit.ends_soon", id=purse_id)
    return True
