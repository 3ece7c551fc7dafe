"""The process and the adapter: what they want to begin, and how they end."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from prorata.payments.gateways.sandbox import SandboxGateway
from prorata.sandbox.gateway.payments import of_attempt
from prorata.sandbox.gateway.schema import ADDED, SCHEMA
from prorata.sandbox.store import Store
from support.sandboxes import (
    GatewayProcess,
    wait_until,
)


def test_a_store_made_before_a_column_gets_it(tmp_path: Path) -> None:
    old = sqlite3.connect(tmp_path / "old.sqlite3")
    old.executescript(SCHEMA)
    old.execute(
        "INSERT INTO payment (ref, attempt_id, request, amount_minor, currency, description, return_url, cancel_url,"
        " customer_ref, created_at) VALUES ('pay_1', 'a1', '{}', 5, 'JPY', '', '', '', '', 0)"
    )
    old.commit()
    old.close()
    for _ in range(2):
        with Store(tmp_path / "old.sqlite3", SCHEMA, ADDED).read() as db:
            row = db.execute("SELECT * FROM payment").fetchone()
            assert (row["amount_minor"], row["reference"], row["meta"]) == (5, "", "{}")
            assert of_attempt(db, "a1")[0]["ref"] == "pay_1"


@pytest.mark.parametrize("mode", [None, "", "production", "Test"])
def test_the_adapter_does_not_exist_in_production(monkeypatch: pytest.MonkeyPatch, mode: str | None) -> None:
    monkeypatch.delenv("PRORATA_MODE", raising=False)
    with pytest.raises(ValueError, match="PRORATA_MODE=demo"):
        SandboxGateway("http://127.0.0.1:1", ["secret"], "payee", mode=mode)


@pytest.mark.parametrize("secrets", [[], [""], ["good", " "], "a-plain-text"])
def test_the_adapter_wants_secrets(secrets: Any) -> None:
    with pytest.raises(ValueError, match="secrets"):
        SandboxGateway("http://127.0.0.1:1", secrets, "payee", mode="test")


@pytest.mark.parametrize(
    ("environment", "arguments", "line"),
    [
        ({"PRORATA_MODE": "production"}, ["--secret", "x"], "PRORATA_MODE=demo or PRORATA_MODE=test"),
        ({}, ["--secret", "x"], "PRORATA_MODE=demo or PRORATA_MODE=test"),
        ({"PRORATA_MODE": "test"}, [], "--secret"),
        ({"PRORATA_MODE": "test"}, ["--secret", "x", "--secret", ""], "--secret"),
        ({"PRORATA_MODE": "test", "PRORATA_SANDBOX_GATEWAY_SECRETS": "a,,b"}, [], "--secret"),
        ({"PRORATA_MODE": "test"}, ["--secret", "x", "--port", "99999"], "not a port"),
        ({"PRORATA_MODE": "test"}, ["--secret", "x", "--webhook-url", "shop"], "http://"),
        ({"PRORATA_MODE": "test"}, ["--secret", "x", "--store", "/dev/null/store"], "--store"),
    ],
)
def test_a_wrong_start_is_one_clear_line(
    tmp_path: Path, environment: dict[str, str], arguments: list[str], line: str
) -> None:
    command = [sys.executable, "-m", "prorata.sandbox.gateway", "--store", str(tmp_path / "s"), *arguments]
    bare = {name: text for name, text in os.environ.items() if not name.startswith("PRORATA_")}
    run = subprocess.run(command, env={**bare, **environment}, capture_output=True, text=True, timeout=30)
    assert run.returncode == 2
    assert line in run.stderr.splitlines()[-1]
    assert "Traceback" not in run.stderr


def test_a_taken_port_is_one_clear_line(process: GatewayProcess, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "prorata.sandbox.gateway", "--port", str(process.port), "--secret", "x"]
    run = subprocess.run(
        [*command, "--store", str(tmp_path / "s")],
        env={**os.environ, "PRORATA_MODE": "test"},
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert run.returncode == 2
    assert "name another with --port" in run.stderr


@pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="only Linux tells a child of its parent's end"
)
def test_the_process_ends_with_its_parent(tmp_path: Path) -> None:
    starter = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-m', 'prorata.sandbox.gateway', '--die-with-parent',"
        " '--secret', 'x', '--store', sys.argv[1]], stdout=subprocess.PIPE, text=True)\n"
        "print(child.pid, child.stdout.readline().strip(), flush=True)\n"
        "time.sleep(60)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", starter, str(tmp_path / "s")],
        env={**os.environ, "PRORATA_MODE": "test"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout
    pid, _, address = parent.stdout.readline().strip().partition(" ")
    url = address.rpartition(" ")[2]
    assert httpx.get(url, trust_env=False).status_code == 200
    parent.kill()
    parent.wait()
    parent.stdout.close()
    wait_until(lambda: not answers(url), f"process {pid} to end")


def answers(url: str) -> bool:
    """Whether anybody listens there."""
    try:
        httpx.get(url, trust_env=False, timeout=1)
    except httpx.HTTPError:
        return False
    return True
