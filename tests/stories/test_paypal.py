"""A change paid through PayPal: the customer approves, we take the money once. 5,596 is due until 15:02."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from prorata import clock
from prorata.changes import states
from prorata.changes.cancel import cancel
from prorata.changes.models import Change
from prorata.config.environment.paypal import PayPal
from prorata.payments.checkout import PaymentUnknown, start_checkout
from prorata.payments.gateways.contract import new_request
from prorata.payments.gateways.paypal import PayPalGateway
from prorata.payments.look import look
from prorata.payments.models import Capture, InboxEvent, PaymentAttempt
from prorata.payments.reconcile import reconcile
from prorata.payments.record_capture import Mismatch
from prorata.payments.refund import refund
from prorata.sandbox.paypal.certificates import kept_signer
from prorata.sandbox.paypal.face import CERTIFICATE, headers
from support.paypal import PayPalProcess, start_paypal
from support.sandboxes import ACCEPTED, DECLINED, FAILS_LATER, NOT_ENOUGH, SETTLES_LATER
from support.world import World, clear_caches

PAID = {"gateway/paypal/clearing": 5_596, "revenue/deferred": -5_088, "tax/0.1": -508}
WEBHOOK_IDS = ("9JH20871M03126712", "4JH86294D6297924G")


@pytest.fixture
def paypal(
    tmp_path: Path, live_server: LiveServer, settings: Settings, world: World
) -> Iterator[PayPalProcess]:
    """The strict processor, which sends its webhooks to the portal, and the portal configured as a start would."""
    with start_paypal(tmp_path, f"{live_server.url}/webhooks/paypal/", list(WEBHOOK_IDS)) as process:
        settings.PRORATA_PAYPAL = PayPal(
            url=process.url,
            client_id=process.CLIENT,
            secret=process.SECRET,
            webhook_ids=WEBHOOK_IDS,
            merchant_id=process.payee,
            roots=process.roots,
        )
        settings.PRORATA_GATEWAYS = settings.PRORATA_GATEWAYS | {
            "paypal": "prorata.config.wiring.paypal_gateway"
        }
        settings.PRORATA_PAYMENT_METHODS = [("paypal", "PayPal", "paypal")]
        clear_caches()
        yield process
    clear_caches()


@pytest.fixture
def change(world: World, paypal: PayPalProcess) -> Change:
    """Memory 4 to 8, submitted at 14:02."""
    web = world.web_01("2026-08-15T14:02+09:00")
    return world.submit(world.quote(web, memory=8), method="paypal")


@pytest.fixture
def attempt(world: World, change: Change) -> PaymentAttempt:
    """The customer stands on PayPal's page."""
    return checkout(world, change)


def checkout(world: World, change: Change) -> PaymentAttempt:
    assert change.invoice is not None
    address = start_checkout(world.owner, change.invoice, "paypal")
    attempt = PaymentAttempt.objects.get(state__in=PaymentAttempt.OPEN)
    assert address == attempt.redirect_url
    return attempt


def approve(
    paypal: PayPalProcess, attempt: PaymentAttempt, card: str = ACCEPTED, mode: str = "never"
) -> None:
    assert paypal.pay(attempt.gateway_ref, card, mode=mode) == "approved"


def captures(paypal: PayPalProcess, attempt: PaymentAttempt) -> list[int]:
    """What PayPal really took."""
    return [capture["amount_minor"] for capture in paypal.captures(str(attempt.pk))]


def assert_paid_once(world: World, paypal: PayPalProcess, change: Change, attempt: PaymentAttempt) -> None:
    assert world.reread(change).status == states.APPLIED
    assert world.measured(change.service)["memory"] == 8
    assert (world.reread(attempt).state, world.reread(attempt).taking_at) == ("succeeded", None)
    assert captures(paypal, attempt) == [5_596]
    assert Capture.objects.get().amount_minor == 5_596
    assert (world.ledger(), world.credit()) == (PAID, 0)
    assert not InboxEvent.objects.exclude(state="done").exists()


