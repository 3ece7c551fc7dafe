"""News that travels upward: publish in the transaction that makes it true, and a job per subscriber is deferred with it."""

from __future__ import annotations

from django.conf import settings
from django.db import connection, transaction

from prorata.events.defer import defer


def publish(event: str, *, id: int, lock: str | None = None) -> None:
    """Tell the subscribers of `event` about row `id`.

    The jobs are rows of the same database written by the same transaction: if it rolls back, nobody hears of it; if it
    commits, everybody does, at least once. `lock` makes jobs of one subject run one after another, e.g. "service:7".
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError(
            f"{event} must be published in the transaction that makes it true"
        )
    if event not in settings.PRORATA_SUBSCRIBERS:
        raise KeyError(
            f"{event} is not a known event: list it in config/subscribers.py, with no subscribers if need be"
        )
    for task in settings.PRORATA_SUBSCRIBERS[event]:
        defer(task, lock=lock, id=id)
