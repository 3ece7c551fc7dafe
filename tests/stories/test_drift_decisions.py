"""What staff decide about a difference: the machine is brought to what is sold, or taken over, or left until a date."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from prorata.changes.drift.accept import accept
from prorata.changes.drift.bring import bring
from prorata.changes.drift.decide import CannotDecide
from prorata.changes.drift.direct import direct_job
from prorata.changes.drift.leave import leave
from prorata.changes.drift.models import Decision
from prorata.changes.drift.open_now import need_somebody, open_now
from prorata.customers.models import User
from prorata.invoices.models import CreditNote, Invoice
from prorata.provisioning.models import Job, Reservation
from prorata.services.models import Service
from prorata.trail.models import Deed
from support.drift import by_hand, compared, figures, found, paid
from support.world import World

TOLD = "Memory cannot be changed now: our staff are looking at a difference"


@pytest.fixture
def web(world: World) -> Service:
    return world.web_01("2026-08-15T14:02+09:00")


@pytest.fixture
def staff(world: World) -> User:
    return world.staff


def test_staff_bring_the_machine_to_what_is_sold(world: World, web: Service, staff: User) -> None:
    one = found(world, web, memory=8)
    made = bring(staff, one.pk, "It was made larger by mistake.", shown_measured=8, may_restart=True)
    job = Job.objects.get()
    assert (job.origin, job.state) == (f"drift:{made.pk}", "queued")
    assert [(s.kind, s.component, s.from_value, s.to_value) for s in job.steps.all()] == [
        ("reduce", "memory", 8, 4)
    ]
    with pytest.raises(CannotDecide, match="under way"):
        bring(staff, one.pk, "Again.", shown_measured=8, may_restart=True)
    world.work()
    assert world.done(web) == [("memory", 4)]
    assert (world.reread(job).state, world.reread(one).ended) == ("ended", "brought")
    web = world.reread(web)
    assert (web.configuration["memory"], web.version, web.differing) == (4, 1, [])
    assert (world.ledger(), Invoice.objects.count(), CreditNote.objects.count()) == ({}, 0, 0)
    deed = Deed.objects.get(what="drift.bring")
    assert (deed.reason, deed.changed) == ("It was made larger by mistake.", {"machine: memory": [8, 4]})
    paid(world, web, memory=8)


def test_a_machine_that_is_too_small_grows_and_its_room_is_held(world: World, staff: User) -> None:
    web = world.web_01("2026-08-15T14:02+09:00", capacity={"cpu": 64, "memory": 8, "disk": 4000})
    one = found(world, web, memory=2)
    made = bring(staff, one.pk, "What was paid for.", shown_measured=2, may_restart=False)
    held = Reservation.objects.get()
    assert (held.origin, held.component, held.amount, held.released_at) == (made.origin, "memory", 2, None)
    world.work()
    assert (world.measured(web)["memory"], world.reread(one).ended) == (4, "brought")
    assert world.reread(held).released_at is not None


def test_limits_hold_for_staff_too(world: World, staff: User) -> None:
    """Never below what is used, never a disk that shrinks, never more than the host has."""
    web = world.web_01("2026-08-15T14:02+09:00", capacity={"cpu": 64, "memory": 12, "disk": 4000})
    world.hypervisor.change_machine(web.external_id, usage={"memory": "5.5"})
    one = found(world, web, memory=8)
    with (
        world.unchanged(),
        pytest.raises(CannotDecide, match=r"Memory cannot go below 6.GB: 5\.5.GB is used"),
    ):
        bring(staff, one.pk, "Back.", shown_measured=8, may_restart=True)
    world.cloud.resource_types.filter(code="disk").update(may_shrink=False)
    by_hand(world, web, memory=4, disk=160)
    world.hypervisor.change_machine(web.external_id, usage={"memory": "1"})
    compared(world)
    disk = open_now().get()
    with world.unchanged(), pytest.raises(CannotDecide, match="can grow but not shrink"):
        bring(staff, disk.pk, "Back.", shown_measured=160, may_restart=True)
    by_hand(world, web, memory=2)
    compared(world)
    world.hypervisor.create_host("tokyo-1", cpu=64, memory=3, disk=4000)
    memory = open_now().get(component="memory")
    with world.unchanged(), pytest.raises(CannotDecide, match="on this host"):
        bring(staff, memory.pk, "Back.", shown_measured=2, may_restart=True)


def test_what_came_into_use_meanwhile_is_refused_by_the_machine_itself(
    world: World, web: Service, staff: User
) -> None:
    one = found(world, web, memory=8)
    bring(staff, one.pk, "Back.", shown_measured=8, may_restart=True)
    world.hypervisor.change_machine(web.external_id, usage={"memory": "7"})
    world.work()
    assert world.measured(web)["memory"] == 8
    job = Job.objects.get()
    assert (job.state, job.steps.get().state) == ("ended", "failed")
    assert world.reread(one).closed_at is None, "it stays before staff"
    assert world.reread(web).differing == ["memory"]


def test_a_job_that_waits_can_be_given_up(world: World, web: Service, staff: User) -> None:
    world.hypervisor.busy(web.external_id, "backup")
    one = found(world, web, memory=8)
    made = bring(staff, one.pk, "Back.", shown_measured=8, may_restart=True)
    world.work()
    assert Job.objects.get().state == "parked"
    direct_job(staff, made.pk, "Not today.", give_up=True)
    world.hypervisor.not_busy(web.external_id)
    world.work()
    assert (Job.objects.get().state, world.measured(web)["memory"]) == ("ended", 8)
    assert world.reread(one).closed_at is None
    with pytest.raises(CannotDecide, match="worked on right now"):
        direct_job(staff, made.pk, "Again.", give_up=False)


def test_a_machine_changed_again_by_hand_is_not_brought_silently(
    world: World, web: Service, staff: User
) -> None:
    one = found(world, web, memory=8)
    by_hand(world, web, memory=6)
    with pytest.raises(CannotDecide, match="has 6 by now, not 8"):
        bring(staff, one.pk, "Back.", shown_measured=8, may_restart=True)
    with pytest.raises(CannotDecide, match="has 6 by now, not 8"):
        accept(staff, one.pk, "Keep it.", shown_measured=8)
    by_hand(world, web, memory=8)
    with pytest.raises(CannotDecide, match="others by now"):
        accept(staff, one.pk, "Keep it.", shown_measured=6)
    bring(staff, one.pk, "Back.", shown_measured=8, may_restart=True)
    by_hand(world, web, memory=12)
    world.work()
    job = Job.objects.get()
    assert (job.state, job.reason) == ("attention", "drift")
    assert world.done(web) == []
    direct_job(staff, Decision.objects.get().pk, "Look again.", give_up=True)
    world.work()
    assert figures(world.reread(one)) == (4, 4, 12)


def test_less_than_was_paid_for_is_never_taken_over(world: World, web: Service, staff: User) -> None:
    one = found(world, web, memory=2)
    with world.unchanged(), pytest.raises(CannotDecide, match="less than was paid for"):
        accept(staff, one.pk, "He does not need it.", shown_measured=2)


def test_a_configuration_without_a_document_is_settled_by_taking_it_over(
    world: World, web: Service, staff: User
) -> None:
    Service.objects.filter(pk=web.pk).update(configuration={**web.configuration, "memory": 6})
    by_hand(world, web, memory=6)
    compared(world)
    one = open_now().get()
    with pytest.raises(CannotDecide, match="otherwise than the documents"):
        bring(staff, one.pk, "Back.", shown_measured=6, may_restart=True)
    accept(staff, one.pk, "A gift that was never written down.", shown_measured=6)
    assert compared(world).still_open == 0


def test_a_difference_is_left_until_a_date(world: World, web: Service, staff: User) -> None:
    one = found(world, web, memory=8)
    tomorrow = datetime.fromisoformat("2026-08-16T14:02+09:00")
    leave(staff, one.pk, "A trial until tomorrow.", until=tomorrow)
    assert (need_somebody().count(), open_now().count()) == (0, 1)
    with world.refusing(TOLD):
        world.quote(world.reread(web), memory=6)
    world.at("2026-08-16T14:01+09:00")
    compared(world)
    assert need_somebody().count() == 0
    world.at("2026-08-16T14:02+09:00")
    assert need_somebody().count() == 1
    leave(staff, one.pk, "A day more.", until=tomorrow + timedelta(days=1))
    by_hand(world, web, memory=12)
    compared(world)
    assert need_somebody().count() == 1, "another size is another thing than what was left"


def test_decisions_need_staff_a_reason_and_a_date(world: World, web: Service, staff: User) -> None:
    one = found(world, web, memory=8)
    soon = world.clock.now() + timedelta(days=1)
    with world.unchanged():
        for who, reason, said in ((staff, "  ", "reason"), (world.owner, "Because.", "Only staff")):
            with pytest.raises(CannotDecide, match=said):
                bring(who, one.pk, reason, shown_measured=8, may_restart=True)
            with pytest.raises(CannotDecide, match=said):
                accept(who, one.pk, reason, shown_measured=8)
            with pytest.raises(CannotDecide, match=said):
                leave(who, one.pk, reason, until=soon)
        for until in (world.clock.now(), world.clock.now() + timedelta(days=400)):
            with pytest.raises(CannotDecide, match="within a year"):
                leave(staff, one.pk, "Later.", until=until)
    change = world.change(web, cpu=4)
    with pytest.raises(CannotDecide, match=change.reference):
        accept(staff, one.pk, "Keep it.", shown_measured=8)
    assert not Decision.objects.exists()


def test_a_renewal_is_priced_with_what_was_taken_over(world: World, web: Service, staff: User) -> None:
    """No document asked for the two gigabytes before; the next term does."""
    before = world.renew(web, 1).gross_minor
    world.work()
    other = world.service(paid=34_188, name="web-02")
    one = found(world, other, memory=6)
    accept(staff, one.pk, "Until the term ends.", shown_measured=6)
    term = world.renew(other, 1)
    assert term.gross_minor - before > 0
    world.pay(term)
    world.work()
    assert compared(world).still_open == 0


def test_the_last_word_of_changes_and_decisions_is_what_is_settled(
    world: World, web: Service, staff: User
) -> None:
    """All at 14:02: memory grows to 8 with an invoice, 12 is taken over, 6 is a reduction. Versions order them, no clock."""
    paid(world, web, memory=8)
    one = found(world, web, memory=12)
    accept(staff, one.pk, "A gift.", shown_measured=12)
    assert compared(world).opened == 0
    world.change(world.reread(web), memory=6)
    world.work()
    assert compared(world).opened == 0
    by_hand(world, web, memory=8)
    compared(world)
    assert figures(open_now().get()) == (6, 6, 8)