def assert_nothing_taken(
    world: World, paypal: PayPalProcess, change: Change, attempt: PaymentAttempt
) -> None:
    assert captures(paypal, attempt) == []
    assert (world.ledger(), world.credit()) == ({}, 0)
    assert world.measured(change.service)["memory"] == 4


def test_the_customer_approves_and_comes_back(
    world: World, paypal: PayPalProcess, change: Change, attempt: PaymentAttempt
) -> None:
    approve(paypal, attempt)
    assert captures(paypal, attempt) == [], "to approve is not to pay"
    assert look(attempt.pk).state == "succeeded"
    world.work()
    assert_paid_once(world, paypal, change, attempt)


def test_the_webhook_comes_first_and_the_customer_later(
    world: World, paypal: PayPalProcess, change: Change, attempt: PaymentAttempt
) -> None:
    approve(paypal, attempt, mode="before")
    assert InboxEvent.objects.get().kind == "CHECKOUT.ORDER.APPROVED"
    assert captures(paypal, attempt) == [], "a webhook is kept and acknowledged; the worker looks into it"
    world.work()
    assert_paid_once(world, paypal, change, attempt)
    look(attempt.pk)
    world.work()
    assert_paid_once(world, paypal, change, attempt)
    kinds = set(InboxEvent.objects.values_list("kind", flat=True))
    assert kinds == {"CHECKOUT.ORDER.APPROVED", "PAYMENT.CAPTURE.COMPLETED", "CHECKOUT.ORDER.COMPLETED"}


def test_a_customer_who_approves_and_never_comes_back_is_found_by_the_sweep(
    world: World, paypal: PayPalProcess, change: Change, attempt: PaymentAttempt
) -> None:
    approve(paypal, attempt)
    world.wait(seconds=20)
    world.work()
    assert_paid_once(world, paypal, change, attempt)


@pytest.mark.parametrize("seed", [1, 2])
def test_messages_that_come_twice_late_and_in_any_order(
    world: World, paypal: PayPalProcess, change: Change, attempt: PaymentAttempt, seed: int
) -> None:
    paypal.settings(webhook_seed=seed, webhook_seconds=0.4)
    approve(paypal, attempt, mode="before")
    look(attempt.pk)
    paypal.wait_delivered(str(attempt.pk))
    world.work()
    assert_paid_once(world, paypal, change, attempt)


def test_redirect_webhook_and_sweep_together_take_the_money_once(
    world: World, paypal: PayPalProcess, change: Change, attempt: PaymentAttempt
) -> None:
    approve(paypal, attempt, mode="before")
    barrier = threading.Barrier(4)

    def run(act: Callable[[], object]) -> None:
        barrier.wait()
        try:
            act()
        finally:
            connection.close()

    together = [threading.Thread(target=run, args=(lambda: look(attempt.pk),)) for _ in range(4)]
    for one in together:
        one.start()
    for one in together:
        one.join()
    world.work()
    world.sweep()
    world.work()
    assert_paid_once(world, paypal, change, attempt)


def test_an_instrument_that_is_declined_sends_the_customer_back_to_choose(
    world: World, paypal: PayPalProcess, change: Change, attempt: PaymentAttempt
) -> None:
    for card in (DECLINED, NOT_ENOUGH):
        approve(paypal, attempt, card)
        declined = look(attempt.pk)
        assert (declined.state, declined.taking_at) == ("redirected", None)
        assert "Choose another way to pay on PayPal's page" in declined.reason
        assert_nothing_taken(world, paypal, change, attempt)
    assert checkout(world, change).pk == attempt.pk, "the same page, where another way is chosen"
    approve(paypal, attempt)
    assert look(attempt.pk).reason == ""
    world.work()
    assert_paid_once(world, paypal, change, attempt)


