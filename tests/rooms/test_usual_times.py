"""How long a step usually takes is told from what such steps really took, while somebody waits for one."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from prorata.provisioning.models import Job, JobStep
from prorata.provisioning.usual import LEAST, Usual, forget, usual
from prorata.services.models import Service
from support.portal import person, text
from support.world import World


@pytest.fixture
def web(world: World) -> Service:
    world.breaking("jobs-belong")  # the jobs of the past have no changes
    return world.web_01("2026-08-15T14:02+09:00")


def took(
    web: Service, *seconds: float, component: str = "memory", kind: str = "grow", state: str = "done"
) -> None:
    """Ended jobs of the past, one step each."""
    begin = web.term_starts_at
    for took in seconds:
        end = begin + timedelta(seconds=took)
        job = Job.objects.create(
            service=web, origin=f"change:C-{Job.objects.count()}", state="ended", may_restart=True, deadline=end,
            created_at=begin, ended_at=end,
        )  # fmt: skip
        JobStep.objects.create(
            job=job, position=1, kind=kind, component=component, from_value=4, to_value=8, state=state,
            started_at=begin, ended_at=end,
        )  # fmt: skip


def test_half_and_nine_of_ten(web: Service) -> None:
    took(web, 40, 41, 42, 43, 44, 45, 46, 47, 70, 900)
    assert usual(web) == {("memory", True): Usual(median=44, most=70)}


def test_a_few_say_nothing_and_failures_never(web: Service) -> None:
    took(web, *[40] * (LEAST - 1))
    took(web, *[1] * 20, state="failed")
    assert usual(web) == {}
    took(web, 40)
    forget()
    assert usual(web) == {("memory", True): Usual(40, 40)}


def test_it_is_asked_for_once_in_a_while(web: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many pages of progress ask; each product and each driver by itself."""
    minutes = iter(range(0, 3600, 60))
    monkeypatch.setattr("prorata.provisioning.usual.time", SimpleNamespace(monotonic=lambda: next(minutes)))
    other = Service(product_id=web.product_id, driver="another")
    took(web, *[40] * LEAST)
    with CaptureQueriesContext(connection) as asked:
        assert [usual(web) for _ in range(4)] == [{("memory", True): Usual(40, 40)}] * 4
    assert len(asked) == 1
    assert usual(other) == {}
    with CaptureQueriesContext(connection) as asked:
        usual(web)
    assert len(asked) == 1, "five minutes are over"


def test_shrinking_is_another_matter(web: Service) -> None:
    took(web, *[10] * LEAST)
    took(web, *[200] * LEAST, kind="reduce")
    assert usual(web) == {("memory", True): Usual(10, 10), ("memory", False): Usual(200, 200)}


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        ([40] * 8 + [70] * 2, "usually 40 to 70 s"),
        ([40] * 10, "usually 40 s"),
        ([200] * 8 + [400] * 2, "usually 3 to 7 min"),
        ([178] * 10, "usually 3 min"),
        ([0.4] * 10, ""),
    ],
)
def test_the_customer_who_waits_reads_it(world: World, web: Service, seconds: list[float], said: str) -> None:
    took(web, *seconds)
    world.hypervisor.busy(web.external_id, "backup")
    change = world.change(web, memory=8)
    world.pay(change)
    world.work()
    aiko = person(world.owner)
    page = text(aiko.get(f"/changes/{change.reference}"))
    assert said in page
    assert ("usually" in page) == bool(said)
    world.hypervisor.not_busy(web.external_id)
    world.wait(minutes=5)
    assert "usually" not in text(aiko.get(f"/changes/{change.reference}")), "it is over"
