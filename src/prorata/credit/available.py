"""What a customer can spend."""

from __future__ import annotations

from datetime import datetime

from django.db.models import F, Q, QuerySet, Sum

from prorata import clock
from prorata.credit.models import Purse


def spendable(now: datetime | None = None) -> QuerySet[Purse]:
    """Purses with something in them that has not expired, in the order they are used: gifted soonest first, then account."""
    alive = Q(expires_at=None) | Q(expires_at__gt=now or clock.now())
    return Purse.objects.filter(alive, balance_minor__gt=0).order_by(
        F("expires_at").asc(nulls_last=True), "id"
    )


def purses(customer_id: int, currency: str, now: datetime | None = None) -> list[Purse]:
    return list(spendable(now).filter(customer_id=customer_id, currency=currency))


def available(customer_id: int, now: datetime | None = None) -> dict[str, int]:
    """Available Credit: one figure a currency, in minor units."""
    sums = (
        spendable(now)
        .filter(customer_id=customer_id)
        .order_by()
        .values("currency")
        .annotate(total=Sum("balance_minor"))
    )
    return {row["currency"]: row["total"] for row in sums.order_by("currency")}
