"""The demo as a newcomer starts it: it comes up, mends itself, ends whole, and leaves nothing behind."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from support.ports import own_port

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")


class RunningDemo:
    """`prorata demo` in a terminal of its own."""

    def __init__(self, home: Path, *arguments: str, **environment: str) -> None:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "prorata.cli", "demo", *arguments],
            env={**kept, "PRORATA_HOME": str(home), **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.said: list[str] = []
        self._lines: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)
        self._lines.put(None)

    def wait_for(self, words: str, within: float = 180) -> str:
        """The first new line that holds `words`."""
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            with contextlib.suppress(queue.Empty):
                line = self._lines.get(timeout=0.2)
                if line is None:
                    break
                self.said.append(line)
                if words in line:
                    return line
        raise AssertionError(f"{words!r} was not said:\n{''.join(self.said)}")

    def children(self) -> dict[int, str]:
        """Command lines of what it started, by process id; what they started themselves included."""
        found: dict[int, str] = {}
        parents = {self.process.pid}
        while parents:
            parents = {pid for parent in parents for pid in children_of(parent)} - found.keys()
            found |= {pid: command_line(pid) for pid in parents}
        return found

    def child(self, words: str) -> int:
        """The one direct child with `words` in its command line."""
        (pid,) = [pid for pid in children_of(self.process.pid) if words in command_line(pid)]
        return pid

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(60)


def children_of(parent: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdecimal():
                state, its_parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
                if int(its_parent) == parent and state != "Z":
                    found.append(int(entry.name))
    return found


def command_line(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    return ""


def until(happened: Callable[[], bool], within: float = 30) -> bool:
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if happened():
            return True
        time.sleep(0.1)
    return happened()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., RunningDemo]]:
    running: list[RunningDemo] = []

    def demo(*arguments: str, **environment: str) -> RunningDemo:
        running.append(RunningDemo(tmp_path / "a home", *arguments, **environment))
        return running[-1]

    yield demo
    for one in running:
        one.end()


def test_comes_up_mends_itself_and_ends_whole(start: Callable[..., RunningDemo]) -> None:
    port = own_port()
    demo = start("--port", str(port))
    address = f"http://127.0.0.1:{port}"
    assert f"{address}/" in demo.wait_for("Portal")
    demo.wait_for("Ctrl-C stops it")
    assert httpx.get(f"{address}/accounts/login/").status_code == 200

    second = start("--port", str(port))
    assert f"A demo is running already, at {address}." in second.wait_for("./demo:")
    assert second.process.wait(20) == 2

    for words in ("cli worker", "gunicorn", "sandbox-gateway", "sandbox-hypervisor"):
        before = demo.child(words)
        os.kill(before, signal.SIGKILL)
        demo.wait_for("starting it again")
        assert until(lambda words=words: any(words in line for line in demo.children().values())), words
        assert demo.child(words) != before

    database = demo.child("postgres -D")
    os.kill(database, signal.SIGKILL)
    demo.wait_for("The database ended; starting it again.")
    assert until(lambda: demo.children() != {} and answers(f"{address}/accounts/login/"))

    children = demo.children()
    assert len(children) >= 7  # postgres and its own, two sandboxes, the worker, gunicorn and its two
    demo.end()
    assert demo.process.returncode == 0
    assert until(lambda: not still_running(children))


def test_nothing_outlives_a_demo_that_was_killed_and_the_next_one_starts(
    start: Callable[..., RunningDemo], tmp_path: Path
) -> None:
    port = own_port()
    demo = start("--port", str(port))
    demo.wait_for("Ctrl-C stops it")
    children = demo.children()
    demo.process.kill()
    demo.process.wait()
    # A job that waits for a connection to the database that is gone gives up after 30 seconds, and the worker with it.
    assert until(lambda: not still_running(children), within=75)

    marker = tmp_path / "a home" / "postgres" / "data" / "PG_VERSION"
    made = marker.stat().st_mtime_ns
    again = start("--port", str(port))
    again.wait_for("Ctrl-C stops it")
    assert marker.stat().st_mtime_ns == made
    again.end()

    anew = start("--port", str(port), "--reset")
    anew.wait_for(f"Forgetting everything in {tmp_path / 'a home'}.")
    anew.wait_for("Ctrl-C stops it")
    assert marker.stat().st_mtime_ns != made


def test_a_taken_port_is_left_for_the_next_free_one(start: Callable[..., RunningDemo]) -> None:
    import socket

    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        line = start("--port", str(taken)).wait_for("Portal")
    assert int(line.rstrip().rstrip("/").rpartition(":")[2]) in range(taken + 1, taken + 100)


@pytest.mark.parametrize(
    ("arguments", "environment", "told"),
    [
        (["--port", "eighty"], {}, "'eighty' is no port. Give a number from 1 to 65535."),
        ([], {"PRORATA_MODE": "production"}, "PRORATA_MODE is set to something else. Unset it:"),
        ([], {"DATABASE_URL": "mysql://x"}, "DATABASE_URL is not a PostgreSQL address."),
        (
            [],
            {"DATABASE_URL": "postgresql://u:p@127.0.0.1:1/d"},
            "The database at 127.0.0.1:1/d does not answer. Start it, or unset DATABASE_URL to use the embedded one.",
        ),
        (
            ["--reset"],
            {"DATABASE_URL": "postgresql://u:p@127.0.0.1:1/d"},
            "--reset forgets only the embedded database.",
        ),
    ],
)
def test_what_stands_in_the_way_is_told_in_one_line(
    start: Callable[..., RunningDemo], arguments: list[str], environment: dict[str, str], told: str
) -> None:
    demo = start(*arguments, **environment)
    demo.wait_for(told)
    assert demo.process.wait(20) == 2
    assert "Traceback" not in "".join(demo.said)


def answers(address: str) -> bool:
    with contextlib.suppress(httpx.HTTPError):
        return httpx.get(address, timeout=5).status_code == 200
    return False


def still_running(processes: dict[int, str]) -> list[str]:
    """Those of `processes` that are there still; a number may have been given to another meanwhile."""
    return [line for pid, line in processes.items() if line and command_line(pid) == line]
