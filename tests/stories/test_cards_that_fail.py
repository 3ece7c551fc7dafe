"""Cards that are declined, customers who never come back, gateways that do not answer."""

from __future__ import annotations

import pytest

from prorata.changes import states
from prorata.changes.cancel import cancel
from prorata.changes.models import Change
from prorata.notices.models import Mail
from prorata.payments.checkout import PaymentRefused, PaymentUnknown, start_checkout
from prorata.payments.look import look
from prorata.payments.models import Capture, PaymentAttempt
from prorata.services.models import Service
from support.sandboxes import ASKS_BANK, DECLINED, FAILS_LATER, NOT_ENOUGH, SETTLES_LATER
from support.world import World

PAID = {"gateway/sandbox/clearing": 5_596, "revenue/deferred": -5_088, "tax/0.1": -508}


@pytest.fixture
def web(world: World) -> Service:
    return world.web_01("2026-08-15T14:02+09:00")


@pytest.fixture
def change(world: World, web: Service) -> Change:
    """Memory 4 to 8, submitted: 5,596 is due within the hour."""
    return world.change(web, memory=8)


def assert_nothing_taken(world: World, change: Change) -> None:
    assert world.reread(change).status == states.AWAITING_PAYMENT
    assert world.reread(change.invoice).status == "open"
    assert not Capture.objects.exists()
    assert world.ledger() == {}
    assert world.measured(change.service)["memory"] == 4


def assert_applied(world: World, change: Change) -> None:
    assert world.reread(change).status == states.APPLIED
    assert world.measured(change.service)["memory"] == 8
    assert world.ledger() == PAID


def test_a_declined_card_takes_nothing_and_another_card_pays(world: World, change: Change) -> None:
    attempt = world.pay(change, DECLINED)
    assert (attempt.state, attempt.reason) == ("redirected", "The card was declined.")
    world.work()
    assert_nothing_taken(world, change)

    again = world.pay(change, NOT_ENOUGH)
    assert (again.pk, again.reason) == (attempt.pk, "There is not enough money on the card.")

    again = world.pay(change)
    assert (again.pk, again.state, again.reason) == (attempt.pk, "succeeded", "")
    world.work()
    assert_applied(world, change)


def test_a_bank_that_asks_and_is_not_answered_leaves_the_page_open(world: World, change: Change) -> None:
    attempt = world.checkout(change)
    assert world.gateway.pay(attempt.gateway_ref, ASKS_BANK) == "confirm"
    assert look(attempt.pk).state == "redirected"
    assert_nothing_taken(world, change)

    world.pay(change, ASKS_BANK, confirm=True)
    world.work()
    assert_applied(world, change)


def test_slow_money_is_waited_for_and_cannot_be_paid_twice(world: World, change: Change) -> None:
    attempt = world.pay(change, SETTLES_LATER)
    assert attempt.state == "processing"
    with pytest.raises(PaymentUnknown, match="charge you twice"):
        start_checkout(world.owner, change.invoice, "card")
    with world.refusing("Your payment is being checked"):
        cancel(world.owner, change.reference)
    assert_nothing_taken(world, change)

    world.gateway.settle(attempt.gateway_ref)
    look(attempt.pk)
    world.work()
    assert_applied(world, change)


def test_slow_money_that_bounces_leaves_the_invoice_to_another_card(world: World, change: Change) -> None:
    attempt = world.pay(change, FAILS_LATER)
    world.gateway.settle(attempt.gateway_ref)
    failed = look(attempt.pk)
    assert (failed.state, failed.reason) == ("failed", "The bank sent the payment back.")
    assert_nothing_taken(world, change)

    second = world.pay(change)
    assert second.pk != attempt.pk
    world.work()
    assert_applied(world, change)


def test_a_customer_who_never_comes_back_loses_nothing_but_the_quote(world: World, change: Change) -> None:
    """Submitted at 14:02, due until 15:02. Money may still be on its way for five minutes; then it is over."""
    attempt = world.checkout(change)
    world.wait(minutes=60)
    assert world.reread(change).status == states.AWAITING_PAYMENT
    with pytest.raises(PaymentRefused, match="time to pay"):
        start_checkout(world.owner, change.invoice, "card")

    world.wait(minutes=5)

    assert world.reread(change).status == states.EXPIRED
    assert world.reread(change.invoice).status == "expired"
    assert world.reread(attempt).state == "cancelled"
    assert world.gateway.pay(attempt.gateway_ref) == "closed"
    assert world.measured(change.service)["memory"] == 4
    assert (world.ledger(), world.credit()) == ({}, 0)
    assert Mail.objects.filter(key=f"change.expired:{change.reference}").count() == 1
    assert world.change(change.service, memory=8).status == states.AWAITING_PAYMENT, "the slot is free again"


def test_a_gateway_that_never_heard_of_the_payment_blocks_it_for_a_minute(
    world: World, change: Change
) -> None:
    """The call was lost before it had an effect. We cannot know that at once."""
    world.gateway.fault(call="create", effect="before")
    with pytest.raises(PaymentUnknown, match="checking"):
        start_checkout(world.owner, change.invoice, "card")
    attempt = PaymentAttempt.objects.get()
    assert attempt.state == "unknown"
    with world.unchanged(), pytest.raises(PaymentUnknown, match="charge you twice"):
        start_checkout(world.owner, change.invoice, "card")
    with world.refusing("Your payment is being checked"):
        cancel(world.owner, change.reference)

    assert look(attempt.pk).state == "unknown", "the call may still be on its way"
    world.wait(minutes=1)
    gone = look(attempt.pk)
    assert (gone.state, gone.reason) == (
        "failed",
        "The payment service never received it; nothing was taken.",
    )
    assert_nothing_taken(world, change)

    world.pay(change)
    world.work()
    assert_applied(world, change)
    assert PaymentAttempt.objects.count() == 2


def test_an_answer_that_was_lost_is_found_and_the_same_page_is_shown(world: World, change: Change) -> None:
    """The gateway made the payment; only its answer was lost."""
    world.gateway.fault(call="create", effect="after")
    with pytest.raises(PaymentUnknown):
        start_checkout(world.owner, change.invoice, "card")
    attempt = PaymentAttempt.objects.get()
    assert (attempt.state, attempt.gateway_ref) == ("unknown", "")

    found = look(attempt.pk)

    assert (found.state, found.gateway_ref) == ("redirected", world.gateway.effects(str(attempt.pk))["ref"])
    assert found.gateway_ref in start_checkout(world.owner, change.invoice, "card")
    world.pay(change)
    world.work()
    assert_applied(world, change)
    assert PaymentAttempt.objects.count() == 1


def test_a_gateway_that_is_down_when_the_customer_comes_back_is_asked_again(
    world: World, change: Change
) -> None:
    attempt = world.checkout(change)
    world.gateway.pay(attempt.gateway_ref, mode="never")
    world.gateway.fault(call="fetch", kind="error")
    assert look(attempt.pk).state == "redirected", "no answer is no failure"
    assert_nothing_taken(world, change)

    look(attempt.pk)
    world.work()
    assert_applied(world, change)


def test_pay_now_twice_leads_to_one_page(world: World, change: Change) -> None:
    before = len(world.gateway.calls("create"))
    first = start_checkout(world.owner, change.invoice, "card")
    assert start_checkout(world.owner, change.invoice, "card") == first
    assert PaymentAttempt.objects.count() == 1
    assert len(world.gateway.calls("create")) - before == 1
