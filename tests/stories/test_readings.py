"""What is measured, when, and who waits for it: rounds at hypervisors, silent machines, peaks, what never shrinks."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from prorata.catalog.models import ResourceType
from prorata.changes import states
from prorata.changes.estimate import estimate
from prorata.changes.refresh import refresh
from prorata.changes.refusals import Refused, way_out, words
from prorata.changes.situation import situation
from prorata.payments.checkout import start_checkout
from prorata.payments.look import look
from prorata.payments.models import PaymentAttempt
from prorata.provisioning import round, tasks
from prorata.provisioning.drivers.base import DriverUnreachable, Reading
from prorata.provisioning.drivers.sandbox import SandboxDriver
from prorata.provisioning.models import Silence
from prorata.services import readings
from prorata.services.models import Reading as Stored
from prorata.services.models import Service
from support.threads import PATIENCE
from support.world import WEB, World

GAP = "\u00a0"
LIVE = {"components": {code: {"grow": "live", "shrink": "live"} for code in WEB}}


class Slow:
    """A hypervisor that takes its time, and answers nothing that can be understood."""

    code = "slow"
    asked: list[str] = []
    may_answer = threading.Event()

    def read(self, external_id: str) -> Reading:
        self.asked.append(external_id)
        assert self.may_answer.wait(PATIENCE), "nobody let it answer"
        raise DriverUnreachable("no answer within the time")


@pytest.fixture
def web(world: World) -> Service:
    return world.web_01("2026-08-15T14:02+09:00", **LIVE)


@pytest.fixture
def slow(settings: Settings) -> type[Slow]:
    """Connected as "slow"."""
    settings.PRORATA_DRIVERS = {**settings.PRORATA_DRIVERS, "slow": f"{__name__}.Slow"}
    Slow.asked = []
    Slow.may_answer.set()
    return Slow


def moved_to_slow(world: World, count: int) -> list[Service]:
    """So many services whose machines are on the slow hypervisor."""
    found = [world.service(name=f"slow-{n}") for n in range(count)]
    Service.objects.filter(pk__in=[one.pk for one in found]).update(driver="slow")
    return [world.reread(one) for one in found]


def refused(world: World, service: Service, **wanted: int) -> tuple[str, str]:
    """What the estimate says to these values."""
    with pytest.raises(Refused) as caught:
        estimate(situation(world.reread(service)), wanted)
    (one,) = caught.value.refusals
    return words(one), way_out(one)


def waiting_rounds() -> list[tuple[str, str, str, int]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT args->>'driver', lock, queueing_lock, priority FROM procrastinate_jobs "
            "WHERE task_name = 'provisioning.measure' AND status = 'todo' ORDER BY 1"
        )
        return list(cursor.fetchall())


# --- rounds -----------------------------------------------------------------------------------------------------


def test_each_hypervisor_has_a_round_of_its_own(world: World, web: Service, slow: type[Slow]) -> None:
    """Two minutes in which no worker was free leave one round each, behind whatever else waits."""
    moved_to_slow(world, 2)
    tasks.measure_all(timestamp=0)
    tasks.measure_all(timestamp=60)
    assert waiting_rounds() == [
        ("sandbox", "readings:sandbox", "readings:sandbox", -10),
        ("slow", "readings:slow", "readings:slow", -10),
    ]


def test_a_slow_hypervisor_delays_no_other(
    world: World, web: Service, slow: type[Slow], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One says nothing until the other's machine has been read."""
    moved_to_slow(world, 1)
    slow.may_answer.clear()
    monkeypatch.setattr(tasks, "offset", lambda driver: 0)
    Stored.objects.all().delete()
    keep = readings.newest
    monkeypatch.setattr("prorata.services.peaks.newest", lambda pk: (slow.may_answer.set(), keep(pk))[1])
    ResourceType.objects.filter(code="memory").update(peak_days=7)

    tasks.measure_all(timestamp=0)
    world.work(at_once=2)

    assert len(slow.asked) == 1
    assert slow.may_answer.is_set(), "the other did not wait for the slow one"
    assert Stored.objects.get().service == web


