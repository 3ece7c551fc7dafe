"""Starts the parts of a demo in their order, watches over them, and stops them in the opposite order.

database -> migrations -> demo data -> pretend gateway and hypervisor -> worker -> web server. Each part is a process of
its own. One that dies is started again, after a pause that grows; on Linux none outlives this process.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from types import FrameType
from urllib.parse import SplitResult, urlsplit

import httpx

from prorata.config.embedded_postgres import APPLICATION, OWNER, EmbeddedPostgres, free_port, is_free
from prorata.config.environment import load_demo_environment, read_environment, save_demo_environment
from prorata.config.parent import signal_at_parents_death
from prorata.config.processes import ready_database

LONGEST_PAUSE = 30.0
HEALTHY_AFTER = 30.0
PATIENCE = 15.0
WEBHOOK_PATH = "/webhooks/sandbox/"


class DemoMistake(RuntimeError):
    """Something the person at the keyboard can mend; the text is one line that says how."""


class _Stopped(Exception):
    """Ctrl-C, or a request to end."""


@dataclass
class Child:
    """One process of the demo: how to start it, and how it fares."""

    name: str
    command: list[str]
    answers_at: str = ""
    log: Path = Path()
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    pause: float = 0.5
    start_again_at: float | None = None


@dataclass
class Demo:
    """A demo whose state lies in `home`."""

    home: Path
    port: int = 8000
    environment: dict[str, str] = field(default_factory=dict)
    children: list[Child] = field(default_factory=list)
    postgres: EmbeddedPostgres | None = None

    @property
    def lock_file(self) -> Path:
        return self.home / "lock"

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the state directory for this demo alone."""
        try:
            self.home.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = self.lock_file.open("w")
        except OSError as problem:
            raise DemoMistake(
                f"The folder {self.home} cannot be written: {problem.strerror}. Set PRORATA_HOME to one that can."
            ) from None
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                address = load_demo_environment(self.home).get("PRORATA_BASE_URL", "")
                raise DemoMistake(
                    f"A demo is running already, at {address}. Stop it with Ctrl-C, or set another PRORATA_HOME."
                ) from None
            yield

    def run(self) -> int:
        """Start everything, say where it is, and watch until told to stop."""
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(number, _stop)
        try:
            self._start()
            self._watch()
        except _Stopped:
            _say("\nStopping.")
        finally:
            # A second Ctrl-C must not leave half of the parts behind.
            for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
                signal.signal(number, signal.SIG_IGN)
            self._stop_all()
        return 0

    # --- starting --------------------------------------------------------------------------------

    def _start(self) -> None:
        _say("Starting Prorata's demo ...")
        self._make_environment()
        ready_database(read_environment(self.environment))
        quiet = ("--noinput", "--verbosity", "0")
        prorata = ("-m", "prorata.cli")
        self._run(*prorata, "migrate", *quiet, what="The database could not be brought up to date")
        self._run(*prorata, "manage", "collectstatic", *quiet, what="The pages' files could not be laid out")
        sandboxes, portal = self._sandboxes(), self._portal()
        # The demo's customer owns machines that exist in the hypervisor, so that one comes first.
        self._start_children(sandboxes)
        sign_ins = self._load_demo_data()
        self._start_children(portal)
        self._greet(sign_ins)

    def _make_environment(self) -> None:
        given = {**os.environ, "PRORATA_MODE": "demo", "PRORATA_HOME": str(self.home)}
        saved = load_demo_environment(self.home)
        made = {
            "PRORATA_SECRET_KEY": saved.get("PRORATA_SECRET_KEY") or secrets.token_urlsafe(50),
            "PRORATA_SANDBOX_GATEWAY_SECRETS": saved.get("PRORATA_SANDBOX_GATEWAY_SECRETS")
            or secrets.token_urlsafe(32),
            "PRORATA_SANDBOX_HYPERVISOR_TOKEN": saved.get("PRORATA_SANDBOX_HYPERVISOR_TOKEN")
            or secrets.token_urlsafe(32),
            "PRORATA_SANDBOX_GATEWAY_URL": _local(_kept_port(saved.get("PRORATA_SANDBOX_GATEWAY_URL"))),
            "PRORATA_SANDBOX_HYPERVISOR_URL": _local(_kept_port(saved.get("PRORATA_SANDBOX_HYPERVISOR_URL"))),
            "PRORATA_BASE_URL": _local(_first_free_port(self.port)),
            "PRORATA_CLOCK_FILE": str(self.home / "clock"),
        }
        if not os.environ.get("DATABASE_URL"):
            self.postgres = EmbeddedPostgres(self.home / "postgres")
            self.postgres.start()
            made["DATABASE_URL"] = self.postgres.url(APPLICATION)
            made["PRORATA_OWNER_DATABASE_URL"] = self.postgres.url(OWNER)
        made |= {name: given[name] for name in ("PRORATA_MODE", "PRORATA_HOME")}
        # What this demo uses is what `PRORATA_MODE=demo prorata manage ...` finds later.
        save_demo_environment(self.home, made)
        self.environment = {**given, **made, "PYTHONUNBUFFERED": "1"}

    def _run(self, *arguments: str, what: str) -> str:
        """Run one Python process to its end; what it printed."""
        done = subprocess.run(
            [sys.executable, *arguments], env=self.environment, capture_output=True, text=True
        )
        if done.returncode:
            log = self.home / "failed.log"
            log.write_text(done.stdout + done.stderr, encoding="utf-8")
            raise DemoMistake(f"{what}: {_reason(log).removeprefix('prorata: ')} (more in {log})")
        return done.stdout

    def _load_demo_data(self) -> dict[str, str]:
        """What to print: a word, and what to type or open."""
        if find_spec("prorata.config.demo_data") is None:
            return {}
        told = self._run("-m", "prorata.config.load_demo_data", what="The demo's customer could not be made")
        return dict(json.loads(told))

    def _sandboxes(self) -> list[Child]:
        gateway, hypervisor = self._address("GATEWAY"), self._address("HYPERVISOR")
        shared = ["--die-with-parent", "--store"]
        return [
            Child(
                "sandbox gateway",
                ["sandbox-gateway", "--port", str(gateway.port), "--webhook-url", self._portal_address() + WEBHOOK_PATH,
                 *shared, str(self.home / "gateway.sqlite3")],
                gateway.geturl(),
            ),
            Child(
                "sandbox hypervisor",
                ["sandbox-hypervisor", "--port", str(hypervisor.port), *shared, str(self.home / "hypervisor.sqlite3")],
                hypervisor.geturl(),
            ),
        ]  # fmt: skip

    def _portal(self) -> list[Child]:
        address = self._portal_address()
        return [
            Child("worker", ["worker"]),
            Child(
                "web server",
                ["serve", "--bind", address.removeprefix("http://")],
                address + "/accounts/login/",
            ),
        ]

    def _address(self, sandbox: str) -> SplitResult:
        return urlsplit(self.environment[f"PRORATA_SANDBOX_{sandbox}_URL"])

    def _portal_address(self) -> str:
        return self.environment["PRORATA_BASE_URL"]

    def _start_children(self, children: list[Child]) -> None:
        for child in children:
            child.log = self.home / f"{child.name.replace(' ', '-')}.log"
            child.log.unlink(missing_ok=True)
            self.children.append(child)
            self._start_child(child)
        for child in children:
            if child.answers_at:
                self._wait_until_it_answers(child)

    def _start_child(self, child: Child) -> None:
        parent = os.getpid()
        with child.log.open("ab") as log:
            child.process = subprocess.Popen(
                [sys.executable, "-m", "prorata.cli", *child.command],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C in the terminal is ours to handle, in our order
                preexec_fn=lambda: signal_at_parents_death(parent, signal.SIGTERM),
            )
        child.started, child.start_again_at = time.monotonic(), None

    def _wait_until_it_answers(self, child: Child) -> None:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with contextlib.suppress(httpx.HTTPError):
                if httpx.get(child.answers_at, timeout=10).status_code < 500:
                    return
            if child.process is not None and child.process.poll() is not None:
                break
            time.sleep(0.1)
        raise DemoMistake(f"The {child.name} does not answer: {_reason(child.log)} (more in {child.log})")

    def _greet(self, sign_ins: dict[str, str]) -> None:
        lines = {"Portal": f"{self._portal_address()}/", **sign_ins}
        width = max(map(len, lines)) + 2
        _say("")
        for word, what in lines.items():
            _say(f"  {word:<{width}}{what}")
        _say("\n  Ctrl-C stops it.\n")

    # --- watching, stopping ----------------------------------------------------------------------

    def _watch(self) -> None:
        while True:
            self._restart_the_dead()
            time.sleep(0.25)

    def _restart_the_dead(self) -> None:
        if (
            self.postgres is not None
            and self.postgres.process is not None
            and self.postgres.process.poll() is not None
        ):
            _say("The database ended; starting it again.")
            self.postgres.start_again()
        for child in self.children:
            if child.start_again_at is not None:
                if time.monotonic() >= child.start_again_at:
                    self._start_child(child)
            elif child.process is not None and child.process.poll() is not None:
                child.pause = 0.5 if time.monotonic() - child.started > HEALTHY_AFTER else child.pause * 2
                child.pause = min(child.pause, LONGEST_PAUSE)
                child.start_again_at = time.monotonic() + child.pause
                _say(
                    f"The {child.name} ended ({_ending(child.process)}); starting it again in {child.pause:.0f} s."
                )

    def _stop_all(self) -> None:
        for child in reversed(self.children):
            if child.process is not None and child.process.poll() is None:
                child.process.terminate()
                try:
                    child.process.wait(PATIENCE)
                except subprocess.TimeoutExpired:
                    child.process.kill()
                    child.process.wait()
        if self.postgres is not None:
            self.postgres.stop()


