"""Machines that are busy, hosts that are full, hypervisors that do not answer: the change waits, and never for ever."""

from __future__ import annotations

import pytest

from prorata.changes import states
from prorata.changes.models import Change
from prorata.invoices.models import CreditNote, Layer
from prorata.notices.models import Mail
from prorata.provisioning import step
from prorata.provisioning.models import Job, Reservation
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


def assert_parked(world: World, change: Change, reason: str) -> None:
    change = world.reread(change)
    assert (change.status, change.reason) == (states.PARKED, reason)
    assert change.ended_at is None
    assert Job.objects.get(origin=change.origin).retry_at > world.clock.now()
    assert world.ledger() == PAID, "paid, and neither delivered nor given back yet"
    assert world.credit() == 0


def assert_applied_once(world: World, change: Change) -> None:
    assert world.reread(change).status == states.APPLIED
    assert world.measured(change.service)["memory"] == 8
    assert world.done(change.service) == [("memory", 8)]
    assert world.reread(change.service).configuration["memory"] == 8
    assert Layer.objects.filter(origin=change.origin).count() == 1
    assert world.ledger() == PAID
    assert Mail.objects.filter(key=f"change.applied:{change.reference}", state="sent").count() == 1


def test_a_busy_machine_is_waited_for(world: World, web: Service) -> None:
    world.hypervisor.busy(web.external_id, "backup")
    change = paid(world, web)
    world.work()
    assert_parked(world, change, "busy")

    world.wait(minutes=5)
    assert_parked(world, change, "busy")
    world.hypervisor.not_busy(web.external_id)
    world.wait(minutes=5)
    assert_applied_once(world, change)


def test_a_machine_that_is_busy_until_the_deadline_costs_nothing(world: World, web: Service) -> None:
    """Paid at 14:02; at 18:02 the 5,596 come back whole as account credit."""
    world.hypervisor.busy(web.external_id, "backup")
    change = paid(world, web)
    world.work()

    world.wait(hours=4)

    change = world.reread(change)
    assert (change.status, change.detail) == (states.REVERSED, "the time for it was over")
    assert world.log() == [("reversed", 5_596, 5_596)]
    assert world.ledger() == {"gateway/sandbox/clearing": 5_596, "purse/1": -5_596}
    assert world.measured(web)["memory"] == 4
    assert world.done(web) == []


def test_a_step_that_was_refused_room_does_not_wait_for_a_backup_at_the_deadline(
    world: World, web: Service
) -> None:
    """The host said no for certain, so what keeps the machine busy at 18:02 is not our step."""
    change = paid(world, web)
    world.hypervisor.fill_host("tokyo-1")
    world.work()
    assert_parked(world, change, "host_full")
    world.hypervisor.busy(web.external_id, "backup")

    world.wait(hours=4)

    assert world.reread(change).status == states.REVERSED
    assert world.credit() == 5_596


def test_a_host_that_is_full_after_payment_is_tried_until_there_is_room(world: World, web: Service) -> None:
    change = paid(world, web)
    world.hypervisor.fill_host("tokyo-1")
    world.work()
    assert_parked(world, change, "host_full")

    world.hypervisor.fill_host("tokyo-1", full=False)
    world.wait(minutes=1)
    assert_applied_once(world, change)
    assert not Reservation.objects.filter(released_at=None).exists()


def test_what_a_full_host_could_not_give_comes_back_whole_to_its_purses(world: World, web: Service) -> None:
    """cpu 3,392 and memory 5,088, tax 848: 9,328, of it 6,000 gifted. The host has no room for more cpu.
    Its line is 3,392 + 339; its part of the gift is 6,000 x 3,731 / 9,328 = 2,400; the rest, 1,331, is cash."""
    world.gift(6_000, until="2026-12-31T00:00+09:00")
    change = world.change(web, cpu=4, memory=8)
    world.pay(change)
    world.hypervisor.create_host("tokyo-1", cpu=2)
    world.work()
    assert (world.reread(change).status, world.reread(change).reason) == (states.PARKED, "host_full")
    assert world.measured(web)["memory"] == 8, "one resource without room does not keep the others waiting"

    world.wait(hours=4)

    change = world.reread(change)
    assert (change.status, change.reason) == (states.PARTLY_APPLIED, "step_failed")
    assert {line.component: line.state for line in change.lines.all()} == {
        "cpu": "reversed",
        "memory": "applied",
    }
    note = CreditNote.objects.get()
    assert (note.reason, note.net_minor, note.tax_minor, note.gross_minor) == ("reversed", 3_392, 339, 3_731)
    assert (note.gifted_minor, note.cash_minor, note.invoice_id) == (2_400, 1_331, change.invoice_id)
    assert [(x.component, x.net_minor, x.tax_minor) for x in note.lines.all()] == [("cpu", 3_392, 339)]
    assert world.purses() == [("gifted", 2_400, "2026-12-31"), ("account", 1_331, None)]
    assert world.ledger() == {
        "expense/gifts": 6_000, "gateway/sandbox/clearing": 3_328, "purse/2": -1_331, "purse/3": -2_400,
        "revenue/deferred": -5_088, "tax/0.1": -509,
    }  # fmt: skip
    layer = Layer.objects.get(origin=change.origin)
    assert (layer.component, layer.amount, layer.tax, layer.gifted) == ("memory", 5_088, 509, 3_600)
    assert world.reread(web).configuration == world.measured(web)
    assert world.reread(web).configuration["cpu"] == 2


