"""Staff correct a customer's credit; the log keeps both sides, and the customer reads why."""

from __future__ import annotations

import pytest

from prorata.changes import states
from prorata.credit.correct import CannotCorrect, correct_account, take_back
from prorata.credit.models import LogLine
from prorata.ledger.models import Transfer
from support.world import World


@pytest.fixture
def opened(world: World) -> World:
    world.open("2026-06-01T08:00+09:00")
    return world


def correct(world: World, amount: int, key: str = "1", reason: str = "Half a day of outage on 30 May") -> int:
    return correct_account(
        customer_id=world.customer.pk,
        amount_minor=amount,
        currency="JPY",
        reason=reason,
        actor="user:9",
        key=key,
    )


def test_up_and_down_with_a_reason_that_is_in_the_log(opened: World) -> None:
    correct(opened, 900)
    correct(opened, -400, key="2", reason="Too much by 400")

    assert opened.log() == [("corrected", 900, 900), ("corrected", -400, 500)]
    assert [line.reason for line in LogLine.objects.order_by("pk")] == [
        "Half a day of outage on 30 May", "Too much by 400",
    ]  # fmt: skip
    assert opened.credit() == 500
    assert opened.ledger() == {"expense/corrections": 500, "purse/1": -500}


def test_a_correction_pays_like_any_credit(world: World) -> None:
    web = world.web_01("2026-08-15T14:02+09:00")
    correct(world, 5_596)
    change = world.change(web, memory=8)
    world.work()

    assert world.reread(change).status == states.APPLIED
    assert world.credit() == 0


@pytest.mark.parametrize(
    ("amount", "reason", "says"),
    [
        (0, "why", "Say by how much"),
        (-1, "why", "There are 0 JPY of account credit"),
        (100, " ", "Write the reason"),
    ],
)
def test_what_makes_no_sense_moves_nothing(opened: World, amount: int, reason: str, says: str) -> None:
    with opened.unchanged(), pytest.raises(CannotCorrect, match=says):
        correct(opened, amount, reason=reason)


def test_a_gift_is_taken_back_whole_and_linked(opened: World) -> None:
    opened.gift(1_500, until="2026-12-31T00:00+09:00")
    line = LogLine.objects.get()
    taken = take_back(line, reason="Meant for somebody else", actor="user:9")

    assert opened.log() == [("granted", 1_500, 1_500), ("undone", -1_500, 0)]
    assert Transfer.objects.get(pk=taken).reverses_id == line.transfer_id
    assert opened.ledger() == {}
    with opened.unchanged(), pytest.raises(CannotCorrect, match="taken back already"):
        take_back(line, reason="again", actor="user:9")


def test_a_correction_downwards_is_taken_back_upwards(opened: World) -> None:
    correct(opened, 900)
    correct(opened, -900, key="2")
    take_back(LogLine.objects.latest("pk"), reason="It was right at first", actor="user:9")

    assert opened.credit() == 900


def test_what_was_spent_cannot_be_taken_back(world: World) -> None:
    web = world.web_01("2026-08-15T14:02+09:00")
    world.gift(6_000, until="2026-12-31T00:00+09:00")
    line = LogLine.objects.get()
    world.change(web, memory=8)

    with world.unchanged(), pytest.raises(CannotCorrect, match="Some of it was spent"):
        take_back(line, reason="too late", actor="user:9")


def test_what_a_change_did_is_not_taken_back_by_hand(world: World) -> None:
    web = world.web_01("2026-08-15T14:02+09:00")
    world.change(web, backups=4)
    world.work()
    line = LogLine.objects.get()
    assert line.what == "reduced"

    with world.unchanged(), pytest.raises(CannotCorrect, match="by hand"):
        take_back(line, reason="no", actor="user:9")
