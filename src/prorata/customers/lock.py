"""Locks are always taken in this order: customer, service, change, invoice, payment attempt, number series, host.

Only the entry action (a view, a job, a webhook's job) locks; it finds ids unlocked, locks from the top and checks again.
The rooms below call `assert_locked`, so that a forgotten lock fails in every test instead of once a year in production.
"""

from __future__ import annotations

from django.db import connection, transaction

from prorata.customers.models import Customer

ORDER = ("customer", "service", "change", "invoice", "attempt", "series", "host")


def lock_customer(customer_id: int) -> Customer:
    """First lock of every action that moves a customer's money or changes a customer's service."""
    customer = Customer.objects.select_for_update().get(pk=customer_id)
    _held().add(customer_id)
    return customer


def assert_locked(customer_id: int) -> None:
    if customer_id not in _held():
        raise AssertionError(f"customer {customer_id} must be locked by the entry action before money moves")


def _held() -> set[int]:
    """The customers locked in the current transaction; forgotten when it ends, however it ends."""
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError(
            "a lock needs a transaction: wrap the entry action in atomic()"
        )
    mark = getattr(connection, "_prorata_locked", None)
    # A fresh transaction has a fresh run_on_commit list of savepoint ids; the outermost atomic is identified by object.
    outermost = connection.atomic_blocks[0] if connection.atomic_blocks else None
    if mark is None or mark[0] is not outermost:
        mark = (outermost, set())
        connection._prorata_locked = mark  # type: ignore[attr-defined]
    return mark[1]