@pytest.mark.parametrize("effect", ["before", "after"])
def test_a_capture_whose_answer_is_lost_is_asked_for_again(
    world: World, paypal: PayPalProcess, change: Change, attempt: PaymentAttempt, effect: str
) -> None:
    paypal.fault(call="capture", effect=effect)
    approve(paypal, attempt)
    unknown = look(attempt.pk)
    assert (unknown.state, unknown.reason) == ("redirected", "")
    assert unknown.taking_at is not None
    assert captures(paypal, attempt) == ([] if effect == "before" else [5_596])
    assert not Capture.objects.exists()
    look(attempt.pk)
    world.work()
    assert_paid_once(world, paypal, change, attempt)


def test_an_order_whose_answer_is_lost_is_found_by_its_request_id(
    world: World, paypal: PayPalProcess, change: Change
) -> None:
    paypal.fault(call="create", effect="after")
    assert change.invoice is not None
    with pytest.raises(PaymentUnknown):
        start_checkout(world.owner, change.invoice, "paypal")
    attempt = PaymentAttempt.objects.get()
    seen = look(attempt.pk)
    assert (seen.state, bool(seen.gateway_ref)) == ("redirected", True)
    assert start_checkout(world.owner, change.invoice, "paypal").startswith(paypal.url)
    assert paypal.effects(str(attempt.pk))["payments"] == 1
    approve(paypal, seen)
    look(attempt.pk)
    world.work()
    assert_paid_once(world, paypal, change, attempt)


def test_nothing_is_taken_for_a_change_that_was_cancelled(
    world: World, paypal: PayPalProcess, change: Change, attempt: PaymentAttempt
) -> None:
    """PayPal cannot close an order. The customer approves it after all, and we leave it alone."""
    cancel(world.owner, change.reference)
    assert world.reread(attempt).state == "cancelled"
    approve(paypal, attempt, mode="before")
    look(attempt.pk)
    world.work()
    world.wait(minutes=5)
    assert world.reread(attempt).state == "cancelled"
    assert InboxEvent.objects.get().state == "done"
    assert_nothing_taken(world, paypal, change, attempt)


def test_nothing_is_taken_while_closing_is_not_known_at_paypal(
    world: World, paypal: PayPalProcess, change: Change, attempt: PaymentAttempt
) -> None:
    """The invoice is closed, the note on the order was lost, and the customer approves: our own books decide."""
    paypal.fault(call="update", effect="before")
    cancel(world.owner, change.reference)
    assert world.reread(attempt).state == "redirected"
    approve(paypal, attempt)
    assert look(attempt.pk).state == "redirected"
    assert_nothing_taken(world, paypal, change, attempt)
    PaymentAttempt.objects.update(checked_at=None)
    world.sweep()
    assert world.reread(attempt).state == "cancelled"
    assert_nothing_taken(world, paypal, change, attempt)


def test_money_that_was_taken_before_the_change_was_cancelled_becomes_credit(
    world: World, paypal: PayPalProcess, change: Change, attempt: PaymentAttempt
) -> None:
    """The capture's answer was lost and the time to pay ran out meanwhile."""
    paypal.fault(call="capture", effect="after")
    approve(paypal, attempt)
    assert look(attempt.pk).state == "redirected"
    paypal.settings(down=True)
    world.wait(minutes=66)
    assert world.reread(change).status == states.EXPIRED
    assert world.reread(attempt).state == "redirected", "what became of it is not known"
    paypal.settings(down=False)
    PaymentAttempt.objects.update(checked_at=None)
    world.sweep()
    assert (world.reread(attempt).state, world.credit()) == ("succeeded", 5_596)
    assert captures(paypal, attempt) == [5_596]
    assert world.measured(change.service)["memory"] == 4


def test_it_is_not_called_cancelled_while_our_capture_may_be_on_its_way(
    world: World, paypal: PayPalProcess, change: Change, attempt: PaymentAttempt
) -> None:
    paypal.fault(call="capture", effect="before")
    approve(paypal, attempt)
    look(attempt.pk)
    cancel(world.owner, change.reference)
    assert world.reread(attempt).state == "redirected"
    PaymentAttempt.objects.update(
        checked_at=None, taking_at=clock.machine_now() - timedelta(minutes=1, seconds=1)
    )
    world.sweep()
    assert (world.reread(attempt).state, world.reread(attempt).taking_at) == ("cancelled", None)
    assert_nothing_taken(world, paypal, change, attempt)


