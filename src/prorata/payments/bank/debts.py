"""What customers owe: money that was not theirs had been used before the mistake was seen, or went back by a refund or a
dispute after it was spent."""

from __future__ import annotations

from django.db.models import F, Sum

from prorata.payments.bank.models import Allocation, Unallocation
from prorata.payments.models import MoneyBack


def debts() -> dict[tuple[int, str], int]:
    """(customer, currency) -> minor units, of everybody who owes something."""
    made = (
        Unallocation.objects.filter(debt_minor__gt=0)
        .values(customer=F("allocation__customer"), currency=F("allocation__line__currency"))
        .annotate(total=Sum("debt_minor"))
    )
    paid = (
        Allocation.objects.filter(what=Allocation.What.DEBT)
        .values("customer", currency=F("line__currency"))
        .annotate(total=Sum("amount_minor"))
        .order_by()
    )
    went_back = MoneyBack.objects.filter(owed_minor__gt=0).values("customer", "currency").order_by()
    owed: dict[tuple[int, str], int] = {}
    for rows, sign in (
        (made.order_by(), 1), (paid, -1), (went_back.filter(way="out").annotate(total=Sum("owed_minor")), 1),
        (went_back.filter(way="in").annotate(total=Sum("owed_minor")), -1),
    ):  # fmt: skip
        for row in rows:
            key = (row["customer"], row["currency"])
            owed[key] = owed.get(key, 0) + sign * row["total"]
    return {key: minor for key, minor in owed.items() if minor > 0}


def debt(customer_id: int, currency: str) -> int:
    """What one customer owes in one currency."""
    return debts().get((customer_id, currency), 0)
