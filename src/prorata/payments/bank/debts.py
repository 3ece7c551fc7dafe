"""What customers owe because money that was not theirs had been used before the mistake was seen."""

from __future__ import annotations

from django.db.models import F, Sum

from prorata.payments.bank.models import Allocation, Unallocation


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
    owed: dict[tuple[int, str], int] = {}
    for rows, sign in ((made.order_by(), 1), (paid, -1)):
        for row in rows:
            key = (row["customer"], row["currency"])
            owed[key] = owed.get(key, 0) + sign * row["total"]
    return {key: minor for key, minor in owed.items() if minor}


def debt(customer_id: int, currency: str) -> int:
    """What one customer owes in one currency."""
    return debts().get((customer_id, currency), 0)