@pytest.mark.parametrize("effect", ["before", "after"])
def test_a_hypervisor_that_loses_its_answer_has_its_effect_once(
    world: World, web: Service, effect: str
) -> None:
    change = paid(world, web)
    world.hypervisor.fault(call="apply", effect=effect)
    world.work()
    if effect == "before":
        assert_parked(world, change, "unreachable")
        world.wait(minutes=1)
    assert_applied_once(world, change)


def test_a_hypervisor_that_is_down_is_asked_beyond_the_deadline_until_it_answers(
    world: World, web: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The step was begun, and then everything went dark for six hours: unknown is never final."""
    monkeypatch.setattr(step, "LOOKS", 1)
    change = paid(world, web)
    world.hypervisor.change_component(web.external_id, "memory", seconds=3_600)
    world.work()
    assert_parked(world, change, "slow")

    world.hypervisor.settings(down=True)
    world.wait(hours=6)
    assert (world.reread(change).status, world.reread(change).reason) == (states.PARKED, "unreachable")

    world.hypervisor.settings(down=False)
    world.hypervisor.change_component(web.external_id, "memory", seconds=0)
    assert world.measured(web)["memory"] == 8
    world.wait(minutes=10)
    assert_applied_once(world, change)


@pytest.mark.parametrize("reached", [True, False])
def test_a_step_that_may_still_run_at_the_deadline_is_waited_for(
    world: World, web: Service, reached: bool
) -> None:
    """The call was lost, and the machine has been busy since: it may be this very step. Giving up now could pay back
    what is delivered a moment later."""
    change = paid(world, web)
    world.hypervisor.fault(call="apply", effect="before")
    world.work()
    assert_parked(world, change, "unreachable")
    world.hypervisor.busy(web.external_id, "changing memory")
    world.wait(hours=4)
    assert_parked(world, change, "busy")

    world.hypervisor.change_machine(
        web.external_id, busy_with="", configuration={"memory": 8 if reached else 4}
    )
    world.wait(minutes=10)

    assert world.reread(change).status == (states.APPLIED if reached else states.REVERSED)
    assert world.reread(web).configuration == world.measured(web)
    assert world.credit() == (0 if reached else 5_596)


def test_a_hypervisor_that_says_done_and_is_not_is_not_believed(world: World, web: Service) -> None:
    change = paid(world, web)
    world.hypervisor.fault(call="apply", kind="lie", times=2)
    world.work()
    assert_parked(world, change, "not_reached")
    world.wait(minutes=1)
    assert_parked(world, change, "not_reached")

    world.wait(minutes=1)
    assert_applied_once(world, change)


def test_a_hypervisor_that_lies_to_the_end_is_paid_back(world: World, web: Service) -> None:
    change = paid(world, web)
    world.hypervisor.fault(call="apply", kind="lie", times=99)
    world.work()
    world.wait(hours=4)
    assert world.reread(change).status == states.REVERSED
    assert world.ledger() == {"gateway/sandbox/clearing": 5_596, "purse/1": -5_596}


def test_a_step_that_stopped_half_way_is_brought_to_its_target(world: World, web: Service) -> None:
    change = paid(world, web)
    world.hypervisor.fault(call="apply", kind="half_apply")
    world.work()
    assert world.measured(web)["memory"] == 6
    assert_parked(world, change, "unreachable")

    world.wait(minutes=1)
    assert_applied_once(world, change)
