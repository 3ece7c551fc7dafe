"""Paying from purses and by card together: what is pledged, what is spent, what comes back."""

from __future__ import annotations

from prorata.changes import states
from prorata.changes.cancel import cancel
from prorata.credit.models import Pledge
from prorata.invoices.models import Layer
from support.world import World


def test_part_credit_part_card_is_pledged_at_submit_and_posted_when_paid(world: World) -> None:
    """5,596 is due: 1,500 gifted is held at Submit, the card pays 4,096."""
    web = world.web_01("2026-08-15T14:02+09:00")
    world.gift(1_500, until="2026-09-30T00:00+09:00")

    change = world.change(web, memory=8)
    assert (change.status, change.invoice.due_minor) == (states.AWAITING_PAYMENT, 4_096)
    assert world.credit() == 0
    assert Pledge.objects.get().state == "held"
    assert world.ledger() == {"expense/gifts": 1_500, f"customer/{world.customer.pk}/pledged": -1_500}

    world.pay(change)
    assert Pledge.objects.get().state == "posted"
    world.work()

    assert world.reread(change).status == states.APPLIED
    assert world.measured(web)["memory"] == 8
    assert world.log() == [("granted", 1_500, 1_500), ("pledged", -1_500, 0)]
    layer = Layer.objects.get(origin=change.origin)
    assert (layer.amount, layer.tax, layer.gifted) == (5_088, 508, 1_500)
    assert world.ledger() == {
        "expense/gifts": 1_500, "gateway/sandbox/clearing": 4_096, "revenue/deferred": -5_088, "tax/0.1": -508,
    }  # fmt: skip


def test_a_pledge_goes_back_to_its_purse_when_the_change_is_cancelled(world: World) -> None:
    web = world.web_01("2026-08-15T14:02+09:00")
    world.gift(1_500, until="2026-09-30T00:00+09:00")
    change = world.change(web, memory=8)
    world.checkout(change)

    cancel(world.owner, change.reference)
    world.work()

    assert world.reread(change).status == states.CANCELLED
    assert world.credit() == 1_500
    assert world.log() == [("granted", 1_500, 1_500), ("pledged", -1_500, 0), ("released", 1_500, 1_500)]
    assert world.ledger() == {"expense/gifts": 1_500, "purse/1": -1_500}
    assert world.measured(web)["memory"] == 4


def test_credit_held_for_one_change_cannot_pay_another(world: World) -> None:
    """1,500 is held for the first service; the second, whose page still showed 1,500, is asked to look again."""
    web = world.web_01("2026-08-15T14:02+09:00")
    other = world.service(paid=34_188, name="web-02")
    world.gift(1_500, until="2026-09-30T00:00+09:00")
    quote = world.quote(other, memory=8)
    shown = quote.gross_minor - 1_500
    world.change(web, memory=8)

    with world.refusing("Your available credit changed"):
        world.submit(quote, shown_due_minor=shown)
    assert world.submit(quote).invoice.due_minor == quote.gross_minor


def test_an_unticked_purse_is_left_alone(world: World) -> None:
    web = world.web_01("2026-08-15T14:02+09:00")
    world.gift(9_000, until="2026-09-30T00:00+09:00")

    change = world.submit(world.quote(web, memory=8), use_gifted=False)

    assert change.invoice.due_minor == 5_596
    assert world.credit() == 9_000


def test_gifted_credit_that_has_expired_pays_nothing(world: World) -> None:
    """The gift ends at 14:00; at 14:02 the whole 5,596 is due."""
    world.open("2026-06-01T08:00+09:00")
    web = world.service(paid=34_188)
    world.gift(9_000, until="2026-08-15T14:00+09:00")
    world.at("2026-08-15T14:02+09:00")

    assert world.credit() == 0
    assert world.change(web, memory=8).invoice.due_minor == 5_596


def test_what_gifted_credit_paid_comes_back_as_gifted_credit(world: World) -> None:
    """5,596 for memory, 1,500 of it gifted (ends 30 Sep). Down again next day: 108 days paid, 106 left.
    5,088 x 106/108 = 4,993.78 net, 508 x 106/108 = 498 tax; gifted 1,500 x 106/108 = 1,472, the rest 4,020 is cash."""
    web = world.web_01("2026-08-15T14:02+09:00")
    world.gift(1_500, until="2026-09-30T00:00+09:00")
    change = world.change(web, memory=8)
    world.pay(change)
    world.work()
    world.at("2026-08-16T10:00+09:00")

    back = world.change(web, memory=4)
    assert back.gross_minor == -5_492
    world.work()

    assert world.reread(back).status == states.APPLIED
    assert world.measured(web)["memory"] == 4
    assert world.purses() == [("gifted", 1_472, "2026-09-30"), ("account", 4_020, None)]
    assert world.credit() == 5_492


def test_gifted_credit_that_returns_lives_for_at_least_fourteen_days(world: World) -> None:
    """The gift ends on 20 August; what returns on the 16th ends on the 30th."""
    web = world.web_01("2026-08-15T14:02+09:00")
    world.gift(6_000, until="2026-08-20T00:00+09:00")
    world.change(web, memory=8)
    world.work()
    world.at("2026-08-16T10:00+09:00")

    world.change(web, memory=4)
    world.work()

    assert world.purses() == [("gifted", 404, "2026-08-20"), ("gifted", 5_492, "2026-08-30")]