def _say(words: str) -> None:
    print(words, flush=True)


def _stop(number: int, frame: FrameType | None) -> None:
    raise _Stopped


def _reason(log: Path) -> str:
    """The line of a log that says what went wrong: an exception's own words, else the last line."""
    text = log.read_text(encoding="utf-8", errors="replace")
    lines = [
        line for line in text.rpartition("Traceback (most recent call last):")[2].splitlines() if line.strip()
    ]
    if "Traceback (most recent call last):" in text:
        lines = [line for line in lines if not line.startswith(" ")][:1]
    return lines[-1].strip() if lines else "it said nothing"


def _ending(process: subprocess.Popen[bytes]) -> str:
    code = process.returncode
    return f"killed by signal {-code}" if code < 0 else f"status {code}"


def _local(port: int) -> str:
    return f"http://127.0.0.1:{port}"


def _kept_port(address: str | None) -> int:
    """The port of an earlier start if it is free still, so that links into the sandboxes stay good."""
    port = int(address.rpartition(":")[2]) if address else 0
    return port if port and is_free(port) else free_port()


def _first_free_port(wanted: int) -> int:
    for port in range(wanted, min(wanted + 100, 65_536)):
        if is_free(port):
            return port
    raise DemoMistake(f"No port from {wanted} on is free. Give another with --port.")
