"""Money that is late, too much, too little, in another currency, or somebody else's. None of it is ever lost."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from prorata.changes import states
from prorata.changes.cancel import cancel
from prorata.changes.models import Change
from prorata.notices.models import Mail
from prorata.payments.look import look
from prorata.payments.models import Capture, PaymentAttempt
from prorata.payments.record_capture import Mismatch
from prorata.services.models import Service
from support.world import World

PAID = {"gateway/sandbox/clearing": 5_596, "revenue/deferred": -5_088, "tax/0.1": -508}


@pytest.fixture
def web(world: World) -> Service:
    return world.web_01("2026-08-15T14:02+09:00")


@pytest.fixture
def change(world: World, web: Service) -> Change:
    """Memory 4 to 8, submitted: 5,596 is due within the hour."""
    return world.change(web, memory=8)


def pay_unseen(world: World, change: Change) -> PaymentAttempt:
    """The card is charged; neither a webhook nor the customer comes back."""
    attempt = world.checkout(change)
    assert world.gateway.pay(attempt.gateway_ref, mode="never") == "paid"
    return attempt


def assert_all_is_credit(world: World, change: Change, status: str, what: str = "late") -> None:
    """The whole 5,596 is account credit; nothing was bought, and the customer is told once."""
    assert world.reread(change).status == status
    assert world.log() == [(what, 5_596, 5_596)]
    assert world.purses() == [("account", 5_596, None)]
    assert world.ledger() == {"gateway/sandbox/clearing": 5_596, "purse/1": -5_596}
    assert world.measured(change.service)["memory"] == 4
    mail = Mail.objects.get(key__startswith="payment.late:")
    assert (mail.to, mail.state) == (world.customer.email, "sent")


# --- late -----------------------------------------------------------------------------------------------------


def test_a_payment_made_before_the_page_could_be_closed_becomes_credit(world: World, change: Change) -> None:
    """Cancelled while the customer's card went through: closing the page brings the payment to light."""
    attempt = pay_unseen(world, change)
    cancel(world.owner, change.reference)
    world.work()

    assert_all_is_credit(world, change, states.CANCELLED)
    assert world.reread(attempt).state == "succeeded"
    assert Capture.objects.get().outcome == "credit"


def test_a_payment_after_cancelling_becomes_credit_by_itself(world: World, change: Change) -> None:
    """The gateway could not be told to close its page, and the customer paid there later."""
    attempt = world.checkout(change)
    world.gateway.fault(call="expire")
    cancel(world.owner, change.reference)
    world.work()
    world.gateway.pay(attempt.gateway_ref, mode="never")

    world.wait(minutes=10)

    assert_all_is_credit(world, change, states.CANCELLED)


def test_a_page_that_could_not_be_closed_is_closed_by_the_sweep(world: World, change: Change) -> None:
    attempt = world.checkout(change)
    world.gateway.fault(call="expire")
    cancel(world.owner, change.reference)
    world.work()
    assert world.reread(attempt).state == "redirected"

    world.wait(minutes=10)

    assert world.reread(attempt).state == "cancelled"
    assert world.gateway.pay(attempt.gateway_ref) == "closed"


def test_a_payment_after_expiry_becomes_credit_by_itself(world: World, change: Change) -> None:
    """Money on a page that was closed long ago; some ways of paying do that."""
    attempt = world.checkout(change)
    world.wait(minutes=65)
    assert world.reread(change).status == states.EXPIRED
    assert world.reread(attempt).state == "cancelled"

    world.gateway.add_capture(attempt.gateway_ref, 5_596)
    look(attempt.pk)
    world.work()

    assert_all_is_credit(world, change, states.EXPIRED)
    assert world.reread(attempt).state == "succeeded"


def test_a_payment_within_the_grace_of_the_deadline_still_buys(world: World, change: Change) -> None:
    """Due until 15:02; the card was charged at 15:01 and is heard of at 15:06, a minute before the change would end."""
    pay_unseen(world, change)
    world.wait(minutes=64)

    assert world.reread(change).status == states.APPLIED
    assert world.ledger() == PAID


def test_late_credit_pays_the_next_change(world: World, change: Change) -> None:
    pay_unseen(world, change)
    cancel(world.owner, change.reference)

    again = world.change(change.service, memory=8)

    assert (again.status, again.gross_minor) == (states.APPLYING, 5_596)
    world.work()
    assert world.reread(again).status == states.APPLIED
    assert (world.credit(), world.ledger()) == (0, PAID)


# --- too much, too little -------------------------------------------------------------------------------------


def test_a_surplus_becomes_credit_in_the_same_moment(world: World, change: Change) -> None:
    world.gateway.settings(capture_amount_minor=6_000)
    world.pay(change)
    assert world.log() == [("surplus", 404, 404)]
    world.work()

    assert world.reread(change).status == states.APPLIED
    assert (world.reread(change.invoice).received_minor, Capture.objects.get().outcome) == (5_596, "surplus")
    assert world.ledger() == {
        "gateway/sandbox/clearing": 6_000, "revenue/deferred": -5_088, "tax/0.1": -508, "purse/1": -404,
    }  # fmt: skip


def test_money_charged_twice_buys_once_and_the_second_time_is_credit(world: World, change: Change) -> None:
    attempt = world.pay(change)
    world.work()
    world.gateway.add_capture(attempt.gateway_ref, 5_596)
    look(attempt.pk)
    look(attempt.pk)
    world.work()

    assert world.reread(change).status == states.APPLIED
    assert world.log() == [("late", 5_596, 5_596)]
    assert world.ledger() == {
        "gateway/sandbox/clearing": 11_192, "revenue/deferred": -5_088, "tax/0.1": -508, "purse/1": -5_596,
    }  # fmt: skip


