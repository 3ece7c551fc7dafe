"""An installation whose processes are killed with SIGKILL and started again, told about by a World on the same database.

site.kill("worker")                     nothing is tidied up
site.start_worker()
site.wait_for(lambda: ...)              with the worker's log in the message
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from math import ceil
from pathlib import Path
from typing import Any

import psycopg

from prorata.clock import Clock, machine_now, read_ahead, write_ahead
from support.database import TestDatabase
from support.installation import Installation
from support.sandboxes import wait_until

TESTS = Path(__file__).parent.parent
WORKER = "prorata-worker"


class RunningClock(Clock):
    """Business time of several processes: it runs, and is moved on through the file they all read."""

    def __init__(self, file: Path) -> None:
        super().__init__(file)
        self._file = file

    def move_to(self, at: datetime) -> None:
        write_ahead(self._file, ceil((at - machine_now()).total_seconds()))

    def forward(self, by: timedelta) -> None:
        write_ahead(self._file, read_ahead(self._file) + ceil(by.total_seconds()))


class Site(Installation):
    """Its worker notices within seconds that another one is gone."""

    def __init__(self, home: Path, environment: dict[str, str], database: TestDatabase) -> None:
        super().__init__(home, environment)
        self.database = database
        self.environment |= {
            "DJANGO_SETTINGS_MODULE": "support.impatient_settings",
            "PYTHONPATH": str(TESTS),
            "PGAPPNAME": WORKER,
        }

    def start_worker(self, name: str = "worker", *, concurrency: int = 8) -> None:
        """Start one more worker and wait until it takes jobs."""
        before = self._workers()
        with (self.home / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", "prorata.cli", "worker", "--concurrency", str(concurrency)],
                env={**self.environment, "PRORATA_PARENT": str(os.getpid())},
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        self.wait_for(lambda: self._workers() > before, "a worker that is up")

    def start_web(self) -> None:
        self._start("serve", "--bind", self.url.removeprefix("http://"), "--processes", "1")
        wait_until(self._answers, f"the web server\n{self._log('serve')}", seconds=180)

    def _workers(self) -> int:
        """Workers that ever registered: a killed one is pruned only later."""
        return int(self.sql("SELECT coalesce(max(id), 0) FROM procrastinate_workers")[0][0])

    # --- killing --------------------------------------------------------------------------------------------

    def kill(self, name: str = "worker") -> None:
        process = self.processes.pop(name)
        process.kill()
        process.wait()

    def pause(self, name: str = "worker") -> None:
        """The process stands still without knowing it, as on an overloaded or migrated machine."""
        self.processes[name].send_signal(signal.SIGSTOP)

    def resume(self, name: str = "worker") -> None:
        self.processes[name].send_signal(signal.SIGCONT)

    def alive(self, name: str = "worker") -> bool:
        return self.processes[name].poll() is None

    def cut_connections(self, *, but: str = "") -> int:
        """PostgreSQL ends the worker's connections, save those whose last statement names `but`; how many it ended."""
        cut = self.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s "
            "AND (%s = '' OR query NOT LIKE '%%' || %s || '%%')",
            WORKER, but, but,
        )  # fmt: skip
        return len(cut)

    # --- looking --------------------------------------------------------------------------------------------

    def sql(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.database.url(self.database.application), autocommit=True) as connection:
            return connection.execute(statement, values).fetchall()  # type: ignore[arg-type]

    def wait_for(
        self, ask: Callable[[], Any], what: str, *, seconds: float = 180, supervised: bool = False
    ) -> Any:
        """Ask until the answer is true. Supervised, a worker that ended is started again, as in any installation."""

        def look() -> Any:
            if supervised and not self.alive():
                self.start_worker()
            return ask()

        try:
            return wait_until(look, what, seconds=seconds)
        except AssertionError as waited:
            jobs = self.sql(
                "SELECT task_name, args, status, attempts, lock FROM procrastinate_jobs WHERE status <> 'succeeded'"
            )
            logs = "\n".join(self._log(name) for name in ("worker", "second", "serve"))
            mails = self.sql("SELECT key, state, tries, error FROM notices_mail")
            raise AssertionError(f"{waited}\njobs: {jobs}\nmails: {mails}\n{logs}") from None

    def waits_for(self, table: str) -> Callable[[], bool]:
        """Asks whether a transaction of the worker stands before a row of this table that somebody else holds."""
        waiting = "SELECT 1 FROM pg_stat_activity WHERE application_name = %s AND wait_event_type = 'Lock' AND query LIKE %s"
        return lambda: bool(self.sql(waiting, WORKER, f"%{table}%"))

    def rests(self) -> bool:
        """Whether no job is being worked on."""
        return not self.sql("SELECT 1 FROM procrastinate_jobs WHERE status = 'doing'")

    def whole_log(self, name: str) -> str:
        """Everything: what is waited for may stand above a long traceback."""
        return (self.home / f"{name}.log").read_text(encoding="utf-8", errors="replace")

    def called(self, call: str, **facts: Any) -> Callable[[], bool]:
        """Asks whether such a call has arrived at the hypervisor."""
        wanted = facts.items()
        return lambda: any(wanted <= line["facts"].items() for line in self.hypervisor.calls(call))

    def close(self) -> None:
        for process in self.processes.values():
            process.send_signal(signal.SIGCONT)
        super().close()
