"""Locks are taken in this order: customer, service, change, invoice, payment attempt, voucher, machine job, host, series.

Only the entry action (a view, a job, a webhook's job) locks; it finds ids unlocked, locks from the top and checks again.
Row locks are "no key": our keys never change, so a new row that refers to a locked one (a reading, a quote) need not wait.
The rooms below call `assert_locked`, so that a forgotten lock fails in every test instead of once a year in production.
"""

from __future__ import annotations

from django.db import connection, transaction

from prorata.customers.models import Customer


class _Held:
    """The memory of a lock, kept among the transaction's on-commit calls: Django forgets those exactly when PostgreSQL
    gives a lock up, at commit, at rollback, and at the rollback of the savepoint it was taken in."""

    def __init__(self, customer_id: int) -> None:
        self.customer_id = customer_id

    def __call__(self) -> None:
        """At commit there is nothing to do."""


def lock_customer(customer_id: int) -> Customer:
    """First lock of every action that moves a customer's money or changes a customer's service."""
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError(
            "a lock needs a transaction: wrap the entry action in atomic()"
        )
    customer = Customer.objects.select_for_update(no_key=True).get(pk=customer_id)
    transaction.on_commit(_Held(customer_id))
    return customer


def assert_locked(customer_id: int) -> None:
    """A programmer's check: the entry action must have locked the customer in this transaction."""
    held = [entry[1] for entry in connection.run_on_commit]
    if not any(isinstance(mark, _Held) and mark.customer_id == customer_id for mark in held):
        raise AssertionError(f"customer {customer_id} must be locked by the entry action before money moves")
