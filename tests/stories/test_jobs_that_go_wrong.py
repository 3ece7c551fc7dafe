"""Runs that break, die or wake up too late; drivers that say what is not so; hypervisors that are away for hours."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from prorata.changes import apply, states
from prorata.changes.models import Change
from prorata.changes.staff_actions import needs_somebody, retry, take_over
from prorata.changes.words import reason_words
from prorata.provisioning import lease as leases
from prorata.provisioning import run as runner
from prorata.provisioning import step as steps
from prorata.provisioning import tasks as machine_tasks
from prorata.provisioning.drivers.base import Reading, StaleFence, Step, StepRefused
from prorata.provisioning.drivers.sandbox import SandboxDriver
from prorata.provisioning.models import Job, JobEvent, JobStep
from prorata.provisioning.registry import driver
from prorata.services.models import Service
from support.world import World

PAID = {"gateway/sandbox/clearing": 5_596, "revenue/deferred": -5_088, "tax/0.1": -508}


@pytest.fixture
def web(world: World) -> Service:
    return world.web_01("2026-08-15T14:02+09:00")


def paid(world: World, web: Service) -> Change:
    """Memory 4 to 8 for 5,596, paid by card; the machine has not heard of it yet."""
    change = world.change(web, memory=8)
    world.pay(change)
    return change


def job_of(change: Change) -> Job:
    return Job.objects.get(origin=change.origin)


def journal(change: Change) -> list[tuple[str, str]]:
    return list(JobEvent.objects.filter(job__origin=change.origin).values_list("what", "detail"))


# --- the journal ----------------------------------------------------------------------------------------------


def test_every_step_is_written_down_before_and_after(world: World, web: Service) -> None:
    """Backups down and memory up: what was meant, what was said, and what was read back, each with the run's fence."""
    world.hypervisor.change_component(web.external_id, "backups", shrink="live")
    change = world.change(web, backups=4, memory=8)
    world.pay(change)
    world.work()
    assert journal(change) == [
        ("intended", "backups to 4, try 1"), ("answered", "done"), ("recorded", "done"),
        ("intended", "memory to 8, try 1"), ("answered", "done"), ("recorded", "done"),
        ("ended", ""),
    ]  # fmt: skip
    assert set(JobEvent.objects.values_list("fence", flat=True)) == {1}


def test_what_went_wrong_stays_in_the_journal(world: World, web: Service) -> None:
    """A lost answer, a lie and a host without room, one after another; then it is done. Nothing overwrites anything."""
    world.hypervisor.fault(call="apply", effect="before")
    change = paid(world, web)
    world.work()
    world.hypervisor.fault(call="apply", kind="lie")
    world.wait(minutes=1)
    world.hypervisor.fill_host("tokyo-1")
    world.wait(minutes=1)
    world.hypervisor.fill_host("tokyo-1", full=False)
    world.wait(minutes=1)
    assert [what for what, _ in journal(change)] == [
        "intended", "answered", "waits", "intended", "answered", "waits", "intended", "answered", "waits",
        "intended", "answered", "recorded", "ended",
    ]  # fmt: skip
    said = [detail for what, detail in journal(change) if what in ("answered", "waits")]
    assert [text.partition(":")[0] for text in said] == [
        "no answer", "unreachable", "done", "not_reached", "not now", "host_full", "done",
    ]  # fmt: skip
    assert list(JobEvent.objects.values_list("fence", flat=True)) == [1] * 3 + [2] * 3 + [3] * 3 + [4] * 4


# --- runs that follow each other ------------------------------------------------------------------------------


