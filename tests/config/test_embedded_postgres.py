"""Our own PostgreSQL: its roles, its durability switch, and that it neither outlives its parent nor stays dead."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from prorata.config.embedded_postgres import APPLICATION, OWNER, SUPERUSER, EmbeddedPostgres, PostgresError

Maker = Callable[..., EmbeddedPostgres]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Maker]:
    made: list[EmbeddedPostgres] = []

    def cluster(name: str = "a place with spaces と日本語", *, throwaway: bool = True) -> EmbeddedPostgres:
        made.append(EmbeddedPostgres(tmp_path / name, throwaway=throwaway))
        return made[-1]

    yield cluster
    for one in made:
        one.stop()
        one.remove()


def ask(address: str, question: str) -> object:
    with psycopg.connect(address, autocommit=True) as connection:
        row = connection.execute(question).fetchone()
    return row[0] if row else None


def test_starts_stops_and_starts_again_with_what_was_written(make: Maker) -> None:
    cluster = make()
    cluster.start()
    address = cluster.url(OWNER)
    with psycopg.connect(address) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS seven")
    cluster.stop()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(address, connect_timeout=2)
    cluster.start()
    assert cluster.url(OWNER) == address
    assert ask(address, "SELECT seven FROM kept") == 7


def test_a_demo_keeps_fsync_and_only_tests_do_without(make: Maker) -> None:
    durable, throwaway = make("durable", throwaway=False), make("throwaway")
    durable.start()
    throwaway.start()
    assert ask(durable.url(SUPERUSER), "SHOW fsync") == "on"
    assert ask(durable.url(SUPERUSER), "SHOW synchronous_commit") == "on"
    assert ask(throwaway.url(SUPERUSER), "SHOW fsync") == "off"
    may_create = "SELECT rolcreatedb FROM pg_roles WHERE rolname = 'prorata_owner'"
    assert ask(durable.url(SUPERUSER), may_create) is False
    assert ask(throwaway.url(SUPERUSER), may_create) is True


def test_the_application_needs_its_password_and_makes_no_tables(make: Maker) -> None:
    cluster = make()
    cluster.start()
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(cluster.url(APPLICATION).replace("prorata_app:", "prorata_app:x"))
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        ask(cluster.url(APPLICATION), "CREATE TABLE mine (id int)")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        ask(cluster.url(APPLICATION), "CREATE DATABASE mine")


def test_two_on_the_same_files_are_refused(make: Maker) -> None:
    first, second = make("same"), make("same")
    first.start()
    with pytest.raises(PostgresError, match=r"is in use by another Prorata\. Stop that one"):
        second.start()
    assert ask(first.url(OWNER), "SELECT 1") == 1


def test_a_taken_port_is_left_for_a_free_one(make: Maker) -> None:
    cluster = make()
    cluster.start()
    port = int(cluster.url(OWNER).rpartition(":")[2].split("/")[0])
    cluster.stop()
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", port))
        other.listen()
        cluster.start()
        assert f":{port}/" not in cluster.url(OWNER)
        assert ask(cluster.url(OWNER), "SELECT 1") == 1


def test_a_killed_server_starts_again_at_its_address(make: Maker) -> None:
    cluster = make()
    cluster.start()
    address = cluster.url(OWNER)
    assert cluster.process is not None
    os.kill(cluster.process.pid, signal.SIGKILL)
    cluster.process.wait()
    cluster.start_again()
    assert cluster.url(OWNER) == address
    assert ask(address, "SELECT 1") == 1


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux ends children with their parent")
def test_ends_by_itself_when_its_parent_is_killed_and_serves_the_next(make: Maker, tmp_path: Path) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent("""
            import sys, time
            from pathlib import Path
            from prorata.config.embedded_postgres import OWNER, EmbeddedPostgres
            cluster = EmbeddedPostgres(Path(sys.argv[1]), throwaway=True)
            cluster.start()
            print(cluster.process.pid, cluster.url(OWNER), flush=True)
            time.sleep(60)
        """), str(tmp_path / "orphaned")],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert parent.stdout is not None
    server, address = parent.stdout.readline().split()
    assert ask(address, "SELECT 1") == 1
    parent.kill()
    parent.wait()
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and is_running(int(server)):
        time.sleep(0.05)
    assert not is_running(int(server))
    cluster = make("orphaned")
    cluster.start()
    assert ask(cluster.url(OWNER), "SELECT 1") == 1


def is_running(pid: int) -> bool:
    with contextlib.suppress(FileNotFoundError):
        # A process that ended but was not reaped yet runs no more.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes somebody else")
def test_root_without_namespaces_runs_it_as_nobody(
    make: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    denied = tmp_path / "bin"
    denied.mkdir()
    (denied / "unshare").write_text("#!/bin/sh\nexit 1\n")
    (denied / "unshare").chmod(0o755)
    monkeypatch.setenv("PATH", f"{denied}:{os.environ['PATH']}")
    (tmp_path / "closed").mkdir(mode=0o700)
    cluster = make("closed/home")
    cluster.start()
    assert ask(cluster.url(OWNER), "SELECT 1") == 1
    assert cluster.process is not None
    assert Path(f"/proc/{cluster.process.pid}").stat().st_uid == 65534
    assert (tmp_path / "closed").stat().st_mode & 0o777 == 0o700


def test_missing_programs_are_told_in_one_line(make: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRORATA_PG_BIN", "/nowhere")
    with pytest.raises(
        PostgresError, match=r"^PRORATA_PG_BIN is '/nowhere', but there is no initdb\. Set it to .*$"
    ):
        make().start()
