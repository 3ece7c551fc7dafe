"""A change is paid by bank transfer: in one piece, in parts, too late, too much."""

from __future__ import annotations

import pytest

from prorata.changes import states
from prorata.changes.cancel import cancel
from prorata.changes.models import Change
from prorata.notices.models import Mail
from prorata.notices.tell_rest import remind
from prorata.payments.bank.instructions import instructions
from prorata.payments.bank.models import Allocation
from prorata.payments.bank.reference import shown
from prorata.payments.checkout import PaymentRefused, PaymentUnknown
from prorata.payments.models import Capture, PaymentAttempt
from prorata.provisioning.models import Reservation
from prorata.services.models import Service
from support.bank import Entry, bank_account, line, statement
from support.transfers import BOUGHT, PAID, change, choose, receivable, web
from support.world import World

__all__ = ["change", "web"]


# --- the way it is meant --------------------------------------------------------------------------------------


def test_a_transfer_with_its_reference_pays_and_the_change_is_applied(world: World, change: Change) -> None:
    attempt = choose(world, change)
    assert (attempt.gateway, attempt.state, attempt.amount_minor) == ("bank", "redirected", 5_596)
    told = instructions(change.invoice)
    assert told is not None
    assert (told.amount_minor, told.reference) == (5_596, shown(attempt.gateway_ref))
    assert told.account.shown_number == "DE89 3704 0044 0532 0130 00"

    world.at("2026-08-18T09:00+09:00")
    done = statement(Entry(amount=5_596, text=f"Invoice {told.reference} thank you"))
    assert (done.new, done.known, done.matched) == (1, 0, 1)
    world.work()

    assert world.reread(change).status == states.APPLIED
    assert world.measured(change.service)["memory"] == 8
    assert world.ledger() == PAID
    capture = Capture.objects.get()
    assert (capture.gateway, capture.capture_id, capture.outcome) == ("bank", f"{line().pk}-1", "invoice")
    assert world.reread(attempt).state == "succeeded"
    allocation = Allocation.objects.get()
    assert (allocation.automatic, allocation.amount_minor, allocation.what) == (True, 5_596, "invoice")


def test_choosing_a_transfer_again_keeps_its_reference_and_mails_once(world: World, change: Change) -> None:
    attempt = choose(world, change)
    assert choose(world, change) == attempt
    world.work()
    mail = Mail.objects.get(key__startswith="transfer.awaited:")
    assert (mail.to, mail.subject) == (
        world.customer.email, f"web-01: please transfer 5,596 JPY ({change.invoice.reference})",
    )  # fmt: skip
    for said in (
        shown(attempt.gateway_ref),
        "DE89 3704 0044 0532 0130 00",
        "Bestnet K.K.",
        "22 Aug 2026, 14:02",
    ):
        assert said in mail.body


def test_a_transfer_that_is_not_awaited_any_more_is_not_mailed(world: World, change: Change) -> None:
    choose(world, change)
    choose(world, change, "card")
    world.work()
    assert not Mail.objects.filter(key__startswith="transfer.awaited:").exists()


