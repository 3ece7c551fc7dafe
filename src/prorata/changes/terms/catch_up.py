"""What should have moved a term and did not: found by looking at the facts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from prorata.changes.models import SoldTerm
from prorata.changes.terms import book, close
from prorata.invoices.models import Invoice


def overdue(
    now: datetime, *, grace: timedelta, missed_after: timedelta, most: int
) -> Iterator[tuple[Callable[[int], object], int]]:
    """Unpaid terms past their deadline end; paid ones that were not booked are."""
    awaiting = SoldTerm.objects.filter(status=SoldTerm.Status.AWAITING_PAYMENT)
    unpaid = awaiting.filter(invoice__status=Invoice.Status.OPEN, deadline__lte=now - grace)
    yield from ((close.expire, pk) for pk in unpaid.order_by("deadline").values_list("pk", flat=True)[:most])
    paid = awaiting.filter(invoice__status=Invoice.Status.PAID, invoice__settled_at__lte=now - missed_after)
    yield from ((book.on_paid, pk) for pk in paid.values_list("invoice_id", flat=True)[:most])
