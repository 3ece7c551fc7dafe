"""The differences that are open, and those of them that need somebody."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from prorata import clock
from prorata.changes.drift.models import Difference


def open_now() -> QuerySet[Difference]:
    return Difference.objects.filter(closed_at=None).select_related("service__customer", "service__product")


def need_somebody() -> QuerySet[Difference]:
    """Without those that staff left until a date that has not come."""
    return open_now().filter(Q(left_until=None) | Q(left_until__lte=clock.now()))