def test_the_worker_matches_what_the_import_could_not(
    world: World, change: Change, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process dies between the import and the matching: the job that was written with the lines does it."""
    attempt = choose(world, change)
    monkeypatch.setattr("prorata.payments.bank.take_in.match", lambda _id: None)
    statement(Entry(amount=5_596, text=attempt.gateway_ref))
    assert not Allocation.objects.exists()

    world.work()

    assert world.reread(change).status == states.APPLIED
    assert Allocation.objects.count() == 1


# --- the deadline ---------------------------------------------------------------------------------------------


def test_a_transfer_has_the_days_of_the_account(world: World, change: Change) -> None:
    assert change.deadline.isoformat() == "2026-08-22T05:02:00+00:00"
    choose(world, change)
    assert world.reread(change).deadline == change.deadline
    world.at("2026-08-22T14:06+09:00")
    world.wait(minutes=2)
    assert world.reread(change).status == states.EXPIRED
    assert PaymentAttempt.objects.get().state == "cancelled"


def test_choosing_a_transfer_later_gives_the_change_its_time_once(world: World) -> None:
    """Submitted to be paid by card within the hour; half an hour later the customer chooses a transfer, and again."""
    web = world.web_01("2026-08-15T14:02+09:00", capacity={"memory": 64})
    bank_account(world.seller)
    change = world.change(web, memory=8)
    assert change.deadline.isoformat() == "2026-08-15T06:02:00+00:00"
    world.at("2026-08-15T14:30+09:00")
    choose(world, change)

    later = world.reread(change)
    assert later.deadline.isoformat() == "2026-08-22T05:02:00+00:00"
    assert later.invoice.pay_until == later.deadline
    held = {one.until.isoformat() for one in Reservation.objects.filter(origin=change.origin)}
    assert held == {"2026-08-22T09:02:00+00:00"}

    world.at("2026-08-16T10:00+09:00")
    choose(world, change, "card")
    choose(world, change)
    assert world.reread(change).deadline == later.deadline
    world.wait(minutes=10)
    assert world.reread(change).status == states.AWAITING_PAYMENT


def test_the_deadline_is_never_past_the_end_of_the_term(world: World, web: Service) -> None:
    """Neither when it is chosen at Submit nor at the checkout."""
    other = world.service(paid=34_188, months=4, name="web-02")
    world.at("2026-11-29T10:00+09:00")
    change = world.submit(world.quote(web, memory=8), method="bank_transfer")
    assert change.deadline == web.term_ends_at
    world.at("2026-12-13T10:00+09:00")
    later = world.change(other, memory=8)
    choose(world, later)
    assert world.reread(later).deadline == other.term_ends_at


def test_no_transfer_is_begun_after_the_deadline(world: World, change: Change) -> None:
    world.at("2026-08-22T14:03+09:00")
    with world.unchanged(), pytest.raises(PaymentRefused, match="The time to pay"):
        choose(world, change)


def test_a_currency_without_an_account_has_no_transfer(world: World, change: Change) -> None:
    change.invoice.seller.bank_accounts.update(offered=False)
    with world.unchanged(), pytest.raises(PaymentRefused, match="Transfers in JPY are not taken"):
        choose(world, change)
    other = world.quote(world.service(paid=34_188, name="web-02"), memory=8)
    with world.refusing("Choose how you want to pay"):
        world.submit(other, method="bank_transfer")


# --- another way to pay ---------------------------------------------------------------------------------------


def test_a_card_may_pay_instead_and_the_transfer_that_comes_too_is_credit(
    world: World, change: Change
) -> None:
    waits = choose(world, change)
    attempt = choose(world, change, "card")
    assert world.reread(waits).state == "cancelled"
    world.gateway.pay(attempt.gateway_ref, mode="never")
    world.wait(minutes=1)
    assert world.reread(change).status == states.APPLIED

    statement(Entry(amount=5_596, text=waits.gateway_ref))
    world.work()

    assert world.log() == [("late", 5_596, 5_596)]
    assert world.reread(waits).state == "succeeded"
    assert Mail.objects.filter(key__startswith="payment.late:bank:").count() == 1
    assert world.ledger() == {
        "gateway/sandbox/clearing": 5_596, "gateway/bank/clearing": 5_596, "purse/1": -5_596, **BOUGHT,
    }  # fmt: skip


def test_choosing_a_transfer_closes_the_page_for_cards(world: World, change: Change) -> None:
    card = choose(world, change, "card")
    waits = choose(world, change)
    assert world.reread(card).state == "cancelled"
    assert world.gateway.pay(card.gateway_ref) == "closed"
    assert waits.state == "redirected"


def test_a_card_page_that_cannot_be_closed_keeps_its_place(world: World, change: Change) -> None:
    card = choose(world, change, "card")
    world.gateway.fault(call="expire")
    with pytest.raises(PaymentUnknown, match="could not be closed"):
        choose(world, change)
    assert world.reread(card).state == "redirected"
    assert PaymentAttempt.objects.count() == 1


def test_cancelling_ends_the_waiting(world: World, change: Change) -> None:
    attempt = choose(world, change)
    cancel(world.owner, change.reference)
    assert world.reread(attempt).state == "cancelled"

    statement(Entry(amount=5_596, text=attempt.gateway_ref))
    world.work()

    assert (world.log(), world.credit()) == ([("late", 5_596, 5_596)], 5_596)
    assert world.measured(change.service)["memory"] == 4


# --- too little, too much -------------------------------------------------------------------------------------


def test_a_part_waits_for_the_rest_which_may_come_by_transfer(world: World, change: Change) -> None:
    attempt = choose(world, change)
    statement(Entry(amount=5_000, text=attempt.gateway_ref))
    world.work()
    assert (world.reread(change.invoice).due_minor, world.reread(attempt).state) == (596, "redirected")
    assert world.ledger() == {"gateway/bank/clearing": 5_000, receivable(world): -5_000}
    told = instructions(world.reread(change.invoice))
    assert told is not None
    assert told.amount_minor == 596

    statement(Entry(amount=596, text=attempt.gateway_ref, on="2026-08-18"), ref="2026-162")
    world.work()

    assert world.reread(change).status == states.APPLIED
    assert world.ledger() == PAID


def test_a_part_waits_for_the_rest_which_may_come_by_card(world: World, change: Change) -> None:
    attempt = choose(world, change)
    statement(Entry(amount=5_000, text=attempt.gateway_ref))
    card = choose(world, change, "card")
    assert (card.amount_minor, world.reread(attempt).state) == (596, "succeeded")
    world.gateway.pay(card.gateway_ref, mode="never")
    world.wait(minutes=1)

    assert world.reread(change).status == states.APPLIED
    assert world.ledger() == {"gateway/bank/clearing": 5_000, "gateway/sandbox/clearing": 596, **BOUGHT}


def test_who_paid_a_part_is_reminded_of_the_rest_once(world: World, change: Change) -> None:
    """Seven days from 15 August, 14:02: three quarters are over on 20 August at 20:02."""
    statement(Entry(amount=5_000, text=choose(world, change).gateway_ref))
    world.work()
    world.at("2026-08-20T20:01+09:00")
    assert remind() == 0
    world.at("2026-08-20T20:02+09:00")
    assert (remind(), remind()) == (1, 0)
    mail = Mail.objects.get(key__startswith="invoice.rest:")
    assert (
        mail.subject == f"596 JPY are still to be paid until 22 Aug 2026, 14:02 Asia/Tokyo ({change.invoice})"
    )
    assert "5,000 JPY" in mail.body


def test_who_paid_nothing_or_all_is_not_reminded(world: World, change: Change) -> None:
    reference = choose(world, change).gateway_ref
    world.at("2026-08-21T14:02+09:00")
    assert remind() == 0
    statement(Entry(amount=5_596, text=reference))
    world.work()
    assert remind() == 0


def test_a_part_whose_rest_never_comes_is_credit_at_the_deadline(world: World, change: Change) -> None:
    statement(Entry(amount=5_000, text=choose(world, change).gateway_ref))
    world.wait(days=7, minutes=10)
    assert world.reread(change).status == states.EXPIRED
    assert world.log() == [("returned", 5_000, 5_000)]
    assert PaymentAttempt.objects.get().state == "succeeded"


def test_a_surplus_becomes_credit(world: World, change: Change) -> None:
    statement(Entry(amount=6_000, text=choose(world, change).gateway_ref))
    world.work()
    assert world.log() == [("surplus", 404, 404)]
    assert world.reread(change).status == states.APPLIED
    assert world.ledger() == {"gateway/bank/clearing": 6_000, "purse/1": -404, **BOUGHT}


def test_the_same_transfer_made_twice_buys_once(world: World, change: Change) -> None:
    """Two equal entries on one day are two payments: the second is account credit."""
    attempt = choose(world, change)
    twice = [Entry(amount=5_596, text=attempt.gateway_ref)] * 2
    assert statement(*twice).new == 2
    assert statement(*twice).new == 0
    world.work()
    assert world.log() == [("late", 5_596, 5_596)]
    assert world.ledger() == {"gateway/bank/clearing": 11_192, "purse/1": -5_596, **BOUGHT}
