"""A change that finds its machine changed by hand: it stops with what is known, staff choose, and the money is exact."""

from __future__ import annotations

import pytest

from prorata.changes import states
from prorata.changes.drift.accept import accept
from prorata.changes.drift.open_now import open_now
from prorata.changes.models import Change
from prorata.changes.staff_actions import NotPossible, overwrite, retry, reverse
from prorata.customers.models import User
from prorata.invoices.models import CreditNote, Invoice, Layer
from prorata.provisioning.by_hand import made_by_hand
from prorata.provisioning.models import Job
from prorata.services.models import Service
from prorata.trail.models import Deed
from support.drift import by_hand, compared, drifted, figures, found, paid
from support.world import WEB, World

PAID = {"gateway/sandbox/clearing": 5_596, "revenue/deferred": -5_088, "tax/0.1": -508}


@pytest.fixture
def web(world: World) -> Service:
    return world.web_01("2026-08-15T14:02+09:00")


@pytest.fixture
def staff(world: World) -> User:
    return world.staff


def seen(change: Change) -> dict[str, int | str]:
    return {one.component: one.found for one in made_by_hand(change.origin) if one.found is not None}


@pytest.mark.parametrize("value", [6, 12])
def test_staff_go_on_over_what_was_made_by_hand(world: World, web: Service, staff: User, value: int) -> None:
    """From 6 it grows to the 8 that were bought; from 12 it shrinks to them, with the restart that nobody agreed to:
    that is left to the customer. Paid once, delivered once."""
    change = drifted(world, web, value)
    assert [(b.component, b.expected, b.found, b.wanted) for b in made_by_hand(change.origin)] == [
        ("memory", 4, value, 8)
    ]
    overwrite(staff, change.reference, "The trial is over.", found=seen(change))
    world.work()
    change = world.reread(change)
    assert (change.status, change.restart_pending) == (states.APPLIED, value == 12)
    assert compared(world).opened == 0
    if change.restart_pending:
        world.hypervisor.restart_machine(web.external_id)
    assert world.done(web) == [("memory", 8)]
    assert world.ledger() == PAID
    layer = Layer.objects.get(origin=change.origin)
    assert (layer.low, layer.high, layer.amount, layer.tax) == (4, 8, 5_088, 508)
    deed = Deed.objects.get(what="change.overwritten")
    assert (deed.reason, deed.changed) == ("The trial is over.", {"machine: memory": [value, None]})
    assert compared(world).opened == 0


def test_staff_who_come_after_the_deadline_give_it_time_again(
    world: World, web: Service, staff: User
) -> None:
    """Found at 14:02, and its four hours are over when staff come at 20:00: what they say is done, and not given back."""
    change = drifted(world, web)
    world.at("2026-08-15T20:00+09:00")
    overwrite(staff, change.reference, "The trial is over.", found=seen(change))
    world.work()
    change = world.reread(change)
    assert (change.status, world.measured(web)["memory"]) == (states.APPLIED, 8)
    assert f"{change.deadline:%H:%M}" == "15:00", "UTC: four hours from then"
    assert world.ledger() == PAID


def test_a_retry_after_the_deadline_is_one(world: World, web: Service, staff: User) -> None:
    change = drifted(world, web)
    by_hand(world, web, memory=4)
    world.at("2026-08-15T20:00+09:00")
    retry(staff, change.reference, "It is as it was.")
    world.hypervisor.busy(web.external_id, "backup")
    world.work()
    job = Job.objects.get(origin=change.origin)
    assert (job.state, job.reason, job.giving_up) == ("parked", "busy", False)
    world.hypervisor.not_busy(web.external_id)
    world.wait(minutes=5)
    assert world.reread(change).status == states.APPLIED


def test_time_that_is_given_again_ends_with_the_term(world: World, web: Service, staff: User) -> None:
    change = drifted(world, web)
    by_hand(world, web, memory=4)
    world.at("2026-12-02T08:00+09:00")
    retry(staff, change.reference, "It is as it was.")
    world.work()
    assert (world.reread(change).status, world.credit()) == (states.REVERSED, 5_596)