def test_one_run_at_a_time_works_on_a_job(world: World, web: Service, settings: Settings) -> None:
    """While a run holds the lease no other takes it; when it has said nothing for too long, the next one has a higher
    fence, and the first may not write any more."""
    change = paid(world, web)
    apply.on_paid(change.invoice.pk)
    apply.begin(change.pk)
    job = job_of(change)
    first = leases.lease(job.pk)
    assert first is not None
    assert leases.lease(job.pk) is None

    settings.PRORATA_LEASE_SECONDS = 0
    with first.writing():
        pass
    second = leases.lease(job.pk)
    assert second is not None
    assert second.fence == first.fence + 1
    with pytest.raises(leases.LostLease), first.writing():
        pytest.fail("it wrote")
    runner.run(job.pk)
    apply.follow(job.pk)
    assert world.reread(change).status == states.APPLIED


def test_pauses_grow_and_end_at_the_deadline(world: World, web: Service) -> None:
    """5, 15, 30, 60, 120, 300 seconds, then 300 again and again; the last one is cut short at 18:02."""
    world.hypervisor.busy(web.external_id, "backup")
    change = paid(world, web)
    world.work()
    pauses = []
    for _ in range(8):
        pause = job_of(change).retry_at - world.clock.now()
        pauses.append(int(pause.total_seconds()))
        world.wait(seconds=pauses[-1])
    assert pauses == [5, 15, 30, 60, 120, 300, 300, 300]
    world.at("2026-08-15T18:00+09:00")
    world.sweep()
    world.work()
    assert job_of(change).retry_at == job_of(change).deadline == world.reread(change).deadline


def test_a_call_that_wakes_up_after_it_was_given_up_is_refused_by_the_machine(
    world: World, web: Service
) -> None:
    """The call was sent by the first run and is still on its way when the time is over and the money comes back. Then it
    arrives: the machine has been told of a newer run, and does nothing."""
    change = paid(world, web)
    world.hypervisor.fault(call="apply", effect="before")
    world.work()
    world.wait(hours=4)
    assert (world.reread(change).status, world.credit()) == (states.REVERSED, 5_596)
    assert ("intended", "backups stays 7: no call of an older run counts any more") in journal(change)

    with pytest.raises(StaleFence):
        driver("sandbox").apply(
            web.external_id, Step("memory", 4, 8), key=f"{change.origin}/1", fence=1, may_restart=True
        )
    assert world.measured(web) == world.reread(web).configuration
    assert world.done(web) == []


