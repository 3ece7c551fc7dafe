"""Gifted credit ends by itself, is spoken of in time, and does not live for ever by being held again and again."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from prorata.changes import states
from prorata.changes.cancel import cancel
from prorata.changes.models import Change
from prorata.credit import expire
from prorata.credit.models import LogLine, Pledge, Purse
from prorata.ledger.models import Transfer
from prorata.notices.models import Mail
from prorata.services.models import Service
from support.bank import bank_account
from support.portal import person, text
from support.world import World

NOON = "2026-08-15T12:00+09:00"


def with_transfers(world: World, at: str) -> Service:
    """web-01 of a seller who takes transfers: a way to pay that waits for seven days."""
    web = world.web_01(at)
    bank_account(world.seller)
    return web


def mails(world: World, key: str) -> list[str]:
    return list(Mail.objects.filter(key__startswith=key).order_by("id").values_list("subject", flat=True))


def test_what_is_left_at_the_end_goes_back_to_the_gifts_account(world: World) -> None:
    """1,500 until 1 September; a minute before its end it is there, at its end it is gone: once, and told."""
    world.web_01(NOON)
    world.gift(1_500, until="2026-09-01T00:00+09:00")
    world.at("2026-08-31T23:59:59+09:00")
    world.sweep()
    assert world.credit() == 1_500
    assert not expire.expire(Purse.objects.get().pk)

    world.at("2026-09-01T00:00+09:00")
    assert world.credit() == 0, "spent cannot be what has ended, whether it was swept or not"
    for _ in range(3):
        world.sweep()
        world.work()

    assert world.log() == [("granted", 1_500, 1_500), ("expired", -1_500, 0)]
    assert world.ledger() == {}, "the gift cost nothing in the end"
    transfer = Transfer.objects.get(kind="expired")
    assert (transfer.key, transfer.actor, transfer.at) == (
        f"expire:{Purse.objects.get().pk}", "system", world.clock.now(),
    )  # fmt: skip
    assert mails(world, "credit.expired") == ["1,500 JPY of gifted credit has ended"]
    told = Mail.objects.get(key__startswith="credit.expired")
    assert (
        "1,500 JPY of your gifted credit was not used and has ended on 1 Sep 2026, 00:00 Asia/Tokyo."
        in told.body
    )
    assert "Welcome" in told.body
    assert told.to == "aiko@example.com"


def test_the_near_end_is_told_once_a_purse_seven_days_before(world: World) -> None:
    web = world.web_01(NOON)
    world.gift(1_500, until="2026-09-30T00:00+09:00")
    world.gift(700, until="2026-10-05T00:00+09:00")
    world.at("2026-09-22T23:59+09:00")
    world.sweep()
    world.work()
    assert mails(world, "credit.ends_soon") == []

    world.wait(minutes=1)
    world.wait(hours=1)
    world.wait(days=1)
    said = "1,500 JPY of gifted credit ends on 30 Sep 2026, 00:00 Asia/Tokyo"
    assert mails(world, "credit.ends_soon") == [said]
    body = Mail.objects.get(key__startswith="credit.ends_soon").body
    assert "Until then it pays for your next change before anything else." in body

    # Part of it is spent: the other purse is told in its own time, this one not again.
    world.at("2026-09-28T12:00+09:00")
    world.change(web, cpu=3)
    world.wait(minutes=1)
    assert mails(world, "credit.ends_soon") == [
        said,
        "700 JPY of gifted credit ends on 5 Oct 2026, 00:00 Asia/Tokyo",
    ]


def test_a_gift_spent_before_its_mail_is_written_is_not_announced(world: World) -> None:
    web = world.web_01(NOON)
    world.gift(1_500, until="2026-08-20T00:00+09:00")
    assert expire.tell_end(Purse.objects.get().pk)
    assert not expire.tell_end(Purse.objects.get().pk)
    world.change(web, memory=8)
    world.work()
    assert mails(world, "credit.ends_soon") == []


def test_three_gifts_and_account_credit_are_used_soonest_to_end_first(world: World) -> None:
    """5,596 is due: 1,000 (20 Aug), then 2,000 (1 Sep), then 2,596 of 3,000 (31 Dec); account credit is untouched."""
    web = world.web_01(NOON)
    world.change(web, backups=4)
    world.work()
    account = world.credit()
    assert account == 2_431
    world.gift(3_000, until="2026-12-31T00:00+09:00")
    world.gift(1_000, until="2026-08-20T00:00+09:00")
    world.gift(2_000, until="2026-09-01T00:00+09:00")

    change = world.change(web, memory=8)
    world.work()

    assert world.reread(change).status == states.APPLIED
    spent = LogLine.objects.filter(what="spent").order_by("purse__expires_at")
    assert [(line.amount_minor, f"{line.purse.expires_at:%m-%d}") for line in spent] == [
        (-1_000, "08-19"), (-2_000, "08-31"), (-2_596, "12-30"),
    ]  # fmt: skip
    assert world.purses() == [("gifted", 404, "2026-12-31"), ("account", account, None)]


@pytest.mark.parametrize(
    ("gifted", "account", "due"),
    [(True, True, 1_665), (True, False, 4_096), (False, True, 3_165), (False, False, 5_596)],
)
def test_each_box_can_be_unticked(world: World, gifted: bool, account: bool, due: int) -> None:
    """5,596 is due, 1,500 is gifted and 2,431 is account credit."""
    web = world.web_01(NOON)
    world.change(web, backups=4)
    world.work()
    world.gift(1_500, until="2026-09-30T00:00+09:00")

    change = world.submit(world.quote(web, memory=8), use_gifted=gifted, use_account=account)

    assert change.invoice is not None
    assert change.invoice.due_minor == due
    assert change.invoice.gifted_minor == (1_500 if gifted else 0)
    assert change.invoice.credit_minor == (1_500 if gifted else 0) + (2_431 if account else 0)
    assert world.credit() == 3_931 - change.invoice.credit_minor


@pytest.mark.parametrize(
    ("until", "comes_back_until"),
    [
        ("2026-08-30T09:59:59+09:00", "2026-08-30T10:00+09:00"),
        ("2026-08-30T10:00+09:00", "2026-08-30T10:00+09:00"),
        ("2026-08-30T10:00:01+09:00", "2026-08-30T10:00:01+09:00"),
    ],
)
def test_what_a_reduction_returns_lives_to_its_own_end_or_fourteen_days(
    world: World, until: str, comes_back_until: str
) -> None:
    """Reduced and credited on 16 August at 10:00: the edge is 30 August at 10:00."""
    web = with_transfers(world, NOON)
    world.gift(5_596, until=until)
    world.change(web, memory=8)
    world.work()
    world.at("2026-08-16T10:00+09:00")
    world.change(web, memory=4)
    world.work()

    back = Purse.objects.get(balance_minor__gt=0)
    assert back.expires_at is not None
    assert (back.balance_minor, back.expires_at.isoformat()) == (5_492, _utc(comes_back_until))
    world.clock.move_to(back.expires_at)
    world.sweep()
    assert world.credit() == 0


# --- held while the end passes ------------------------------------------------------------------------------


def held_over_its_end(world: World) -> tuple[Service, Change]:
    """1,500 until 18 August is held by a change that waits for a bank transfer until the 22nd."""
    web = with_transfers(world, NOON)
    world.gift(1_500, until="2026-08-18T00:00+09:00")
    change = world.submit(world.quote(web, memory=8), method="bank_transfer")
    world.at("2026-08-18T09:00+09:00")
    world.sweep()
    world.work()
    assert world.log() == [("granted", 1_500, 1_500), ("pledged", -1_500, 0)], "what is held does not end"
    return web, change


def test_a_gift_held_over_its_end_still_pays_for_its_change(world: World) -> None:
    _web, change = held_over_its_end(world)
    world.pay(change)
    world.work()
    assert world.reread(change).status == states.APPLIED
    assert Pledge.objects.get().state == "posted"


def test_a_gift_held_over_its_end_lives_three_days_more_once_given_up(world: World) -> None:
    """Cancelled on 18 August at 9:00: it is usable until the 21st at 9:00, and told; then it ends."""
    _web, change = held_over_its_end(world)
    cancel(world.owner, change.reference)
    world.sweep()
    world.work()

    assert world.log()[2:] == [("released", 1_500, 1_500)]
    assert world.purses() == [("gifted", 1_500, "2026-08-21")]
    assert world.credit() == 1_500
    page = text(person(world.owner).get(f"/changes/{change.reference}"))
    assert (
        "The time of ¥1,500 of gifted credit passed while it was held. You can use it until 21 Aug 2026, 09:00 JST; "
        "it is prolonged once." in page
    )
    assert "Credit that was held for it is free again." in page
    assert "Prolonged once: its own time passed while it was held for a change." in text(
        person(world.owner).get("/credit")
    )
    assert mails(world, "credit.ends_soon") == [
        "1,500 JPY of gifted credit ends on 21 Aug 2026, 09:00 Asia/Tokyo"
    ]
    given_up = Mail.objects.get(key__startswith="change.cancelled")
    assert "1,500 JPY came back to your credit." in given_up.body

    world.at("2026-08-21T09:00+09:00")
    world.sweep()
    assert world.credit() == 0
    assert world.ledger() == {}


def test_holding_and_giving_up_again_does_not_prolong_a_second_time(world: World) -> None:
    """Prolonged to the 21st, held again on the 20th, given up on the 22nd: it ends with the change."""
    web, first = held_over_its_end(world)
    cancel(world.owner, first.reference)
    world.at("2026-08-20T09:00+09:00")
    again = world.submit(world.quote(web, memory=8), method="bank_transfer")
    assert again.invoice is not None
    assert again.invoice.gifted_minor == 1_500
    world.at("2026-08-22T09:00+09:00")
    world.sweep()

    cancel(world.owner, again.reference)
    world.work()

    assert world.log()[3:] == [("pledged", -1_500, 0), ("released", 1_500, 1_500), ("expired", -1_500, 0)]
    assert (world.credit(), world.ledger()) == (0, {})
    page = text(person(world.owner).get(f"/changes/{again.reference}"))
    assert "¥1,500 of gifted credit had been prolonged once before and has ended." in page
    assert "You can use it until" not in page
    assert page.count("Gifted credit ¥1,500") == 1, "what was held, and not once more what ended"
    ended = Mail.objects.get(key__startswith="credit.expired")
    assert f"It was held for change {again.reference} and had been prolonged once before" in ended.body
    given_up = Mail.objects.get(key__startswith="change.cancelled", origin=again.origin)
    assert "No money had moved." in given_up.body
    assert "came back" not in given_up.body


def test_of_two_gifts_held_together_each_has_its_own_time(world: World) -> None:
    """6,000 that was prolonged to the 21st, and 1,000 until the 20th at noon, are both released on the 21st at 10:00."""
    web = with_transfers(world, NOON)
    world.gift(6_000, until="2026-08-18T00:00+09:00")
    first = world.submit(world.quote(web, memory=16), method="bank_transfer")
    assert first.invoice is not None
    assert first.invoice.gifted_minor == 6_000
    world.at("2026-08-18T09:00+09:00")
    cancel(world.owner, first.reference)

    world.at("2026-08-20T09:00+09:00")
    world.gift(1_000, until="2026-08-20T12:00+09:00")
    second = world.submit(world.quote(web, memory=16), method="bank_transfer")
    assert second.invoice is not None
    assert second.invoice.gifted_minor == 7_000
    world.at("2026-08-21T10:00+09:00")
    world.sweep()
    cancel(world.owner, second.reference)

    assert world.purses() == [("gifted", 1_000, "2026-08-24")]
    assert world.ledger()["expense/gifts"] == 1_000
    assert LogLine.objects.get(what="expired").amount_minor == -6_000


def test_a_change_that_expires_unpaid_gives_its_gift_back_for_three_days(world: World) -> None:
    """The bank transfer never comes: on 22 August the change expires, and the gift lives until the 25th."""
    _web, change = held_over_its_end(world)
    world.at("2026-08-22T12:10+09:00")
    world.sweep()
    world.work()
    assert world.reread(change).status == states.EXPIRED
    assert world.purses() == [("gifted", 1_500, "2026-08-25")]


def test_a_release_before_the_end_moves_nothing(world: World) -> None:
    web = with_transfers(world, NOON)
    world.gift(1_500, until="2026-08-18T00:00+09:00")
    change = world.submit(world.quote(web, memory=8), method="bank_transfer")
    world.at("2026-08-17T23:59+09:00")
    cancel(world.owner, change.reference)
    assert world.purses() == [("gifted", 1_500, "2026-08-18")]
    assert Purse.objects.count() == 1
    assert "prolonged" not in text(person(world.owner).get(f"/changes/{change.reference}"))


def test_a_prolonged_gift_released_before_its_new_end_is_not_said_to_be_prolonged_again(world: World) -> None:
    web, first = held_over_its_end(world)
    cancel(world.owner, first.reference)
    again = world.submit(world.quote(web, memory=8), method="bank_transfer")
    world.at("2026-08-21T08:59+09:00")
    cancel(world.owner, again.reference)
    assert world.purses() == [("gifted", 1_500, "2026-08-21")]
    assert "prolonged" not in text(person(world.owner).get(f"/changes/{again.reference}"))


# --- what the customer reads --------------------------------------------------------------------------------


def test_the_credit_page_says_when_each_gift_ends_and_what_ended(world: World) -> None:
    world.web_01(NOON)
    world.gift(1_500, until="2026-08-18T00:00+09:00")
    world.gift(700, until="2026-09-30T00:00+09:00")
    page = text(person(world.owner).get("/credit"))
    assert "Ends 18 Aug 2026, 00:00 JST. Used first." in page
    assert "Ends 30 Sep 2026, 00:00 JST. Used first." in page
    assert "Gifted credit that ended" not in page

    world.at("2026-08-18T00:00+09:00")
    world.sweep()
    page = text(person(world.owner).get("/credit"))
    assert "Ends 18 Aug 2026" not in page
    assert "¥1,500 was not used and ended on 18 Aug 2026, 00:00 JST. Welcome" in page
    assert "Gifted credit ended and was not used" in page
    assert "¥700 in all" in page

    _customer, stranger = world.new_customer("Sato Print", "ryo@example.com")
    assert "1,500" not in text(person(stranger).get("/credit"))


def _utc(instant: str) -> str:
    return datetime.fromisoformat(instant).astimezone(UTC).isoformat()
