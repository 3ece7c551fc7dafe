"""Put one deed into the trail, in the transaction that does it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import connection, models, transaction

from prorata import clock
from prorata.trail.models import Deed

Changed = Mapping[str, tuple[Any, Any]]


def note(
    what: str,
    row: models.Model,
    *,
    actor: str,
    actor_name: str = "",
    customer_id: int | None = None,
    reason: str = "",
    changed: Changed | None = None,
) -> Deed:
    """Write that `actor` did `what` to `row`: if the deed is rolled back, so is its line.

    `actor` is as in the ledger, "user:7"; `changed` gives (before, after) of fields, as values that JSON knows.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError(f"{what} must be noted in the transaction that does it")
    return Deed.objects.create(
        at=clock.now(), recorded_at=clock.machine_now(), actor=actor, actor_name=actor_name, what=what, place=place(row),
        reference=str(row)[:200], customer_id=customer_id, reason=reason,
        changed={field: list(values) for field, values in (changed or {}).items()},
    )  # fmt: skip


def place(row: models.Model) -> str:
    """A row as text, the way `prorata verify` names one: "credit_purse 12"."""
    return f"{row._meta.db_table} {row.pk}"