def test_a_call_that_arrived_just_before_it_was_given_up_counts(
    world: World, web: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the newer run shuts the older call out, that call comes through: what the machine has is delivered."""
    change = paid(world, web)
    world.hypervisor.fault(call="apply", effect="before")
    world.work()
    shut_out = steps._shut_out

    def late(run: leases.Run, step: JobStep, seen: Reading) -> Reading:
        run.machine.apply(
            run.external_id, Step("memory", 4, 8), key=f"{change.origin}/1", fence=1, may_restart=True
        )
        return shut_out(run, step, seen)

    monkeypatch.setattr(steps, "_shut_out", late)
    world.wait(hours=4)
    assert (world.reread(change).status, world.credit()) == (states.APPLIED, 0)
    assert world.reread(change).restart_pending is False
    world.hypervisor.restart_machine(web.external_id)
    assert (world.measured(web)["memory"], world.done(web)) == (8, [("memory", 8)])


# --- jobs that break ------------------------------------------------------------------------------------------


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> dict[str, bool]:
    """Changing memory meets a mistake of ours, until it is mended."""
    state, real = {"broken": True}, SandboxDriver.apply

    def apply_broken(self: SandboxDriver, external_id: str, step: Step, **how: Any) -> Any:
        if state["broken"] and step.component == "memory":
            raise KeyError("a mistake of ours")
        return real(self, external_id, step, **how)

    monkeypatch.setattr(SandboxDriver, "apply", apply_broken)
    return state


def test_a_job_that_breaks_is_tried_a_few_times_and_then_is_somebodys(
    world: World, web: Service, broken: dict[str, bool]
) -> None:
    """Eight tries with pauses; then it stands before staff with what was said, and waits for them, whatever the hour."""
    change = paid(world, web)
    world.work()
    assert (world.reread(change).status, world.reread(change).reason) == (states.PARKED, "broken")
    assert "Something went wrong on our side" in reason_words("broken")
    for _ in range(7):
        assert world.reread(change).status == states.PARKED
        world.wait(minutes=5)
    change = world.reread(change)
    assert (change.status, change.reason) == (states.ATTENTION, "broken")
    assert change.detail == "KeyError: 'a mistake of ours'"
    assert world.hypervisor.calls("apply") == []
    runs = job_of(change).attempts
    world.wait(hours=6)
    assert (job_of(change).attempts, world.reread(change).status) == (runs, states.ATTENTION)
    assert list(needs_somebody()) == [change]
    assert (world.ledger(), world.credit()) == (PAID, 0)
    take_over(world.staff, change.reference, "I mend it.")
    assert world.reread(change).owner == world.staff

    broken["broken"] = False
    Job.objects.filter(pk=job_of(change).pk).update(deadline=world.clock.now() + timedelta(hours=1))
    retry(world.staff, change.reference, "Mended.")
    world.work()
    assert (world.reread(change).status, world.done(web)) == (states.APPLIED, [("memory", 8)])


def test_other_customers_do_not_wait_for_a_job_that_breaks(
    world: World, web: Service, broken: dict[str, bool]
) -> None:
    other, ryo = world.new_customer("Sato Print", "ryo@example.com")
    shop = world.service(paid=34_188, name="shop", customer=other)
    broke = paid(world, web)
    fine = world.change(shop, by=ryo, backups=4)
    world.work()
    assert world.reread(broke).status == states.PARKED
    assert world.reread(fine).status == states.APPLIED


def test_a_run_that_dies_again_and_again_is_somebodys(
    world: World, web: Service, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What kills the worker itself leaves no word: the runs that ended so are counted by those that come after."""

    class Killed(BaseException):
        pass

    def kill(self: SandboxDriver, external_id: str, step: Step, **how: Any) -> Any:
        raise Killed

    settings.PRORATA_LEASE_SECONDS = 0
    change = paid(world, web)
    apply.on_paid(change.invoice.pk)
    apply.begin(change.pk)
    with monkeypatch.context() as deadly:
        deadly.setattr(SandboxDriver, "apply", kill)
        for _ in range(leases.BROKEN_TRIES):
            with pytest.raises(Killed):
                runner.run(job_of(change).pk)
        runner.run(job_of(change).pk)
    assert job_of(change).state == Job.State.ATTENTION
    world.work()
    change = world.reread(change)
    assert (change.status, change.reason) == (states.ATTENTION, "broken")
    assert change.detail == "8 runs one after another ended without a word"
    retry(world.staff, change.reference, "The worker has more memory now.")
    world.work()
    assert (world.reread(change).status, world.done(web)) == (states.APPLIED, [("memory", 8)])


def test_a_step_forward_forgets_the_deaths_before_it(world: World, web: Service, settings: Settings) -> None:
    settings.PRORATA_LEASE_SECONDS = 0
    change = paid(world, web)
    apply.on_paid(change.invoice.pk)
    apply.begin(change.pk)
    Job.objects.filter(pk=job_of(change).pk).update(
        state="running", broken=leases.BROKEN_TRIES - 2, lease_until=world.clock.now()
    )
    runner.run(job_of(change).pk)
    assert (job_of(change).state, job_of(change).broken) == (Job.State.ENDED, 0)
    world.work()


def test_a_machine_of_a_driver_that_is_not_configured_is_somebodys(
    world: World, web: Service, settings: Settings
) -> None:
    change = paid(world, web)
    settings.PRORATA_DRIVERS = {}
    driver.cache_clear()
    world.work()
    for _ in range(7):
        world.wait(minutes=5)
    change = world.reread(change)
    assert change.status == states.ATTENTION
    assert change.detail == "UnknownDriver: No hypervisor connection 'sandbox' is configured."
    settings.PRORATA_DRIVERS = {"sandbox": "prorata.config.wiring.sandbox_driver"}


def test_done_on_the_machine_and_not_written_down_is_read_back(
    world: World, web: Service, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The memory is there, and the database goes away before that is written: the next run finds it."""
    settings.PRORATA_LEASE_SECONDS = 0
    record, failures = steps._record, [OperationalError("server closed the connection unexpectedly")]

    def failing(*given: Any) -> None:
        if failures:
            raise failures.pop()
        record(*given)

    monkeypatch.setattr(steps, "_record", failing)
    change = paid(world, web)
    world.work(tried_again=True)
    assert world.measured(web)["memory"] == 8
    assert JobStep.objects.get().state == "doing"

    runner.run(job_of(change).pk)

    assert JobStep.objects.get().state == "done"
    assert [what for what, _ in journal(change)] == ["intended", "answered", "recorded", "ended"]
    apply.follow(job_of(change).pk)
    assert (world.reread(change).status, world.done(web)) == (states.APPLIED, [("memory", 8)])
    assert world.ledger() == PAID


# --- drivers that say what is not so --------------------------------------------------------------------------


def test_a_driver_that_says_refused_and_has_done_it_is_not_believed(
    world: World, web: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only reading proves it: what the machine has is delivered, and is not paid back."""
    real = SandboxDriver.apply

    def lying(self: SandboxDriver, external_id: str, step: Step, **how: Any) -> Any:
        real(self, external_id, step, **how)
        raise StepRefused("this cannot be done")

    monkeypatch.setattr(SandboxDriver, "apply", lying)
    change = paid(world, web)
    world.work()
    assert (world.reread(change).status, world.ledger()) == (states.APPLIED, PAID)
    assert ("answered", "refused: this cannot be done") in journal(change)
    assert world.reread(web).configuration == world.measured(web)


# --- hypervisors that are away for hours ----------------------------------------------------------------------


def test_what_never_reached_a_hypervisor_that_is_away_comes_back_at_the_deadline(
    world: World, web: Service
) -> None:
    """Paid at 14:02, and the hypervisor is away from then on. Nothing was ever asked of the machine, so at 18:02 the
    5,596 need not wait for its answer."""
    world.hypervisor.settings(down=True)
    change = paid(world, web)
    world.work()
    assert (world.reread(change).status, world.reread(change).reason) == (states.PARKED, "unreachable")
    world.wait(hours=3)
    assert (world.reread(change).status, world.credit()) == (states.PARKED, 0)

    world.wait(hours=1)

    change = world.reread(change)
    assert (change.status, change.detail) == (
        states.REVERSED,
        "the machine could not be reached in the time for it",
    )
    assert world.log() == [("reversed", 5_596, 5_596)]
    world.hypervisor.settings(down=False)
    assert (world.done(web), world.measured(web)) == ([], world.reread(web).configuration)


def test_a_hypervisor_that_is_away_does_not_fill_the_queue(world: World, web: Service) -> None:
    """No thread of the worker is free for a while: what the sweep wakes every five seconds waits there once."""
    world.hypervisor.settings(down=True)
    change = paid(world, web)
    world.work()
    world.clock.forward(timedelta(seconds=5))
    for _ in range(3):
        world.sweep()
        world.clock.forward(timedelta(seconds=5))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'provisioning.run' AND status = 'todo'"
        )
        assert cursor.fetchone() == (1,)
    world.hypervisor.settings(down=False)
    world.work()
    assert world.reread(change).status == states.APPLIED


def test_the_sweep_does_not_look_through_what_has_ended(world: World, web: Service) -> None:
    """2026-11-26: beside 500,000 jobs that had ended it took 300 ms every five seconds, and with the index 4."""
    with CaptureQueriesContext(connection) as asked:
        machine_tasks.sweep(timestamp=0)
    (looks,) = [q["sql"] for q in asked.captured_queries if 'FROM "provisioning_job"' in q["sql"]]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {looks}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "job_not_ended" in plan, plan
