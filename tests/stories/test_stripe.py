"""A change paid through Stripe: Checkout, signed webhooks in any order, refunds and disputes. 5,596 is due."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import stripe as sdk
from django.test import Client
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from prorata.changes import states
from prorata.changes.models import Change
from prorata.config.environment import Stripe
from prorata.payments.charge_saved import pay_with_saved
from prorata.payments.checkout import PaymentUnknown, start_checkout
from prorata.payments.gateways.contract import new_request
from prorata.payments.look import look
from prorata.payments.models import Capture, InboxEvent, PaymentAttempt, SavedMethod
from prorata.payments.reconcile import reconcile
from prorata.payments.record_capture import Mismatch
from prorata.payments.refund import refund
from support.sandboxes import ACCEPTED, ASKS_ALWAYS, DECLINED, StripeProcess, start_stripe
from support.world import World, clear_caches

PAID = {"gateway/stripe/clearing": 5_596, "revenue/deferred": -5_088, "tax/0.1": -508}
SECRETS = ("whsec_new", "whsec_old")


@pytest.fixture
def stripe(
    tmp_path: Path, live_server: LiveServer, settings: Settings, world: World
) -> Iterator[StripeProcess]:
    """The strict processor, which sends its webhooks to the portal, and the portal configured as a start would."""
    url = f"{live_server.url}/webhooks/stripe/"
    with start_stripe(tmp_path, url, list(SECRETS), site="prorata") as process:
        settings.PRORATA_STRIPE = Stripe(
            secret_key=process.API_KEY, webhook_secrets=SECRETS, site="prorata", api_url=process.url
        )
        settings.PRORATA_GATEWAYS = {"stripe": "prorata.config.wiring.stripe_gateway"}
        settings.PRORATA_PAYMENT_METHODS = [("stripe", "Card, through Stripe", "stripe")]
        clear_caches()
        yield process
    clear_caches()


@pytest.fixture
def change(world: World, stripe: StripeProcess) -> Change:
    """Memory 4 to 8, submitted."""
    web = world.web_01("2026-08-15T14:02+09:00")
    return world.submit(world.quote(web, memory=8), method="stripe")


def checkout(world: World, change: Change) -> PaymentAttempt:
    assert change.invoice is not None
    address = start_checkout(world.owner, change.invoice, "stripe")
    attempt = PaymentAttempt.objects.get(state__in=PaymentAttempt.OPEN)
    assert address == attempt.redirect_url
    return attempt


def assert_paid_once(world: World, change: Change, attempt: PaymentAttempt) -> None:
    assert world.reread(change).status == states.APPLIED
    assert world.measured(change.service)["memory"] == 8
    assert world.reread(attempt).state == "succeeded"
    assert Capture.objects.get().amount_minor == 5_596
    assert world.ledger() == PAID
    assert not InboxEvent.objects.exclude(state="done").exists()


def test_a_card_pays_and_the_machine_grows(world: World, stripe: StripeProcess, change: Change) -> None:
    attempt = checkout(world, change)
    assert attempt.gateway_ref.startswith("cs_test_")
    assert stripe.pay(attempt.gateway_ref, DECLINED) == "declined"
    world.work()
    assert world.reread(attempt).reason
    assert stripe.pay(attempt.gateway_ref) == "paid"
    world.work()
    assert_paid_once(world, change, attempt)
    kinds = set(InboxEvent.objects.values_list("kind", flat=True))
    assert {"checkout.session.completed", "charge.succeeded", "payment_intent.succeeded"} <= kinds


@pytest.mark.parametrize("seed", [1, 2])
def test_messages_that_come_twice_late_and_in_any_order(
    world: World, stripe: StripeProcess, change: Change, seed: int
) -> None:
    stripe.settings(webhook_seed=seed, webhook_seconds=0.4)
    attempt = checkout(world, change)
    stripe.pay(attempt.gateway_ref)
    stripe.wait_delivered(str(attempt.pk))
    world.work()
    assert_paid_once(world, change, attempt)
    deliveries = stripe.effects(str(attempt.pk))["deliveries"]
    assert len(deliveries) > InboxEvent.objects.count() == 3


def test_an_answer_that_was_lost_is_found_by_listing(
    world: World, stripe: StripeProcess, change: Change
) -> None:
    stripe.fault(call="create", effect="after")
    assert change.invoice is not None
    with pytest.raises(PaymentUnknown):
        start_checkout(world.owner, change.invoice, "stripe")
    attempt = PaymentAttempt.objects.get()
    assert (attempt.state, attempt.gateway_ref) == ("unknown", "")
    seen = look(attempt.pk)
    assert (seen.state, seen.gateway_ref[:3]) == ("redirected", "cs_")
    assert stripe.effects(str(attempt.pk))["payments"] == 1
    stripe.pay(seen.gateway_ref)
    world.work()
    assert_paid_once(world, change, attempt)


def test_refund_and_dispute_are_booked_by_their_webhooks(
    world: World, stripe: StripeProcess, change: Change
) -> None:
    attempt = checkout(world, change)
    stripe.pay(attempt.gateway_ref)
    world.work()
    made = refund(
        Capture.objects.get().pk, amount_minor=596, reason="promised", actor=f"user:{world.owner.pk}"
    )
    assert (made.state, made.refund_id[:3]) == ("succeeded", "re_")
    stripe.refund_by_hand(attempt.gateway_ref, 1_000)
    disputed = stripe.dispute(attempt.gateway_ref)
    stripe.wait_delivered(str(attempt.pk))
    world.work()
    assert world.ledger() == {"revenue/deferred": -5_088, "tax/0.1": -508, "customer/1/owed": 5_596}
    stripe.move_dispute(disputed, "won")
    stripe.wait_delivered(str(attempt.pk))
    world.work()
    assert world.ledger() == {**PAID, "gateway/stripe/clearing": 4_000, "customer/1/owed": 1_596}
    run = reconcile("stripe")
    assert run is not None
    assert (run.differences, run.problem) == ([], "")


def test_a_kept_card_is_charged_and_one_that_wants_its_customer_leads_to_checkout(
    world: World, stripe: StripeProcess, change: Change
) -> None:
    """The bank asks each time: nothing is taken alone, and Checkout lets the customer confirm."""
    assert change.invoice is not None
    start_checkout(world.owner, change.invoice, "stripe", save=True)
    first = PaymentAttempt.objects.get()
    stripe.pay(first.gateway_ref, ASKS_ALWAYS, confirm=True)
    world.work()
    assert_paid_once(world, change, first)
    saved = SavedMethod.objects.get()
    assert (saved.label, saved.method_ref[:4]) == ("Visa ···· 3184", "cus_")
    service = world.reread(change.service)
    bigger = world.submit(world.quote(service, cpu=4), method="stripe")
    address = pay_with_saved(world.owner, bigger.invoice, saved.pk)
    attempt = PaymentAttempt.objects.get(state="redirected")
    assert address == attempt.redirect_url
    assert Capture.objects.count() == 1
    stripe.pay(attempt.gateway_ref, ACCEPTED)
    world.work()
    assert world.reread(bigger).status == states.APPLIED
    assert Capture.objects.count() == 2


def test_the_daily_comparison_finds_what_no_webhook_told(
    world: World, stripe: StripeProcess, change: Change
) -> None:
    stripe.settings(webhook_mode="never")
    attempt = checkout(world, change)
    stripe.pay(attempt.gateway_ref)
    run = reconcile("stripe")
    assert run is not None
    assert (run.booked, run.differences) == (1, [])
    world.work()
    assert_paid_once(world, change, attempt)


def test_a_message_about_real_money_never_touches_a_test(
    world: World, stripe: StripeProcess, change: Change
) -> None:
    """Signed, but live: kept for staff and never looked into, though looking would find test money; and live money that is
    looked at is not booked."""
    stripe.settings(report_live=True)
    attempt = checkout(world, change)
    stripe.pay(attempt.gateway_ref)
    with pytest.raises(Mismatch, match="real money"):
        look(attempt.pk)
    stripe.settings(report_live=None)
    world.work()
    assert {event.state for event in InboxEvent.objects.all()} == {"quarantined"}
    assert "real money" in InboxEvent.objects.first().note  # type: ignore[union-attr]
    assert not Capture.objects.exists()
    assert world.reread(attempt).state == "redirected"
    look(attempt.pk)
    world.work()
    assert world.ledger() == PAID


def test_another_installation_of_the_account_is_not_ours(
    world: World, stripe: StripeProcess, change: Change
) -> None:
    """The same account, another site: its message is genuine, names none of our payments, and moves nothing."""
    stranger = stripe.adapter()
    stranger.payee = "the-other-shop"
    ref = stranger.create_checkout(new_request(amount_minor=5_596)).ref
    stripe.pay(ref)
    world.work()
    assert {event.state for event in InboxEvent.objects.all()} == {"quarantined"}
    assert not Capture.objects.exists()


def test_what_other_programs_sell_through_the_account_hinders_nothing(
    world: World, stripe: StripeProcess, change: Change
) -> None:
    """2026-11-26: in a currency that we do not read, its message was tried for ever, and no day could be compared."""
    price = {"currency": "ugx", "unit_amount": 50_000, "product_data": {"name": "a pizza"}}
    other = sdk.StripeClient(stripe.API_KEY, base_addresses={"api": stripe.url}).v1.checkout.sessions.create(
        {
            "mode": "payment", "line_items": [{"quantity": 1, "price_data": price}],  # type: ignore[list-item]
            "success_url": "http://127.0.0.1:1/eaten", "client_reference_id": "table-4",
        }
    )  # fmt: skip
    stripe.pay(other.id)
    world.work()
    assert {event.state for event in InboxEvent.objects.all()} == {"quarantined"}
    attempt = checkout(world, change)
    stripe.pay(attempt.gateway_ref, mode="never")
    run = reconcile("stripe")
    assert run is not None
    assert (run.problem, run.booked, run.differences) == ("", 1, [])


@pytest.mark.parametrize("secret", ["whsec_old", "whsec_new", "whsec_forged", ""])
def test_only_what_is_signed_comes_in(
    world: World, stripe: StripeProcess, change: Change, client: Client, secret: str
) -> None:
    """Both secrets during a rotation, and nothing else; nothing is kept of what is refused."""
    import stripe as sdk

    body = json.dumps(message(checkout(world, change).gateway_ref))
    header = sdk.WebhookSignature.generate_signature_header(body, secret or "whsec_none")
    given: dict[str, Any] = {"HTTP_STRIPE_SIGNATURE": header} if secret else {}
    answer = client.post("/webhooks/stripe/", body, content_type="application/json", **given)
    known = secret in SECRETS
    assert answer.status_code == (200 if known else 400)
    assert InboxEvent.objects.count() == int(known)


def message(ref: str) -> dict[str, Any]:
    return {
        "id": "evt_1", "object": "event", "type": "checkout.session.completed", "livemode": False,
        "data": {"object": {"id": ref, "object": "checkout.session"}},
    }  # fmt: skip
