"""Jobs are written with what they tell of, also by jobs: never before it is committed, never although it was undone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from django.db import connection, transaction
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from prorata.events import tasks
from prorata.events.defer import defer
from prorata.events.publish import publish
from support.attacks import Attack, attack

__all__ = ["attack"]


def as_a_worker_does(action: Callable[[], None]) -> None:
    """Run `action` as `prorata worker` runs a job: in a thread, while the queue has connections of its own."""

    async def once() -> None:
        with app.replace_connector(app.connector.get_worker_connector()):  # type: ignore[attr-defined]
            async with app.open_async():
                await sync_to_async(_alone(action), thread_sensitive=False)()

    asyncio.run(once())


def _alone(action: Callable[[], None]) -> Callable[[], None]:
    def run() -> None:
        try:
            action()
        finally:
            connection.close()

    return run


def jobs_of(task: str) -> int:
    return int(ProcrastinateJob.objects.filter(task_name=task).count())


@pytest.mark.parametrize("where", [as_a_worker_does, lambda action: action()], ids=["worker", "portal"])
def test_nobody_hears_of_what_was_rolled_back(
    transactional_db: None, where: Callable[[Callable[[], None]], None]
) -> None:
    def changes_its_mind() -> None:
        with transaction.atomic():
            publish("change.applied", id=1)
            transaction.set_rollback(True)

    where(changes_its_mind)
    assert jobs_of("notices.change_applied") == 0


@pytest.mark.parametrize("where", [as_a_worker_does, lambda action: action()], ids=["worker", "portal"])
def test_nobody_hears_of_it_before_the_commit(
    transactional_db: None, attack: Attack, where: Callable[[Callable[[], None]], None]
) -> None:
    def in_two_steps() -> None:
        with transaction.atomic():
            publish("change.applied", id=1, lock="service:7")
            with attack() as sql:
                assert sql.execute("SELECT count(*) FROM procrastinate_jobs").fetchone() == (0,)

    where(in_two_steps)
    job = ProcrastinateJob.objects.get()
    assert (job.task_name, job.args, job.lock, job.status) == (
        "notices.change_applied",
        {"id": 1},
        "service:7",
        "todo",
    )


def test_news_needs_a_transaction_a_known_event_and_a_task(transactional_db: None) -> None:
    with pytest.raises(transaction.TransactionManagementError, match="must be published in the transaction"):
        publish("change.applied", id=1)
    with pytest.raises(transaction.TransactionManagementError, match="must be deferred in the transaction"):
        defer("changes.follow", id=1)
    with transaction.atomic(), pytest.raises(KeyError, match="not a known event"):
        publish("change.forgotten", id=1)
    with transaction.atomic(), pytest.raises(KeyError, match="there is no task"):
        defer("changes.forget", id=1)


# --- jobs of a worker that is gone --------------------------------------------------------------------------

LEFT = """
WITH dead AS (INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - %(silent)s) RETURNING id)
INSERT INTO procrastinate_jobs (queue_name, task_name, args, status, lock, queueing_lock, worker_id)
SELECT 'default', %(task)s, '{}', 'doing', NULL, %(queueing)s, dead.id FROM dead
"""


def left_behind(sql: object, task: str, *, silent: timedelta, queueing: str | None = None) -> None:
    sql.execute(LEFT, {"task": task, "silent": silent, "queueing": queueing})  # type: ignore[attr-defined]


def retry() -> None:
    async def once() -> None:
        with app.replace_connector(app.connector.get_worker_connector()):  # type: ignore[attr-defined]
            async with app.open_async():
                context = type("Context", (), {"app": app})()
                await tasks.retry_stalled.func(context, 0)

    asyncio.run(once())


def test_what_a_dead_worker_left_runs_again_and_a_live_one_keeps_its_own(
    transactional_db: None, attack: Attack
) -> None:
    with attack("application") as sql:
        left_behind(sql, "changes.start", silent=timedelta(seconds=31))
        left_behind(sql, "changes.follow", silent=timedelta(seconds=5))
        sql.commit()
    retry()
    found = dict(ProcrastinateJob.objects.values_list("task_name", "status"))
    assert found == {"changes.start": "todo", "changes.follow": "doing"}


def test_a_sweep_whose_next_one_waits_does_not_keep_the_others_waiting(
    transactional_db: None, attack: Attack
) -> None:
    """Two jobs of one queueing lock cannot both wait; the one that was left behind is given up, the rest goes on."""
    with attack("application") as sql:
        left_behind(sql, "provisioning.sweep", silent=timedelta(seconds=60), queueing="provisioning.sweep")
        sql.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, args, status, queueing_lock) "
            "VALUES ('default', 'provisioning.sweep', '{}', 'todo', 'provisioning.sweep')"
        )
        left_behind(sql, "changes.start", silent=timedelta(seconds=60))
        sql.commit()
    retry()
    found = sorted(ProcrastinateJob.objects.values_list("task_name", "status"))
    assert found == [("changes.start", "todo"), ("provisioning.sweep", "todo")]