def test_only_what_staff_have_seen_is_replaced(world: World, web: Service, staff: User) -> None:
    """It was 6 when they looked, and is 10 when the worker comes: it stops again, and nothing was overwritten."""
    change = drifted(world, web)
    looked_at = seen(change)
    by_hand(world, web, memory=10)
    overwrite(staff, change.reference, "The trial is over.", found=looked_at)
    world.work()
    change = world.reread(change)
    assert (change.status, change.reason) == (states.ATTENTION, "drift")
    assert change.detail == "memory is 10 on the machine, 4 was expected"
    assert world.done(web) == []
    assert world.ledger() == PAID


def test_what_was_not_changed_by_hand_is_not_gone_over(world: World, web: Service, staff: User) -> None:
    change = drifted(world, web)
    by_hand(world, web, memory=4)
    with world.unchanged():
        with pytest.raises(NotPossible, match="as it was sold now"):
            overwrite(staff, change.reference, "Go on.", found=seen(change))
        with pytest.raises(NotPossible, match="reason"):
            overwrite(staff, change.reference, " ", found={"memory": 6})
        with pytest.raises(NotPossible, match="Only staff"):
            overwrite(world.owner, change.reference, "Go on.", found={"memory": 6})
    retry(staff, change.reference, "It is as it was.")
    world.work()
    with pytest.raises(NotPossible, match="has ended"):
        overwrite(staff, change.reference, "Go on.", found={"memory": 6})


def test_staff_reverse_and_take_over_what_was_made_by_hand(world: World, web: Service, staff: User) -> None:
    """The 5,596 come back whole; the night finds the 6 GB; they are taken over without charge. A later reduction to 2 GB
    gives back what was paid for 4 to 2 only, to the yen what it gives without the gift."""
    change = drifted(world, web)
    reverse(staff, change.reference, "The customer asked for it.")
    world.work()
    assert world.reread(change).status == states.REVERSED
    assert world.log() == [("reversed", 5_596, 5_596)]
    compared(world)
    one = open_now().get()
    assert figures(one) == (4, 4, 6)
    ledger, layers = world.ledger(), Layer.objects.count()
    made = accept(staff, one.pk, "A gift for the trouble.", shown_measured=6)
    web = world.reread(web)
    assert (web.configuration["memory"], web.version, web.differing) == (6, 2, [])
    assert (made.sold, made.measured, made.version) == (4, 6, 2)
    assert (world.ledger(), Layer.objects.count()) == (ledger, layers), "no money, no layer"
    assert (world.reread(one).ended, Invoice.objects.count(), CreditNote.objects.count()) == (
        "accepted",
        1,
        1,
    )
    deed = Deed.objects.get(what="drift.accept")
    assert (deed.reason, deed.changed) == ("A gift for the trouble.", {"configuration: memory": [4, 6]})
    assert compared(world).opened == 0, "the decision is the newest settled value"

    world.change(web, memory=2)
    world.work()
    assert world.credit() - 5_596 == 2_431
    assert world.reread(web).configuration == world.measured(web)
    assert compared(world).opened == 0


def test_the_same_reduction_without_the_gift_gives_the_same(world: World, web: Service) -> None:
    """4 to 2 on the same day gives the 2,431 that 6 to 2 gave: what was taken over was never paid for."""
    world.change(web, memory=2)
    world.work()
    assert world.credit() == 2_431


def test_what_was_taken_over_and_grown_and_reduced_gives_back_what_was_paid_for_it(
    world: World, web: Service, staff: User
) -> None:
    """6 GB without charge, 8 GB for the price of the last two; back to 4 gives back those two and nothing of the gift:
    2,771, as a service gets that was sold with 6 and goes from 8 to 6."""
    one = found(world, web, memory=6)
    accept(staff, one.pk, "A gift.", shown_measured=6)
    change = paid(world, world.reread(web), memory=8)
    assert change.gross_minor == 2_798
    world.change(world.reread(web), memory=4)
    world.work()
    assert world.credit() == 2_771
    assert compared(world).opened == 0


def test_the_same_growth_and_reduction_without_a_gift_gives_the_same(world: World) -> None:
    world.open("2026-06-01T08:00+09:00")
    web = world.service({**WEB, "memory": 6}, paid=34_188)
    world.at("2026-08-15T14:02+09:00")
    assert paid(world, web, memory=8).gross_minor == 2_798
    world.change(world.reread(web), memory=6)
    world.work()
    assert world.credit() == 2_771