def test_a_round_is_bounded_and_goes_on_where_it_stopped(
    world: World, web: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = world.service(name="web-02")
    world.clock.forward(timedelta(minutes=1))
    measured: list[str] = []
    monkeypatch.setattr(round, "measure", lambda service: measured.append(service.name))
    monkeypatch.setattr(round, "ROUND_SECONDS", -1)
    round.round_at("sandbox")
    assert measured == []
    monkeypatch.setattr(round, "ROUND_SECONDS", 40)
    world.measure(web)
    round.round_at("sandbox")
    assert measured == [other.name, web.name], "longest unread first"
    measured.clear()
    monkeypatch.setattr(round, "MOST", 1)
    round.round_at("sandbox")
    assert measured == [other.name], "no more are loaded than can be asked"


def test_machines_that_are_nobodys_are_not_asked(world: World, web: Service) -> None:
    Service.objects.filter(pk=web.pk).update(status=Service.Status.TERMINATED)
    assert round.hypervisors() == []
    assert list(round.due("sandbox", world.clock.now())) == []


# --- silence ----------------------------------------------------------------------------------------------------


def test_a_silent_machine_is_asked_less_and_less_often(world: World, slow: type[Slow]) -> None:
    """About 1, 2, 4, 8 and then 10 minutes, never longer: it is shorter than a reading is believed."""
    world.open("2026-08-15T14:02+09:00")
    (silent,) = moved_to_slow(world, 1)
    pauses = []
    for _ in range(6):
        round.round_at("slow")
        found = Silence.objects.get(service=silent)
        pauses.append(found.ask_again_at - world.clock.now())
        asked = len(slow.asked)
        round.round_at("slow")
        assert len(slow.asked) == asked, "not before its time"
        world.clock.move_to(found.ask_again_at)
    first = pauses[0]
    assert timedelta(seconds=45) <= first <= timedelta(seconds=75)
    assert [round_(pause / first) for pause in pauses] == [1, 2, 4, 8, 10, 10]
    assert pauses[-1] < readings.BELIEVED_FOR
    assert (found.tries, found.reason) == (6, "no answer within the time")
    assert found.since == datetime.fromisoformat("2026-08-15T14:02+09:00")


def round_(times: float) -> int:
    return int(times + 0.5)


def test_those_that_fell_silent_together_are_not_asked_together(world: World, slow: type[Slow]) -> None:
    world.open("2026-08-15T14:02+09:00")
    silent = moved_to_slow(world, 3)
    round.round_at("slow")
    assert len({Silence.objects.get(service=one).ask_again_at for one in silent}) == 3


def test_a_hypervisor_that_is_down_is_left_after_three_machines(world: World, slow: type[Slow]) -> None:
    world.open("2026-08-15T14:02+09:00")
    moved_to_slow(world, 5)
    round.round_at("slow")
    assert len(slow.asked) == 3
    world.clock.forward(timedelta(seconds=30))
    round.round_at("slow")
    assert len(set(slow.asked)) == 5, "first those that were not asked yet"


def test_a_silent_machine_keeps_its_last_reading_and_no_page_waits_for_it(
    world: World, web: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    last = readings.newest(web.pk)
    world.clock.forward(timedelta(minutes=20))
    world.hypervisor.kill()
    assert refresh(web) == last
    assert Silence.objects.get().tries == 1
    asked: list[int] = []
    monkeypatch.setattr("prorata.changes.refresh.measure", lambda service: asked.append(service.pk))
    assert refresh(web) == last
    assert asked == []
    refresh(web, insist=True)
    assert asked == [web.pk], "Refresh asks whenever somebody wants to know"


def test_continue_does_not_wait_for_a_silent_machine_either(
    world: World, web: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How a step would be done is asked of the machine, unless it is left alone: then the product's word stands."""
    world.hypervisor.kill()
    world.clock.forward(timedelta(minutes=1))
    refresh(web)
    asked: list[str] = []
    monkeypatch.setattr("prorata.changes.quote.driver", asked.append)
    assert [line["mode"] for line in world.quote(web, memory=8).figures["lines"]] == ["live"]
    assert asked == []


def test_an_answer_ends_the_silence(world: World, web: Service) -> None:
    world.hypervisor.fault(call="read", effect="before")
    world.clock.forward(timedelta(minutes=1))
    round.round_at("sandbox")
    assert Silence.objects.get().service == web
    world.clock.forward(timedelta(minutes=2))
    round.round_at("sandbox")
    assert not Silence.objects.exists()
    assert readings.is_fresh(readings.newest(web.pk), world.clock.now())


# --- unknown use ------------------------------------------------------------------------------------------------


def test_unknown_use_blocks_reductions_and_nothing_else(world: World, web: Service) -> None:
    """Nobody has heard of it for twenty minutes: memory up is sold, applied when it is back; CPU, which is not
    measured, goes down too; memory, disk, backups and snapshots do not."""
    world.clock.forward(timedelta(minutes=20))
    world.hypervisor.kill()
    for code, less in (("memory", 2), ("disk", 80), ("backups", 4), ("snapshots", 1)):
        said, out = refused(world, web, **{code: less})
        assert said.endswith("cannot be reduced now: how much is used is not known. Increases are possible.")
        assert out == "Refresh in a minute; if it stays so, ask support."
    assert estimate(situation(web), {"cpu": 1}).document.gross < 0
    change = world.change(web, memory=8)
    assert change.status == states.AWAITING_PAYMENT


def test_a_machine_that_cannot_tell_its_use_uses_something(world: World) -> None:
    """The hypervisor answers, without a word about memory: what is not known is not nothing."""
    web = world.web_01("2026-08-15T14:02+09:00", usage={"disk": "12"}, **LIVE)
    assert refused(world, web, memory=2)[0].startswith("Memory cannot be reduced now")
    assert world.quote(web, disk=80).gross_minor < 0
    assert world.quote(web, memory=8).gross_minor == 5_596


def test_room_on_the_host_is_what_it_was_last(world: World) -> None:
    """Page and submit reserve from the same figure, however old: what is offered is what is accepted."""
    web = world.web_01("2026-08-15T14:02+09:00", capacity={"memory": 10})
    world.measure(web)
    world.clock.forward(timedelta(minutes=20))
    world.hypervisor.kill()
    assert situation(web).limits["memory"].ceiling == 8, "4 of it and 6 free; 12 is the next value sold"
    assert refused(world, web, memory=12)[0] == f"Memory cannot go above 8{GAP}GB on this host."
    assert world.change(web, memory=8).status == states.AWAITING_PAYMENT


# --- what never shrinks -----------------------------------------------------------------------------------------


def test_what_the_machine_never_makes_smaller_says_so_before_anything_is_sold(world: World) -> None:
    """In the machine's own words, by estimate, quote and submit, however old the reading is."""
    web = world.web_01(
        "2026-08-15T14:02+09:00", components={**LIVE["components"], "disk": {"shrink": "live"}}
    )
    good = world.quote(web, disk=80)
    world.hypervisor.change_component(web.external_id, "disk", shrink="never")
    world.measure(web)
    assert readings.newest(web.pk).fixed == {"disk": "disk cannot be reduced on this machine"}  # type: ignore[union-attr]
    told = (
        f"NVMe SSD cannot go below 100{GAP}GB: disk cannot be reduced on this machine.",
        "Move to a smaller machine, or ask support.",
    )
    assert refused(world, web, disk=80) == told
    with world.refusing(told[0]):
        world.quote(web, disk=80)
    with world.refusing(told[0]):
        world.submit(good)
    limit = situation(web).limits["disk"]
    assert (limit.floor, limit.allowed[0]) == (100, 100)
    assert world.quote(web, disk=120).gross_minor > 0

    world.clock.forward(timedelta(minutes=20))
    world.hypervisor.kill()
    assert refused(world, web, disk=80) == told


def test_where_no_reduction_is_left_the_machines_reason_stays(world: World) -> None:
    """It will not be possible in the next term either."""
    web = world.web_01("2026-08-15T14:02+09:00", components={"disk": {"shrink": "never"}})
    world.cloud.reductions_a_term = 0
    world.cloud.save()
    world.measure(web)
    assert "cannot be reduced on this machine" in refused(world, web, disk=80)[0]
    assert "not reduced during a term" in refused(world, web, memory=2)[0]


# --- peaks ------------------------------------------------------------------------------------------------------


@pytest.fixture
def week(world: World, web: Service) -> Service:
    """Memory stays above what was used at most in seven days."""
    ResourceType.objects.filter(code="memory").update(peak_days=7)
    return web


def use(world: World, service: Service, at: str, memory: str) -> None:
    world.at(at)
    world.hypervisor.change_machine(service.external_id, usage={"memory": memory})
    world.measure(service)


def test_one_quiet_minute_does_not_lower_the_floor(world: World, week: Service) -> None:
    """2.9 GB on Monday, 0.9 on Friday: 3 GB is the lowest until a week after Monday has passed."""
    use(world, week, "2026-08-17T10:00+09:00", "2.9")
    use(world, week, "2026-08-21T10:00+09:00", "0.9")
    limit = situation(week).limits["memory"]
    assert (limit.used, limit.peak, limit.floor) == (Decimal("0.9"), Decimal("2.9"), 3)
    assert refused(world, week, memory=2) == (
        f"Memory cannot go below 3{GAP}GB: 2.9{GAP}GB was used within the last 7 days.",
        "Use less for 7 days, and less can be chosen.",
    )
    use(world, week, "2026-08-24T10:00+09:00", "0.8")
    assert situation(week).limits["memory"].floor == 3, "a week ago to the second still counts"
    use(world, week, "2026-08-24T10:01+09:00", "0.8")
    limit = situation(week).limits["memory"]
    assert (limit.peak, limit.floor) == (Decimal("0.9"), 1), "the next highest of the window"
    assert world.quote(week, memory=1).gross_minor < 0


def test_without_a_window_the_newest_reading_counts(world: World, web: Service) -> None:
    ResourceType.objects.filter(code="memory").update(peak_days=0)
    use(world, web, "2026-08-17T10:00+09:00", "2.9")
    use(world, web, "2026-08-21T10:00+09:00", "0.9")
    limit = situation(web).limits["memory"]
    assert (limit.peak, limit.floor) == (None, 1)


def test_a_window_that_is_set_later_counts_what_was_measured_before(world: World, web: Service) -> None:
    use(world, web, "2026-08-17T10:00+09:00", "2.9")
    use(world, web, "2026-08-18T10:00+09:00", "0.9")
    ResourceType.objects.filter(code="memory").update(peak_days=7)
    use(world, web, "2026-08-18T10:01+09:00", "0.9")
    assert situation(web).limits["memory"].floor == 3
    ResourceType.objects.filter(code="memory").update(peak_days=1)
    use(world, web, "2026-08-18T10:02+09:00", "0.9")
    assert situation(web).limits["memory"].floor == 1
    assert refused_now(world, web) == 0


def refused_now(world: World, service: Service) -> int:
    """How many sold values of memory below the present one are refused."""
    limit = situation(service).limits["memory"]
    return sum(int(n) < 4 and n not in limit.allowed for n in limit.stops)


def test_the_estimate_does_not_look_through_the_week(world: World, week: Service) -> None:
    """The peak stands in the reading: as many statements as without one."""
    use(world, week, "2026-08-17T10:00+09:00", "2.9")
    estimate(situation(week), {"memory": 8})  # what a process keeps is kept now
    with CaptureQueriesContext(connection) as with_window:
        estimate(situation(week), {"memory": 8})
    ResourceType.objects.filter(code="memory").update(peak_days=0)
    with CaptureQueriesContext(connection) as without:
        estimate(situation(week), {"memory": 8})
    assert len(with_window) == len(without)


# --- before applying --------------------------------------------------------------------------------------------


def test_what_a_step_stood_on_is_kept(world: World, web: Service) -> None:
    """The job reads the machine before it acts, and that reading stays."""
    before = Stored.objects.count()
    world.change(web, backups=4)
    quoted = Stored.objects.count() - before
    world.hypervisor.add_object(web.external_id, "backups", "nightly")
    world.work()
    rows = list(Stored.objects.order_by("id"))[before + quoted :]
    assert [row.configuration["backups"] for row in rows] == [7, 4], "before the step, and at the end"
    assert [len(row.objects_stored) for row in rows] == [1, 1]


def test_forgetting_old_readings_loads_none_of_them(world: World, web: Service) -> None:
    """A month later a day's readings are more than a worker could hold: PostgreSQL deletes them in one statement. What a
    quote stands on stays, and the newest of a machine that was not read since."""
    quoted = world.quote(web, memory=8).reading
    other = world.service(name="web-02")
    for _ in range(3):
        world.clock.forward(timedelta(minutes=1))
        world.measure(web)
    world.clock.forward(timedelta(days=31))
    world.measure(web)
    with CaptureQueriesContext(connection) as asked:
        tasks.forget_old_readings(timestamp=0)
    assert [query["sql"].split()[0] for query in asked.captured_queries] == ["DELETE"]
    assert list(Stored.objects.order_by("id")) == [
        quoted, readings.newest(other.pk), readings.newest(web.pk)
    ]  # fmt: skip


def test_room_that_was_taken_while_a_machine_was_asked_is_not_offered_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hypervisor answers late: 4 GB free. Meanwhile another machine of the host grew by them, and its change ended."""
    web = world.web_01("2026-08-15T14:02+09:00", capacity={"memory": 12})
    other, owner = world.new_customer("Mori", "mori@example.com")
    theirs = world.service(name="db-09", customer=other)
    world.measure(web)
    change = world.change(theirs, by=owner, memory=8)
    start_checkout(owner, change.invoice, "card")
    world.clock.forward(timedelta(seconds=10))
    read = SandboxDriver.read

    def late(self: SandboxDriver, external_id: str) -> Reading:
        seen = read(self, external_id)
        monkeypatch.setattr(SandboxDriver, "read", read)
        attempt = PaymentAttempt.objects.get(invoice=change.invoice)
        world.gateway.pay(attempt.gateway_ref, "4242 4242 4242 4242", mode="never")
        look(attempt.pk)
        world.clock.forward(timedelta(seconds=2))
        world.work()
        world.clock.forward(timedelta(seconds=2))
        return seen

    monkeypatch.setattr(SandboxDriver, "read", late)
    world.measure(web)

    assert world.reread(change).status == states.APPLIED
    assert readings.newest(web.pk).headroom["memory"] == 4
    assert situation(web).limits["memory"].ceiling == 4
    world.measure(web)
    assert readings.newest(web.pk).headroom["memory"] == 0
