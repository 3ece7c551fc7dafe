"""What a computer lacks for the tests' virtual machine is said in one line, and nothing is left out in silence."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from support import guest


@pytest.fixture
def everything(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """A computer that has all of it."""
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(guest.platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(guest, "_program", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(guest, "find_spec", lambda name: object())
    monkeypatch.setattr(guest, "SYSTEM", tmp_path)
    monkeypatch.setattr(guest, "as_nobody", lambda: ("unshare", "--"))
    monkeypatch.setattr(guest.pwd, "getpwuid", lambda uid: object())
    return monkeypatch


def test_each_thing_that_is_missing_is_named(everything: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert guest.missing() == ""

    def unknown(uid: int) -> None:
        raise KeyError(uid)

    lacks = (
        (sys, "platform", "darwin", "not for darwin"),
        (guest.platform, "machine", lambda: "aarch64", "not for linux on aarch64"),
        (guest, "_program", lambda name: None, "Install libvirtd"),
        (guest, "find_spec", lambda name: None, "Install libvirt-python"),
        (guest, "SYSTEM", tmp_path / "nothing", "no kernel"),
        (guest, "as_nobody", lambda: None, "Root can become nobody else"),
        (guest.pwd, "getpwuid", unknown, "users who have a name"),
    )
    for where, name, value, said in lacks:
        with everything.context() as one:
            one.setattr(where, name, value)
            assert said in guest.missing()
            assert "\n" not in guest.missing()


def test_a_test_that_is_left_out_says_why() -> None:
    script = """
import sys
from support import guest
guest.missing = lambda: "because the moon is full"
import pytest
sys.exit(pytest.main(["-q", "tests/config/test_guest.py"]))
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "2 skipped" in done.stdout, done.stdout + done.stderr
    assert "because the moon is full" in done.stdout
