"""What a measurement stands on: a PostgreSQL of its own with fsync on, the demo's data, a sandbox hypervisor.

    with Ground() as ground:        # Django is set up from here on, as the application's role
        ground.start_portal()       # gunicorn at ground.url

Everything lies in a folder of its own on the checkout's disk and is removed at the end; nothing else is written.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self

import httpx
import psycopg

from prorata.config.embedded_postgres import APPLICATION, OWNER, EmbeddedPostgres, free_port
from prorata.config.environment import checkout
from prorata.config.parent import PARENT_VARIABLE

DURABLE = ("fsync", "synchronous_commit", "full_page_writes")
PATIENCE = 60.0
KEPT = ("HOME", "LANG", "LC_ALL", "PATH", "TMPDIR", "PRORATA_PG_BIN", "PG_BIN")


class Ground:
    """Running from entering the context until it is left."""

    def __init__(self) -> None:
        base = checkout() / ".prorata-test"
        base.mkdir(exist_ok=True)
        # Beside the checkout and not under /tmp, which may lie in memory, where a flush to disk costs nothing.
        self._folder = tempfile.TemporaryDirectory(prefix=f"bench-{os.getpid()}-", dir=base)
        self.home = Path(self._folder.name)
        self.postgres = EmbeddedPostgres(self.home / "postgres")
        self.url = _local(free_port())
        self._hypervisor_url = _local(free_port())
        self._children: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        signal.signal(signal.SIGTERM, _leave)
        try:
            if given := os.environ.get("BENCH_CLUSTER"):
                # Stopped, and migrated already: what is measured comes after that.
                shutil.copytree(given, self.home / "postgres")
            self.postgres.start()
            self._set_environment()
            self._prorata("migrate", "--noinput", "--verbosity", "0")
            self._prorata("manage", "collectstatic", "--noinput", "--verbosity", "0")
            store = str(self.home / "hypervisor.sqlite3")
            port = self._hypervisor_url.rpartition(":")[2]
            self._start("sandbox-hypervisor", "--port", port, "--store", store, "--die-with-parent")
            wait_until(lambda: _answers(self._hypervisor_url), "the sandbox hypervisor")
            self._set_django_up()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def start_portal(self) -> int:
        """The web server as `prorata serve` runs it: gthread, two processes of four threads. Gives its process."""
        pid = self._start("serve", "--bind", self.url.removeprefix("http://"))
        wait_until(lambda: _answers(f"{self.url}/accounts/login/"), f"the web server\n{self.log('serve')}")
        return pid

    @property
    def postgres_pid(self) -> int:
        """PostgreSQL's first process."""
        assert self.postgres.process is not None
        return self.postgres.process.pid

    def settings(self) -> dict[str, str]:
        """What PostgreSQL says about its durability. Raises SystemExit if any of it is off: such figures mean nothing."""
        with psycopg.connect(self.postgres.url(APPLICATION)) as connection:
            found = {name: str(connection.execute(f"SHOW {name}").fetchone()[0]) for name in DURABLE}  # type: ignore[index]
        if set(found.values()) != {"on"}:
            raise SystemExit(f"bench: {found}: a commit must reach the disk. Unset what switched it off.")
        return found

    def owner(self) -> psycopg.Connection[tuple[object, ...]]:
        """A raw connection of the owner's role."""
        return psycopg.connect(self.postgres.url(OWNER), autocommit=True)

    def log(self, command: str) -> str:
        """The end of what a child wrote."""
        file = self.home / f"{command}.log"
        return file.read_text(encoding="utf-8", errors="replace")[-2000:] if file.exists() else ""

    # --- inside ---------------------------------------------------------------------------------------------

    def _set_environment(self) -> None:
        """For this process and its children: a demo, so that nothing of a real installation is used by mistake."""
        for name in [name for name in os.environ if name.startswith(("PRORATA_", "DATABASE_", "DJANGO_"))]:
            if name not in KEPT:
                del os.environ[name]
        os.environ |= {
            "PRORATA_MODE": "demo",
            "PRORATA_HOME": str(self.home),
            "PRORATA_SECRET_KEY": secrets.token_urlsafe(50),
            "PRORATA_BASE_URL": self.url,
            "PRORATA_SANDBOX_GATEWAY_URL": _local(free_port()),  # nobody pays by card here
            "PRORATA_SANDBOX_GATEWAY_SECRETS": secrets.token_urlsafe(32),
            "PRORATA_SANDBOX_HYPERVISOR_URL": self._hypervisor_url,
            "PRORATA_SANDBOX_HYPERVISOR_TOKEN": secrets.token_urlsafe(32),
            "DATABASE_URL": self.postgres.url(APPLICATION),
            "PRORATA_OWNER_DATABASE_URL": self.postgres.url(OWNER),
            "PRORATA_ESTIMATES_A_MINUTE": "1000000",  # it asks faster than people do
            PARENT_VARIABLE: str(os.getpid()),
        }

    def _set_django_up(self) -> None:
        os.environ["DJANGO_SETTINGS_MODULE"] = "prorata.config.settings"
        import django

        django.setup()

    def _prorata(self, *arguments: str) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "prorata.cli", *arguments], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise SystemExit(f"bench: `prorata {arguments[0]}` failed:\n{done.stderr[-2000:]}")

    def _start(self, command: str, *arguments: str) -> int:
        with (self.home / f"{command}.log").open("wb") as log:
            self._children.append(
                subprocess.Popen(
                    [sys.executable, "-m", "prorata.cli", command, *arguments],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                )
            )
        return self._children[-1].pid

    def _stop(self) -> None:
        for child in reversed(self._children):
            child.terminate()
        for child in self._children:
            try:
                child.wait(15)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        self.postgres.stop()
        self.postgres.remove()
        self._folder.cleanup()


def wait_until(ask: Callable[[], bool], what: str) -> None:
    """Poll until `ask` is true."""
    deadline = time.monotonic() + PATIENCE
    while not ask():
        if time.monotonic() > deadline:
            raise SystemExit(f"bench: waited {PATIENCE:.0f} s in vain for {what}")
        time.sleep(0.05)


def _answers(address: str) -> bool:
    try:
        return httpx.get(address, timeout=10, trust_env=False).status_code < 500
    except httpx.HTTPError:
        return False


def _local(port: int) -> str:
    return f"http://127.0.0.1:{port}"


def _leave(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)
