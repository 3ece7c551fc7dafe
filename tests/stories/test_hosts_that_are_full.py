"""Hosts that are full after payment: the machine waits, is tried again, moved, or paid back at the deadline. And room that
is held: by whom, how much of it, and until when."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pytest_django import Settings

from prorata.changes import states
from prorata.changes.cancel import cancel
from prorata.changes.models import Change
from prorata.changes.progress import progress
from prorata.changes.situation import situation
from prorata.changes.words import reason_words
from prorata.customers.models import Customer, User
from prorata.invoices.models import CreditNote
from prorata.provisioning.models import Host, Job, JobEvent, Reservation
from prorata.services.models import Service
from support.world import WEB, World


@pytest.fixture
def web(world: World) -> Service:
    """Its host has room for 8 GB more, and is the only one."""
    return world.web_01("2026-08-15T14:02+09:00", capacity={"memory": 12})


def paid(world: World, web: Service) -> Change:
    """Memory 4 to 8 for 5,596, paid; then the host fills up."""
    change = world.change(web, memory=8)
    world.pay(change)
    world.hypervisor.fill_host("tokyo-1")
    world.work()
    assert (world.reread(change).status, world.reread(change).reason) == (states.PARKED, "host_full")
    return change


def journal(change: Change) -> list[tuple[str, str]]:
    events = JobEvent.objects.filter(job__origin=change.origin)
    return [(event.what, event.detail) for event in events]


def host_of(world: World, web: Service) -> str:
    return str(world.hypervisor.machine(web.external_id)["host"])


# --- the four ends --------------------------------------------------------------------------------------------


def test_it_waits_and_is_done_when_there_is_room(world: World, web: Service) -> None:
    change = paid(world, web)
    assert "keep trying until the deadline" in reason_words(world.reread(change).reason)
    world.hypervisor.fill_host("tokyo-1", full=False)
    world.wait(seconds=5)
    assert world.reread(change).status == states.APPLIED
    assert (world.done(web), host_of(world, web)) == ([("memory", 8)], "tokyo-1")
    assert "moved" not in dict(journal(change))


def test_it_is_moved_to_a_host_with_room(world: World, web: Service) -> None:
    """The first try leaves it time. The second asks for a host that takes the whole machine and 4 GB more."""
    world.hypervisor.create_host("tokyo-2", memory=7)
    world.hypervisor.create_host("tokyo-3", memory=8)
    change = paid(world, web)
    assert host_of(world, web) == "tokyo-1", "not moved before it has waited"

    world.wait(seconds=5)

    assert world.reread(change).status == states.APPLIED
    assert (world.done(web), host_of(world, web)) == ([("memory", 8)], "tokyo-3")
    assert Reservation.objects.get().host.name == "tokyo-3", "the room that was held went along"
    assert [line for line in journal(change) if line[0] != "answered"][2:5] == [
        ("intended", "memory to 8, try 2"),
        ("intended", "another host than tokyo-1, with room for 4 memory"),
        ("moved", "tokyo-1 → tokyo-3"),
    ]
    assert world.ledger() == {"gateway/sandbox/clearing": 5_596, "revenue/deferred": -5_088, "tax/0.1": -508}


def test_it_comes_back_whole_at_the_deadline_where_no_host_has_room(world: World, web: Service) -> None:
    """Paid at 14:02. Nothing is free anywhere until 18:02: 5,596 are credit again, and no room is held."""
    world.hypervisor.create_host("tokyo-2", memory=7)
    change = paid(world, web)
    world.wait(seconds=5)
    change = world.reread(change)
    assert (change.status, change.reason) == (states.PARKED, "no_host")
    assert "what cannot be done then comes back by itself" in reason_words(change.reason)
    assert [s.detail for s in progress(change).steps if s.key == "memory-grow"] == [reason_words("no_host")]
    for _ in range(3):
        world.wait(minutes=5)
    assert world.reread(change).reason == "no_host"

    world.wait(hours=4)

    assert world.reread(change).status == states.REVERSED
    assert CreditNote.objects.get().gross_minor == 5_596
    assert world.ledger() == {"gateway/sandbox/clearing": 5_596, "purse/1": -5_596}
    assert (world.done(web), host_of(world, web)) == ([], "tokyo-1")
    assert not Reservation.objects.filter(released_at=None).exists()


def test_a_product_whose_machines_stay_is_not_moved(world: World, web: Service) -> None:
    world.cloud.may_move = False
    world.cloud.save()
    world.hypervisor.create_host("tokyo-2", memory=64)
    change = paid(world, web)
    world.wait(minutes=5)
    assert (world.reread(change).reason, host_of(world, web)) == ("host_full", "tokyo-1")
    world.wait(hours=4)
    assert (world.reread(change).status, world.credit()) == (states.REVERSED, 5_596)
    assert not world.hypervisor.calls("move")


# --- moves that go wrong --------------------------------------------------------------------------------------


@pytest.mark.parametrize("effect", ["before", "after"])
def test_a_move_whose_answer_is_lost_happens_once(world: World, web: Service, effect: str) -> None:
    world.hypervisor.create_host("tokyo-2", memory=64)
    change = paid(world, web)
    world.hypervisor.fault(call="move", effect=effect)
    world.wait(seconds=5)
    assert world.reread(change).reason == "unreachable"
    assert journal(change)[-2][1].startswith("no answer:")
    for _ in range(3):
        world.wait(minutes=1)
    assert world.reread(change).status == states.APPLIED
    assert (world.done(web), host_of(world, web)) == ([("memory", 8)], "tokyo-2")
    asked = {call["facts"]["key"] for call in world.hypervisor.calls("move")}
    assert len(asked) == 1, "one move, however often it is asked for"
    assert [detail for what, detail in journal(change) if what == "moved"] == ["tokyo-1 → tokyo-2"]
    assert Reservation.objects.get().host.name == "tokyo-2", "the room that was held went along"


def test_a_busy_machine_is_not_moved(world: World, web: Service) -> None:
    world.hypervisor.create_host("tokyo-2", memory=64)
    change = paid(world, web)
    world.hypervisor.busy(web.external_id, "backup")
    world.wait(seconds=5)
    assert (world.reread(change).reason, host_of(world, web)) == ("busy", "tokyo-1")
    world.hypervisor.not_busy(web.external_id)
    for _ in range(2):
        world.wait(minutes=1)
    assert (world.reread(change).status, host_of(world, web)) == (states.APPLIED, "tokyo-2")


# --- room that is held ----------------------------------------------------------------------------------------


@pytest.fixture
def three(world: World) -> list[Service]:
    """Three machines of one customer on a host with 16 GB free; half of it, 8 GB, may be held by what he has not paid."""
    world.open("2026-06-01T08:00+09:00")
    world.service(paid=34_188, name="web-1", capacity={"memory": 28, "cpu": 99})
    for n in (2, 3):
        world.service(paid=34_188, name=f"web-{n}")
    world.at("2026-08-15T14:02+09:00")
    found = list(Service.objects.order_by("id"))
    for service in found:
        world.measure(service)
    return found


def held() -> list[tuple[str, int, bool]]:
    rows = Reservation.objects.filter(released_at=None).order_by("id")
    return [(row.service.name, row.amount, row.awaits_payment) for row in rows]


def test_unpaid_changes_of_one_customer_hold_a_share_together(world: World, three: list[Service]) -> None:
    """4 GB and 4 GB are held; for a third change nothing is left, on the page as at Submit."""
    quotes = [world.quote(service, memory=8) for service in three]
    for quote in quotes[:2]:
        world.submit(quote)
    assert held() == [("web-1", 4, True), ("web-2", 4, True)]
    said = (
        "Your unpaid changes hold the host's room for Memory: they may hold 0\u00a0GB more."
        " Pay or cancel one of them first, or choose less."
    )
    with world.refusing(said):
        world.submit(quotes[2])
    limit = situation(world.reread(three[2])).limits["memory"]
    assert (limit.ceiling, [r.code for r in limit.ceiling_reasons]) == (4, ["unpaid_hold_room"])
    assert world.change(three[2], cpu=4).status == states.AWAITING_PAYMENT, "of other things there is enough"


def test_what_is_paid_is_not_counted(world: World, three: list[Service]) -> None:
    """The first is paid and waits for its machine: its 4 GB are held, and are not among the 8 that may be unpaid."""
    first, second, third = (world.quote(service, memory=8) for service in three)
    change = world.submit(first)
    world.submit(second)
    world.hypervisor.busy(three[0].external_id, "backup")
    world.pay(change)
    world.work()
    assert held() == [("web-1", 4, False), ("web-2", 4, True)]
    assert world.submit(third).status == states.AWAITING_PAYMENT


def test_a_single_change_may_hold_what_it_needs(world: World, three: list[Service]) -> None:
    """12 of the 16 GB: what one change may take is limited by what is sold, not by the share."""
    change = world.change(three[0], memory=16)
    assert held() == [("web-1", 12, True)]
    assert situation(world.reread(three[1])).limits["memory"].ceiling == 4
    cancel(world.owner, change.reference)
    assert situation(world.reread(three[1])).limits["memory"].ceiling == 16


def test_others_are_not_counted_in(world: World, three: list[Service]) -> None:
    other, ryo = stranger(world)
    shop = world.service(paid=34_188, name="shop", customer=other)
    world.measure(shop)
    for service in three[:2]:
        world.change(service, memory=8)
    assert situation(shop).limits["memory"].ceiling == 8
    assert world.change(shop, by=ryo, memory=8).status == states.AWAITING_PAYMENT


def test_the_share_is_the_installations(world: World, three: list[Service], settings: Settings) -> None:
    settings.PRORATA_UNPAID_ROOM_PERCENT = 75
    for service in three:
        world.change(service, memory=8)
    assert [amount for _, amount, _ in held()] == [4, 4, 4]


def test_what_credit_pays_at_once_is_not_held_back(world: World, three: list[Service]) -> None:
    world.gift(20_000, until="2026-12-31T00:00+09:00")
    quotes = [world.quote(service, memory=8) for service in three]
    for quote in quotes[:2]:
        world.submit(quote, use_gifted=False)
    assert world.submit(quotes[2]).status == states.APPLYING


def stranger(world: World) -> tuple[Customer, User]:
    return world.new_customer("Sato Print", "ryo@example.com")


@pytest.mark.parametrize("end", ["cancelled", "expired"])
def test_held_room_comes_back_when_the_change_is_given_up(world: World, web: Service, end: str) -> None:
    """8 GB are free and held; for another customer there is nothing until the change has ended."""
    other, ryo = stranger(world)
    shop = world.service(paid=34_188, name="shop", customer=other, configuration=WEB | {"memory": 2})
    world.hypervisor.create_host("tokyo-1", memory=14)
    for service in (web, shop):
        world.measure(service)
    change = world.change(web, memory=12)
    assert situation(shop).limits["memory"].ceiling == 2
    if end == "cancelled":
        cancel(world.owner, change.reference)
    else:
        world.wait(minutes=66)
    assert world.reread(change).status == end
    world.measure(shop)
    assert situation(world.reread(shop)).limits["memory"].ceiling == 8
    assert world.change(shop, by=ryo, memory=8).status == states.AWAITING_PAYMENT


def test_room_of_a_change_that_nobody_closed_is_not_held_for_ever(world: World, web: Service) -> None:
    """The sweep did not run for a day: after its time a reservation counts for nothing, closed or not."""
    change = world.change(web, memory=12)
    until = Reservation.objects.get().until
    assert until == change.deadline + timedelta(hours=4)
    other, ryo = stranger(world)
    shop = world.service(paid=34_188, name="shop", customer=other, configuration=WEB | {"memory": 2})
    world.hypervisor.create_host("tokyo-1", memory=14)
    world.at("2026-08-15T19:02:01+09:00")
    world.measure(shop)
    assert situation(shop).limits["memory"].ceiling == 8
    assert world.change(shop, by=ryo, memory=8).status == states.AWAITING_PAYMENT


def test_each_reservation_raises_the_hosts_generation(world: World, three: list[Service]) -> None:
    """One that is refused is rolled back whole: nothing is held, and the generation stays."""
    quotes = [world.quote(service, memory=8) for service in three]
    for expected, quote in enumerate(quotes[:2], start=1):
        world.submit(quote)
        assert Host.objects.get().generation == expected
    with world.refusing("Your unpaid changes hold"):
        world.submit(quotes[2])
    assert Host.objects.get().generation == 2
    assert Job.objects.count() == 0
