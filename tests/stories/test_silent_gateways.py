"""A payment service that does not answer keeps nobody waiting but its own customers, and is not asked about everything."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

from prorata import clock
from prorata.payments import reconcile, sweep
from prorata.payments.gateways.base import GatewayUnreachable, Happening
from prorata.payments.models import PaymentAttempt
from prorata.payments.record_capture import Mismatch
from prorata.payments.registry import gateway
from prorata.payments.tasks import sweep as look_around
from support.world import World, clear_caches


def silence() -> None:
    raise GatewayUnreachable("no answer in 15 seconds")


def strange() -> None:
    raise Mismatch("not ours")


def broken() -> None:
    raise ValueError("a mistake of ours")


def swept(monkeypatch: pytest.MonkeyPatch, *acts: Callable[[], None]) -> int:
    """How many of these were tried in one sweep."""
    tried: list[int] = []

    def trying(n: int, act: Callable[[], None]) -> None:
        tried.append(n)
        act()

    def made(code: str) -> Iterator[sweep.Act]:
        yield from ((f"attempt {n}", partial(trying, n, act)) for n, act in enumerate(acts))

    monkeypatch.setattr(sweep, "_acts", made)
    sweep.sweep_gateway("sandbox")
    assert tried == list(range(len(tried)))
    return len(tried)


def test_after_three_silent_answers_the_others_wait_for_the_next_sweep(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """2026-11-27: a sweep asked each of two hundred for fifteen seconds, and those of every other service waited for it."""
    assert swept(monkeypatch, *[silence] * 10) == sweep.SILENT


@pytest.mark.parametrize("answer", [lambda: None, strange, broken])
def test_only_silence_in_a_row_ends_a_sweep(
    monkeypatch: pytest.MonkeyPatch, answer: Callable[[], None]
) -> None:
    assert swept(monkeypatch, silence, silence, answer, silence, silence, answer, answer, answer, answer) == 9


def jobs() -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT args->>'code', lock FROM procrastinate_jobs WHERE task_name = 'payments.sweep_gateway' ORDER BY 1"
        )
        return cursor.fetchall()


def test_each_gateway_has_a_job_of_its_own_and_only_where_there_is_work(
    world: World, settings: Settings
) -> None:
    change = world.change(world.web_01("2026-08-15T14:02+09:00"), memory=8)
    look_around(0)
    assert jobs() == []
    attempt = world.checkout(change)
    other = world.change(world.service(paid=34_188, name="web-02"), memory=8)
    assert other.invoice is not None
    settings.PRORATA_GATEWAYS = {**settings.PRORATA_GATEWAYS, "second": settings.PRORATA_GATEWAYS["sandbox"]}
    clear_caches()
    PaymentAttempt.objects.create(
        invoice=other.invoice, gateway="second", method="card", amount_minor=other.invoice.due_minor, currency="JPY",
        state="redirected", gateway_ref="pay_unknown", made_by="user:1", created_at=clock.now(),
    )  # fmt: skip
    for _ in range(3):
        look_around(0)
    assert jobs() == [("sandbox", "payments.sweep:sandbox"), ("second", "payments.sweep:second")]
    world.gateway.pay(attempt.gateway_ref, mode="never")
    world.work()
    assert world.reread(attempt).state == "succeeded"


def test_a_comparison_ends_where_the_gateway_falls_silent(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next one reaches back over it."""
    world.open("2026-06-01T08:00+09:00")
    listed = tuple(
        Happening(
            kind="capture", id=f"cap_{n}", ref=f"pay_{n}", capture_id=f"cap_{n}", amount_minor=1, currency="JPY",
            at=clock.machine_now(),
        )
        for n in range(9)
    )  # fmt: skip
    asked: list[str] = []

    def silent(code: str, ref: str) -> str:
        asked.append(ref)
        raise GatewayUnreachable("no answer")

    monkeypatch.setattr(gateway("sandbox"), "happened_since", lambda since: listed)
    monkeypatch.setattr(reconcile, "_look", silent)
    run = reconcile.reconcile("sandbox")
    assert run is not None
    assert (run.problem, run.differences) == ("The payment service could not be asked: no answer", [])
    assert len(asked) == sweep.SILENT
