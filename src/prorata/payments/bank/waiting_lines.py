"""Lines whose money is not assigned, or not wholly."""

from __future__ import annotations

from typing import Any

from django.db.models import BigIntegerField, F, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from prorata.payments.bank.models import Allocation, StatementLine


def with_left(rows: QuerySet[StatementLine]) -> QuerySet[Any]:
    """The rows with `left_minor`: what of them is not assigned; of money that went out, nothing ever is."""
    standing = Allocation.objects.filter(line=OuterRef("pk"), taken_back=None).order_by().values("line")
    given = Subquery(
        standing.annotate(total=Sum("amount_minor")).values("total"), output_field=BigIntegerField()
    )
    return rows.annotate(left_minor=F("amount_minor") - Coalesce(given, 0))


def waiting_lines() -> QuerySet[Any]:
    """What staff have to look at, the oldest first."""
    rows = with_left(StatementLine.objects.filter(amount_minor__gt=0))
    return rows.filter(left_minor__gt=0).select_related("account").order_by("booked_on", "id")