def test_an_order_that_paypal_has_forgotten_lets_the_customer_begin_anew(
    world: World, paypal: PayPalProcess, change: Change, attempt: PaymentAttempt
) -> None:
    paypal.settings(unpaid_seconds=0)
    gone = look(attempt.pk)
    assert (gone.state, gone.reason) == ("failed", "It was not paid in time.")
    paypal.settings(unpaid_seconds=10_800)
    second = checkout(world, change)
    assert second.pk != attempt.pk
    approve(paypal, second)
    look(second.pk)
    world.work()
    assert_paid_once(world, paypal, change, second)


@pytest.mark.parametrize("well", [True, False])
def test_an_echeck_is_waited_for(
    world: World, paypal: PayPalProcess, change: Change, attempt: PaymentAttempt, well: bool
) -> None:
    approve(paypal, attempt, SETTLES_LATER if well else FAILS_LATER)
    assert look(attempt.pk).state == "processing"
    world.work()
    assert_nothing_taken(world, paypal, change, attempt)
    with world.refusing("Your payment is being checked"):
        cancel(world.owner, change.reference)
    paypal.settle(attempt.gateway_ref)
    ended = look(attempt.pk)
    world.work()
    if well:
        assert_paid_once(world, paypal, change, attempt)
    else:
        assert (ended.state, ended.reason) == (
            "failed",
            "PayPal could not collect the money; nothing was taken.",
        )
        assert_nothing_taken(world, paypal, change, attempt)


def test_a_refund_on_paypals_own_pages_is_learned_from_its_message(
    world: World, paypal: PayPalProcess, change: Change, attempt: PaymentAttempt
) -> None:
    approve(paypal, attempt)
    look(attempt.pk)
    world.work()
    assert_paid_once(world, paypal, change, attempt)
    paypal.refund_by_hand(attempt.gateway_ref, 1_000)
    paypal.wait_delivered(str(attempt.pk))
    world.work()
    assert world.ledger()["gateway/paypal/clearing"] == 4_596
    assert InboxEvent.objects.filter(kind="PAYMENT.CAPTURE.REFUNDED").get().state == "done"


def test_a_refund_of_ours_whose_answer_was_lost_is_made_once(
    world: World, paypal: PayPalProcess, change: Change, attempt: PaymentAttempt
) -> None:
    approve(paypal, attempt)
    look(attempt.pk)
    world.work()
    paypal.fault(call="refund", effect="after")
    made = refund(Capture.objects.get().pk, amount_minor=2_000, reason="Goodwill", actor="staff:test")
    assert made.state == "unknown"
    type(made).objects.update(checked_at=None)
    world.sweep()
    assert world.reread(made).state == "succeeded"
    assert [given["amount_minor"] for given in paypal.effects(str(attempt.pk))["refunds"]] == [2_000]
    assert world.ledger()["gateway/paypal/clearing"] == 3_596


def test_a_dispute_takes_the_money_and_brings_it_back(
    world: World, paypal: PayPalProcess, change: Change, attempt: PaymentAttempt
) -> None:
    approve(paypal, attempt)
    look(attempt.pk)
    world.work()
    dispute = paypal.dispute(attempt.gateway_ref, inquiry=True)
    paypal.wait_delivered(str(attempt.pk))
    world.work()
    assert world.ledger() == PAID, "a question takes nothing"
    paypal.move_dispute(dispute, "open")
    paypal.wait_delivered(str(attempt.pk))
    world.work()
    assert "gateway/paypal/clearing" not in world.ledger()
    paypal.move_dispute(dispute, "won")
    paypal.wait_delivered(str(attempt.pk))
    world.work()
    assert world.ledger()["gateway/paypal/clearing"] == 5_596


