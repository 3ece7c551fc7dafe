"""The tests' HTML checker finds what is wrong, says where, and its absence is said."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from support import html_checker
from support.html_checker import CheckerServer, mistakes, whole
from support.sandboxes import wait_until

GOOD = whole("<h1>Invoices</h1>\n<p>Two of them are open.</p>")


@pytest.mark.html_checker
def test_every_mistake_is_told_with_its_page_and_line() -> None:
    two_ids = whole("<h1>Invoices</h1>\n<p id=open>Two</p>\n<p id=open>Three</p>")
    said = mistakes({"good": GOOD, "twice": two_ids, "empty": whole("<section><p>No heading</p></section>")})
    assert [one.partition(" [")[0] for one in said] == [
        "twice, line 3: error: Duplicate ID “open”.",
        "twice, line 2: warning: The first occurrence of ID “open” was here.",
        # And how it is better, in many words.
        said[-1].partition(" [")[0],
    ]
    assert said[-1].startswith("empty, line 1: warning: Section lacks heading.")


@pytest.mark.html_checker
def test_a_checker_that_does_not_answer_is_no_good_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html_checker, "JAR", Path("/nowhere/vnu.jar"))
    with pytest.raises(AssertionError, match="ended at once"):
        CheckerServer()


@pytest.mark.html_checker
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent has ended")
def test_it_ends_with_a_test_that_is_killed() -> None:
    script = """
import sys
from support import html_checker
html_checker.wait_until = lambda *_, **__: None  # nothing is asked of it
print(html_checker.CheckerServer().process.pid, flush=True)
sys.stdin.read()
"""
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin
    assert process.stdout
    reaper = process.stdout.readline().strip()
    java = wait_until(Path(f"/proc/{reaper}/task/{reaper}/children").read_text, "Java").split()
    process.send_signal(signal.SIGKILL)
    process.communicate()
    for pid in (reaper, *java):
        wait_until(lambda pid=pid: not Path(f"/proc/{pid}").exists(), "its end")


def test_what_is_missing_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def missing() -> str:
        html_checker.missing.cache_clear()
        return html_checker.missing()

    monkeypatch.setattr(html_checker, "JAR", tmp_path)
    monkeypatch.setattr(html_checker, "java_version", lambda: 17)
    assert missing() == ""
    monkeypatch.setattr(html_checker, "JAR", tmp_path / "nothing")
    assert "Install npm" in missing()
    for version in (0, 11):
        monkeypatch.setattr(html_checker, "java_version", lambda version=version: version)
        assert "Install Java 17 or newer" in missing()
    html_checker.missing.cache_clear()


@pytest.mark.parametrize(
    ("says", "version"),
    [
        ("    java.specification.version = 1.8", 1),
        ("    java.specification.version = 21", 21),
        ("Unable to locate a Java Runtime.", 0),
    ],
)
def test_javas_version_is_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, says: str, version: int
) -> None:
    java = tmp_path / "java"
    java.write_text(f"#!/bin/sh\necho '{says}' >&2\n")
    java.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert html_checker.java_version() == version
    java.unlink()
    assert html_checker.java_version() == 0
