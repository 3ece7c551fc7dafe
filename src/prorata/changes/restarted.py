"""Whether what a change left to the customer's own restart is active by now: only the machine's readings know."""

from __future__ import annotations

from datetime import datetime

from django.db.models import OuterRef, QuerySet, Subquery

from prorata.changes.models import Change
from prorata.services.models import Reading


def with_restart(rows: QuerySet[Change]) -> QuerySet[Change]:
    """Each with `restarted_at`: the first reading since it ended on which nothing waits for a restart."""
    since = Reading.objects.filter(
        service=OuterRef("service"), taken_at__gt=OuterRef("ended_at"), restart_pending=[]
    )
    return rows.annotate(restarted_at=Subquery(since.order_by("taken_at").values("taken_at")[:1]))


def restarted_at(change: Change) -> datetime | None:
    """When it was seen to be active; None where that was not asked, or is still to come."""
    seen: datetime | None = getattr(change, "restarted_at", None)
    return seen if change.restart_pending else None


def waits_for_restart(change: Change) -> bool:
    return change.restart_pending and restarted_at(change) is None