def test_a_dispute_that_is_lost_in_part_gives_the_rest_back(
    world: World, paypal: PayPalProcess, change: Change, attempt: PaymentAttempt
) -> None:
    """2026-11-27: the buyer got 2,000 of the 5,596 he disputed, and all of it stayed booked as lost."""
    approve(paypal, attempt)
    look(attempt.pk)
    world.work()
    dispute = paypal.dispute(attempt.gateway_ref)
    paypal.wait_delivered(str(attempt.pk))
    world.work()
    assert "gateway/paypal/clearing" not in world.ledger()
    paypal.move_dispute(dispute, "lost", kept_minor=2_000)
    paypal.wait_delivered(str(attempt.pk))
    world.work()
    assert world.ledger()["gateway/paypal/clearing"] == 3_596
    assert world.ledger()["customer/1/owed"] == 2_000
    run = reconcile("paypal")
    assert run is not None
    assert (run.differences, run.problem) == ([], "")


def test_an_order_that_pays_somebody_else_is_never_captured(
    world: World, paypal: PayPalProcess, change: Change, attempt: PaymentAttempt
) -> None:
    paypal.settings(report_payee="SMBDYELSE2222")
    approve(paypal, attempt, mode="before")
    world.work()
    assert InboxEvent.objects.get().state == "quarantined"
    with pytest.raises(Mismatch):
        look(attempt.pk)
    assert_nothing_taken(world, paypal, change, attempt)


def test_an_order_over_another_amount_is_never_captured(
    world: World,
    paypal: PayPalProcess,
    change: Change,
    attempt: PaymentAttempt,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    approve(paypal, attempt)
    fetch = PayPalGateway.fetch
    monkeypatch.setattr(PayPalGateway, "fetch", lambda self, ref: replace(fetch(self, ref), amount_minor=5))
    with pytest.raises(Mismatch, match="not what we asked for"):
        look(attempt.pk)
    assert_nothing_taken(world, paypal, change, attempt)


def test_a_strangers_paid_order_pays_nothing_of_ours(
    world: World, paypal: PayPalProcess, change: Change, attempt: PaymentAttempt
) -> None:
    """A genuine message about a small order of another installation that shares the account."""
    other, request = paypal.adapter(), new_request(amount_minor=1)
    ref = other.create_checkout(request).ref
    paypal.pay(ref)
    other.complete(ref)
    paypal.wait_delivered(request.attempt_id)
    world.work()
    assert InboxEvent.objects.count() == 3
    assert set(InboxEvent.objects.values_list("state", flat=True)) == {"quarantined"}
    assert_nothing_taken(world, paypal, change, attempt)


def test_only_a_genuine_message_for_this_door_is_kept(
    world: World, paypal: PayPalProcess, change: Change, attempt: PaymentAttempt
) -> None:
    """Unsigned, signed for another webhook, and at the door of another gateway: 400, and nothing is kept."""
    body = json.dumps(
        {"id": "WH-1", "event_type": "CHECKOUT.ORDER.APPROVED", "resource": {"id": attempt.gateway_ref}}
    )
    client = Client()
    for door in ("paypal", "sandbox"):
        told = client.post(f"/webhooks/{door}/", body, content_type="application/json")
        assert (told.status_code, told.content) == (400, b"bad signature")
    for door, signed in genuine(paypal, body.encode()):
        told = client.post(f"/webhooks/{door}/", body, content_type="application/json", headers=signed)
        assert (told.status_code, told.content) == (400, b"bad signature")
    assert not InboxEvent.objects.exists()


def genuine(paypal: PayPalProcess, body: bytes) -> list[tuple[str, dict[str, str]]]:
    """Signed by the processor's own key: for a webhook that is not ours, and at another gateway's door."""
    signer, at = kept_signer(paypal.store), int(clock.machine_now().timestamp())
    address = f"{paypal.url}/v1/notifications/certs/{CERTIFICATE}"
    return [
        ("paypal", headers(signer, "8SB03226UM0183423", body, at, address)),
        ("sandbox", headers(signer, WEBHOOK_IDS[0], body, at, address)),
    ]
