"""Several people at once: real threads, each on a database connection of its own.

with gate.on("customers_customer", customer.pk) as held:      nobody gets past this row
    first = held.let_in(lambda: submit(...))                  stands before the row
    second = held.let_in(lambda: submit(...))                 stands behind the first
assert first.result() and second.error()                      the row is free: they went through in this order
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from django.db import connection

from support.database import TestDatabase

PATIENCE = 120.0


class Doing:
    """One action in a thread of its own."""

    def __init__(self, action: Callable[[], Any], barrier: threading.Barrier | None = None) -> None:
        self._action, self._barrier = action, barrier
        self._result: Any = None
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            if self._barrier:
                connection.ensure_connection()
                self._barrier.wait(PATIENCE)
            self._result = self._action()
        except Exception as error:
            self._error = error
        finally:
            connection.close()

    def ended(self) -> bool:
        return not self._thread.is_alive()

    def result(self) -> Any:
        """What the action returned; what it raised is raised here."""
        self._join()
        if self._error is not None:
            raise self._error
        return self._result

    def error(self) -> Exception | None:
        """What the action raised, if anything."""
        self._join()
        return self._error

    def _join(self) -> None:
        self._thread.join(PATIENCE)
        assert self.ended(), "an action hangs: a lock is never given up"


def all_at_once(actions: list[Callable[[], Any]]) -> list[Doing]:
    """Start all actions at the same moment, on connections that are open already."""
    barrier = threading.Barrier(len(actions))
    doing = [Doing(action, barrier) for action in actions]
    for one in doing:
        one.error()
    return doing


class Gate:
    """A row that is held while others queue up before it."""

    def __init__(self, holder: psycopg.Connection[Any], watcher: psycopg.Connection[Any]) -> None:
        self._holder, self._watcher = holder, watcher

    def let_in(self, action: Callable[[], Any]) -> Doing:
        """Start an action and wait until it stands before a lock."""
        before = self._waiting()
        doing, deadline = Doing(action), time.monotonic() + PATIENCE
        while self._waiting() <= before:
            assert not doing.ended(), f"it went through without waiting: {doing.error()!r}"
            assert time.monotonic() < deadline, "it never came to a lock"
            time.sleep(0.01)
        return doing

    def _waiting(self) -> int:
        found = self._watcher.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        ).fetchone()
        assert found
        return int(found[0])

    @contextmanager
    def on(self, table: str, key: int) -> Iterator[Gate]:
        """Hold one row; when the block ends it is free, and those who wait go through in the order they came."""
        self._holder.execute(f"SELECT 1 FROM {table} WHERE id = %s FOR UPDATE", [key])  # type: ignore[arg-type]
        try:
            yield self
        finally:
            self._holder.rollback()


@pytest.fixture
def gate(transactional_db: None, database: TestDatabase) -> Iterator[Gate]:
    url = database.url(database.application)
    with psycopg.connect(url) as holder, psycopg.connect(url, autocommit=True) as watcher:
        yield Gate(holder, watcher)