def test_a_part_of_the_money_waits_on_the_invoice_for_the_rest(world: World, change: Change) -> None:
    world.gateway.settings(capture_amount_minor=5_000)
    world.pay(change)
    world.work()
    invoice = world.reread(change.invoice)
    assert (invoice.status, invoice.received_minor, invoice.due_minor) == ("open", 5_000, 596)
    assert world.reread(change).status == states.AWAITING_PAYMENT
    assert world.measured(change.service)["memory"] == 4
    receivable = f"customer/{world.customer.pk}/receivable"
    assert world.ledger() == {"gateway/sandbox/clearing": 5_000, receivable: -5_000}
    assert world.credit() == 0

    world.gateway.settings(capture_amount_minor=None)
    rest = world.pay(change)
    assert rest.amount_minor == 596
    world.work()

    assert world.reread(change).status == states.APPLIED
    assert world.ledger() == PAID


def test_a_part_of_the_money_whose_rest_never_comes_is_credit_at_the_deadline(
    world: World, change: Change
) -> None:
    world.gateway.settings(capture_amount_minor=5_000)
    world.pay(change)
    world.wait(minutes=65)

    assert world.reread(change).status == states.EXPIRED
    assert world.log() == [("returned", 5_000, 5_000)]
    assert world.ledger() == {"gateway/sandbox/clearing": 5_000, "purse/1": -5_000}
    assert world.measured(change.service)["memory"] == 4


def test_a_pledge_and_a_part_of_the_money_both_come_back(world: World, web: Service) -> None:
    """1,500 gifted is held, 4,096 is asked of the card, 4,000 comes."""
    world.gift(1_500, until="2026-09-30T00:00+09:00")
    change = world.change(web, memory=8)
    world.gateway.settings(capture_amount_minor=4_000)
    world.pay(change)
    world.wait(minutes=65)

    assert world.reread(change).status == states.EXPIRED
    assert world.purses() == [("gifted", 1_500, "2026-09-30"), ("account", 4_000, None)]


# --- not ours -------------------------------------------------------------------------------------------------


def test_another_currency_is_held_for_staff_and_never_converted(world: World, change: Change) -> None:
    world.gateway.settings(capture_currency="USD")
    world.pay(change)
    world.wait(minutes=65)

    assert world.reread(change).status == states.EXPIRED
    assert Capture.objects.get().outcome == "suspense"
    assert world.ledger("USD") == {"gateway/sandbox/clearing": 5_596, "suspense": -5_596}
    assert (world.ledger("JPY"), world.log(), world.credit("USD")) == ({}, [], 0)


@pytest.mark.parametrize("lie", [{"report_payee": "somebody-else"}, {"report_live": True}])
def test_a_payment_to_another_payee_or_in_another_mode_is_not_booked(
    world: World, change: Change, lie: dict[str, object]
) -> None:
    attempt = pay_unseen(world, change)
    world.gateway.settings(**lie)
    with world.unchanged(), pytest.raises(Mismatch):
        look(attempt.pk)
    client = Client()
    client.force_login(world.owner)
    back = client.get(reverse("portal:come_back", args=[attempt.pk]), follow=True)
    assert (back.status_code, back.request["PATH_INFO"]) == (200, f"/changes/{change.reference}")
    world.sweep()
    assert not Capture.objects.exists()
    assert world.reread(change).status == states.AWAITING_PAYMENT

    world.gateway.settings(**dict.fromkeys(lie))
    look(attempt.pk)
    world.work()
    assert world.ledger() == PAID


def test_a_payment_of_another_attempt_is_not_booked(world: World, change: Change) -> None:
    """Two services, two invoices: the one's payment cannot settle the other."""
    other = world.change(world.service(paid=34_188, name="web-02"), memory=8)
    mine, theirs = pay_unseen(world, change), world.checkout(other)
    PaymentAttempt.objects.filter(pk=mine.pk).update(gateway_ref="")
    PaymentAttempt.objects.filter(pk=theirs.pk).update(gateway_ref=mine.gateway_ref)

    with world.unchanged(), pytest.raises(Mismatch, match="not ours"):
        look(theirs.pk)

    assert not Capture.objects.exists()


# --- after the term -------------------------------------------------------------------------------------------


def test_money_for_a_service_whose_term_is_over_buys_nothing(world: World, web: Service) -> None:
    """Submitted at 07:30 on the last day, due until the term ends at 08:00; the money is heard of at 08:01."""
    world.at("2026-12-01T07:30+09:00")
    change = world.change(web, memory=8)
    assert change.deadline == web.term_ends_at
    attempt = pay_unseen(world, change)
    world.at("2026-12-01T08:01+09:00")
    look(attempt.pk)
    world.wait(minutes=5)

    assert world.reread(change).status == states.EXPIRED
    assert world.log() == [("late", change.gross_minor, change.gross_minor)]
    assert world.measured(web)["memory"] == 4


def test_money_for_a_service_that_was_terminated_meanwhile_buys_nothing(world: World, change: Change) -> None:
    attempt = pay_unseen(world, change)
    Service.objects.filter(pk=change.service_id).update(status=Service.Status.TERMINATED)
    look(attempt.pk)
    world.work()

    assert_all_is_credit(world, change, states.AWAITING_PAYMENT)
    world.wait(minutes=65)
    assert world.reread(change).status == states.EXPIRED
