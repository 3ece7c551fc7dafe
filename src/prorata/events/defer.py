"""Put a job into the queue within the transaction at hand."""

from __future__ import annotations

from django.db import connection, transaction
from procrastinate.contrib.django import app
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.exceptions import AlreadyEnqueued
from procrastinate.manager import JobManager
from procrastinate.tasks import configure_task

# Inside a worker the app writes jobs through the worker's own connections: they would run before what they tell of is
# committed, or although it was rolled back. Django's connection is the one that holds our transaction, wherever we are.
_ours = JobManager(DjangoConnector())

# The same as an SQL expression, for a statement that writes the cause and its job in one round trip: `task` a name, `lock`
# and `arguments` expressions over the row, a text and a JSON object.
JOB = (
    "procrastinate_defer_jobs_v1(ARRAY[ROW("
    "'default', '{task}', 0, {lock}, NULL, {arguments}, NULL)::procrastinate_job_to_defer_v1])"
)


def defer(task: str, *, lock: str | None = None, **arguments: int | str) -> None:
    """Let a worker run `task` once this transaction is committed; if it rolls back, never.

    Jobs of one `lock` run one after another. Raises KeyError for a task that nobody wrote.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError(
            f"{task} must be deferred in the transaction of its cause"
        )
    _known(task)
    configure_task(name=task, job_manager=_ours, lock=lock).defer(**arguments)


def defer_once(
    task: str,
    *,
    lock: str,
    seconds: int = 0,
    priority: int = 0,
    queue: str | None = None,
    **arguments: int | str,
) -> bool:
    """Let a worker run `task` in so many seconds, unless one of this `lock` is waiting already. True if it was put there.

    Jobs of one `lock` run one after another; those of a higher priority begin first. Raises KeyError for a task that
    nobody wrote.
    """
    _known(task)
    job = configure_task(
        name=task, job_manager=_ours, lock=lock, queueing_lock=lock, priority=priority, queue=queue,
        schedule_in={"seconds": seconds} if seconds else None,
    )  # fmt: skip
    try:
        with transaction.atomic():
            job.defer(**arguments)
    except AlreadyEnqueued:
        return False
    return True


def _known(task: str) -> None:
    if task not in app.tasks:
        raise KeyError(f"there is no task {task}")
