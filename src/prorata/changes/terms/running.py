"""The terms of a service at an instant: which one runs, what is paid ahead, and what waits for its money."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from prorata.changes.models import SoldTerm
from prorata.services.models import Service


@dataclass(frozen=True)
class Terms:
    """`begins` and `ends` of the term that runs; `ahead` are later ones that are paid, earliest first; `unpaid` waits."""

    begins: datetime
    ends: datetime
    ahead: tuple[SoldTerm, ...]
    unpaid: SoldTerm | None


WAITING_OR_AHEAD = """
SELECT * FROM changes_soldterm
 WHERE service_id = %s AND (status = %s OR status = %s AND starts_at > %s) ORDER BY starts_at
"""


def terms_of(service: Service, now: datetime) -> Terms:
    """In one statement. A service keeps the bounds of its last paid term; where that is to come, the row of the first
    renewal ahead says when the term before it began."""
    status = SoldTerm.Status
    rows = SoldTerm.objects.raw(WAITING_OR_AHEAD, [service.pk, status.AWAITING_PAYMENT, status.PAID, now])
    return _of(service, list(rows))


def running(service: Service, now: datetime) -> tuple[datetime, datetime]:
    """Begin and end of the term that runs; asks the database only where the last paid term is to come."""
    if now >= service.term_starts_at:
        return service.term_starts_at, service.term_ends_at
    found = terms_of(service, now)
    return found.begins, found.ends


def _of(service: Service, rows: Sequence[SoldTerm]) -> Terms:
    paid = [one for one in rows if one.status == SoldTerm.Status.PAID]
    unpaid = next((one for one in rows if one.status != SoldTerm.Status.PAID), None)
    if not paid:
        return Terms(service.term_starts_at, service.term_ends_at, (), unpaid)
    first = paid[0]
    if first.follows_since is not None:
        return Terms(first.follows_since, first.starts_at, tuple(paid), unpaid)
    return Terms(first.starts_at, first.ends_at, tuple(paid[1:]), unpaid)  # the purchase itself is to come
