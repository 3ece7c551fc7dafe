"""The measurements of bench/ still run, on a PostgreSQL of their own, and leave nothing behind."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from prorata.config.environment import checkout
from prorata.pricing.rules import RULES
from support.migrated import migrated

KEPT = ("HOME", "LANG", "LC_ALL", "PATH", "TMPDIR", "PRORATA_PG_BIN", "PG_BIN")
Bench = Callable[[str], str]


@pytest.fixture
def bench() -> Bench:
    """Run one of them in its short form; what it printed."""

    cluster = {"BENCH_CLUSTER": str(found)} if (found := migrated()) else {}

    def run(name: str) -> str:
        process = subprocess.Popen(
            [sys.executable, "-m", f"bench.{name}", "--smoke"],
            cwd=checkout(),
            env=cluster | {kept: os.environ[kept] for kept in KEPT if kept in os.environ},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            said, complained = process.communicate(timeout=280)
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait(30)
        assert process.returncode == 0, said + complained
        assert not list((checkout() / ".prorata-test").glob(f"bench-{process.pid}-*"))
        return said

    return run


def line(said: str, begin: str) -> list[str]:
    """The words of the line that begins so."""
    return next(line for line in said.splitlines() if line.startswith(begin)).removeprefix(begin).split()


def test_estimate(bench: Bench) -> None:
    said = bench("estimate")
    assert "fsync=on synchronous_commit=on full_page_writes=on" in said
    *latencies, answers, errors = line(said, "estimate, 1 service")[:6]
    assert (answers, errors) == ("10", "0")
    assert [float(one) for one in latencies] == sorted(float(one) for one in latencies)
    assert line(said, "signed in, nothing done")[7:] == ["2"], "session and user, and nothing else"
    few, many = line(said, "estimate, 1 service")[7:], line(said, "estimate, 20 services")[7:]
    assert few == many, "as many statements with one service as with twenty"
    assert int(few[-1]) <= 10, "it is counted once, and what a product sells is not asked for again"


def test_settle(bench: Bench) -> None:
    said = bench("settle")
    assert "fsync=on synchronous_commit=on full_page_writes=on" in said
    left = " ".join(line(said, "one change leaves"))
    # From two purses for two resources: what an accountant would expect to find.
    for rows in (
        "changes_change 1", "changes_changeline 2", "invoices_invoice 1", "invoices_invoiceline 2",
        "ledger_transfer 1", "ledger_entry 4", "credit_logline 2", "procrastinate_jobs 1",
    ):  # fmt: skip
        assert rows in left
    assert float(line(said, "changes by null orders, 2 connections")[0]) > 0
    assert "books after 30 changes: right" in said


def test_simulate(bench: Bench) -> None:
    """It ends with an error where more services cost more statements."""
    said = bench("simulate")
    few, many = (line.split() for line in said.splitlines() if line.endswith(" s"))
    assert (few[:2], many[:2]) == (["11", "0"], ["71", "2"])
    assert few[2] == many[2]


def test_bulk(bench: Bench) -> None:
    """It compares every row of its sample with the scalar function itself, and ends with an error where one differs."""
    said = bench("bulk")
    for rule in RULES:
        processor, _s, _clock, _s, scalar, _s, ratio, left = line(said, f"{rule} ")
        assert 0 <= float(processor) < float(scalar)
        assert float(ratio) > 2
        assert left == "0", "no row of an ordinary provider needs the scalar function"
    assert line(said, "calendar-months, 3 lines")
    assert line(said, "calendar-months, a paid layer")


def test_verify(bench: Bench) -> None:
    said = bench("verify")
    assert "fsync=on synchronous_commit=on full_page_writes=on" in said
    # 40 changes of eight entries, 90 gifts of two, and the gift of the demo.
    assert line(said, "ledger entries") == ["502"]
    assert int(line(said, "sealed")[0].replace(",", "")) > 1_000
    assert line(said, "books:") == ["right"]


def test_webhooks(bench: Bench) -> None:
    said = bench("webhooks")
    assert "fsync=on synchronous_commit=on full_page_writes=on" in said
    *latencies, answers, errors, _cpu = line(said, "all ")
    assert (answers, errors) == ("60", "0")
    assert [float(one) for one in latencies] == sorted(float(one) for one in latencies)
    assert "messages sent 50, each twice; kept 50; jobs 50" in said


def test_hot_account(bench: Bench) -> None:
    said = bench("hot_account")
    assert "fsync=on synchronous_commit=on full_page_writes=on" in said
    assert float(line(said, "hot by spread")[0]) > 0
    assert line(said, "promised: at least 0.9:")[0] in ("kept", "NOT")
    assert "books after 96 transfers: right" in said
