"""The gateway's messages: early, late, twice, in the wrong order, never, forged. The truth is always fetched."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from prorata import clock
from prorata.changes import states
from prorata.changes.models import Change
from prorata.config.wiring import SANDBOX_PAYEE
from prorata.payments import sweep
from prorata.payments.checkout import PaymentUnknown, start_checkout
from prorata.payments.gateways.base import CheckoutRequest
from prorata.payments.look import look
from prorata.payments.models import Capture, InboxEvent, PaymentAttempt
from prorata.payments.tasks import take_up
from prorata.services.models import Service
from support.sandboxes import GatewayProcess, start_gateway
from support.world import SECRET, World, clear_caches

PAID = {"gateway/sandbox/clearing": 5_596, "revenue/deferred": -5_088, "tax/0.1": -508}


@pytest.fixture
def gateway_process(live_server: LiveServer, tmp_path: Path) -> Iterator[GatewayProcess]:
    """A gateway of this story's own, which sends its webhooks to the portal."""
    with start_gateway(
        tmp_path, webhook_url=f"{live_server.url}/webhooks/sandbox/", secret=SECRET, payee=SANDBOX_PAYEE
    ) as found:
        yield found


@pytest.fixture
def web(world: World) -> Service:
    return world.web_01("2026-08-15T14:02+09:00")


def pay(world: World, change: Change, **how: Any) -> PaymentAttempt:
    """Pay on the gateway's page; the customer never comes back from there."""
    attempt = world.checkout(change)
    assert world.gateway.pay(attempt.gateway_ref, **how) == "paid"
    return attempt


def assert_paid_once(world: World, change: Change, attempt: PaymentAttempt) -> None:
    assert world.reread(change).status == states.APPLIED
    assert world.measured(change.service)["memory"] == 8
    assert world.reread(attempt).state == "succeeded"
    assert [c["id"] for c in world.gateway.captures(str(attempt.pk))] == [Capture.objects.get().capture_id]
    assert world.ledger() == PAID
    assert world.credit() == 0


def test_a_webhook_settles_what_its_customer_never_came_back_from(world: World, web: Service) -> None:
    change = world.change(web, memory=8)
    attempt = pay(world, change, mode="before")
    assert InboxEvent.objects.get().state == "waiting"
    assert not Capture.objects.exists(), "a webhook is kept and acknowledged; the worker looks into it"

    world.work()

    assert_paid_once(world, change, attempt)
    assert InboxEvent.objects.get().state == "done"


def test_a_webhook_that_comes_after_the_customer_changes_nothing(world: World, web: Service) -> None:
    change = world.change(web, memory=8)
    attempt = pay(world, change, mode="after", seconds=0.3)
    look(attempt.pk)
    world.work()
    assert_paid_once(world, change, attempt)

    world.gateway.wait_delivered(str(attempt.pk))
    world.work()

    assert_paid_once(world, change, attempt)
    assert InboxEvent.objects.get().state == "done"


def test_a_webhook_that_overtakes_our_own_record_of_the_checkout_finds_its_attempt(
    world: World, web: Service
) -> None:
    """The gateway made the payment, its answer was lost, and the customer paid: our row has no reference yet."""
    change = world.change(web, memory=8)
    world.gateway.fault(call="create", effect="after")
    with pytest.raises(PaymentUnknown):
        start_checkout(world.owner, change.invoice, "card")
    attempt = PaymentAttempt.objects.get()
    assert (attempt.state, attempt.gateway_ref) == ("unknown", "")
    ref = world.gateway.effects(str(attempt.pk))["ref"]

    world.gateway.pay(ref, mode="before")
    world.work()

    assert_paid_once(world, change, attempt)
    assert world.reread(attempt).gateway_ref == ref


def test_the_same_webhook_ten_times_has_its_effect_once(world: World, web: Service) -> None:
    change = world.change(web, memory=8)
    world.gateway.settings(webhook_copies=9)
    attempt = pay(world, change, mode="twice")

    delivered = world.gateway.wait_delivered(str(attempt.pk))
    world.work()

    assert len(delivered) == 10
    assert InboxEvent.objects.count() == 1
    assert_paid_once(world, change, attempt)


def test_many_different_events_for_one_payment_book_it_once(world: World, web: Service) -> None:
    change = world.change(web, memory=8)
    world.gateway.settings(different_events=True)
    attempt = pay(world, change, mode="before")
    world.gateway.send_event(attempt.gateway_ref, "invoice.paid")
    world.work()

    kinds = {"payment.succeeded", "capture.created", "checkout.completed", "invoice.paid"}
    assert set(InboxEvent.objects.values_list("kind", flat=True)) == kinds
    assert_paid_once(world, change, attempt)


def test_an_older_event_that_comes_last_takes_nothing_back(world: World, web: Service) -> None:
    change = world.change(web, memory=8)
    attempt = pay(world, change, mode="out_of_order")
    world.work()
    world.gateway.wait_delivered(str(attempt.pk))
    world.gateway.send_event(attempt.gateway_ref, "payment.failed")
    world.work()

    kinds = {"payment.processing", "payment.succeeded", "payment.failed"}
    assert set(InboxEvent.objects.values_list("kind", flat=True)) == kinds
    assert_paid_once(world, change, attempt)


def test_a_webhook_whose_job_gave_up_is_taken_up_again(world: World, web: Service) -> None:
    """The gateway was down for longer than a job is patient: each hour a message that still waits is tried again."""
    change = world.change(web, memory=8)
    attempt = pay(world, change, mode="before")
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs WHERE task_name = 'payments.handle_event'")
    take_up(0)
    world.work()
    assert InboxEvent.objects.get().state == "waiting", "it came just now: its own job may still be at it"

    InboxEvent.objects.update(received_at=clock.machine_now() - timedelta(hours=2))
    take_up(0)
    world.work()
    assert InboxEvent.objects.get().state == "done"
    assert_paid_once(world, change, attempt)


def test_a_webhook_that_never_comes_is_not_needed(world: World, web: Service) -> None:
    """No message, no way back: the sweep asks the gateway."""
    change = world.change(web, memory=8)
    attempt = pay(world, change, mode="never")
    world.work()
    assert world.reread(change).status == states.AWAITING_PAYMENT

    world.wait(minutes=2)

    assert not InboxEvent.objects.exists()
    assert_paid_once(world, change, attempt)


@pytest.mark.parametrize(
    ("gateway", "theirs", "ours"), [("sandbox", 300, 60), ("sandbox", 300, None), ("gone", None, None)]
)
def test_payments_that_need_no_look_take_no_place_of_one_that_does(
    world: World,
    web: Service,
    monkeypatch: pytest.MonkeyPatch,
    gateway: str,
    theirs: int | None,
    ours: int | None,
) -> None:
    """2026-11-26: so many open pages as one sweep looks at, and one that was due came after all of them, for hours.

    The first was looked at `theirs` seconds ago and is asked again in an hour, or nobody can be asked about it. The second
    was looked at `ours` seconds ago, or never.
    """

    def ago(seconds: int | None) -> Any:
        return seconds and clock.machine_now() - timedelta(seconds=seconds)

    monkeypatch.setattr(sweep, "MOST_ATTEMPTS", 1)
    waits = world.change(world.service(paid=34_188, name="web-02"), memory=8)
    assert waits.invoice is not None
    PaymentAttempt.objects.create(
        invoice=waits.invoice, gateway=gateway, method="card", amount_minor=waits.invoice.due_minor, currency="JPY",
        state="redirected", gateway_ref="pay_unknown", made_by="user:1", created_at=clock.now(), checks=8,
        checked_at=ago(theirs),
    )  # fmt: skip
    change = world.change(web, memory=8)
    attempt = pay(world, change, mode="never")
    PaymentAttempt.objects.filter(pk=attempt.pk).update(checked_at=ago(ours))
    world.wait(minutes=2)
    assert world.reread(attempt).state == "succeeded"
    assert Capture.objects.get().attempt == attempt


def test_a_webhook_whose_payment_cannot_be_fetched_is_tried_again(world: World, web: Service) -> None:
    change = world.change(web, memory=8)
    attempt = pay(world, change, mode="before")
    world.gateway.fault(call="fetch")

    world.work(tried_again=True)
    assert InboxEvent.objects.get().state == "waiting", "nothing was learned, so nothing is done"

    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET scheduled_at = NULL WHERE status = 'todo'")
    world.work()
    assert_paid_once(world, change, attempt)
    assert InboxEvent.objects.get().state == "done"


def test_an_object_that_is_not_ours_is_quarantined(world: World, web: Service) -> None:
    """Another shop's payment at the same gateway, and one the gateway itself does not know."""
    strange = world.gateway.adapter().create_checkout(
        CheckoutRequest(
            attempt_id="somebody-elses-attempt", amount_minor=5_596, currency="JPY", description="Not ours",
            return_url="http://127.0.0.1/", cancel_url="http://127.0.0.1/", customer_ref="7",
        )
    )  # fmt: skip
    change = world.change(web, memory=8)
    with world.unchanged():
        world.gateway.pay(strange.ref, mode="before")
        world.gateway.send_event("pay_that_never_was", "payment.succeeded")
        world.work()
        connection.cursor().execute(
            "DELETE FROM procrastinate_jobs WHERE task_name = 'payments.handle_event'"
        )

    kept = InboxEvent.objects.order_by("id")
    assert [event.state for event in kept] == ["quarantined", "quarantined"]
    assert all(event.note for event in kept)
    assert world.reread(change).status == states.AWAITING_PAYMENT


# --- the door itself ------------------------------------------------------------------------------------------


def message(ref: str) -> bytes:
    return json.dumps({"id": "evt_forged", "kind": "payment.succeeded", "ref": ref}).encode()


def signed(body: bytes, *, secret: str = SECRET, at: float | None = None) -> str:
    stamp = str(int(time.time() if at is None else at))
    mark = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={stamp},v1={mark}"


def knock(body: bytes, signature: str | None, gateway: str = "sandbox") -> int:
    headers = {} if signature is None else {"Sandbox-Signature": signature}
    answer = Client().post(
        f"/webhooks/{gateway}/", data=body, content_type="application/json", headers=headers
    )
    return answer.status_code


def test_what_the_gateway_did_not_sign_now_is_refused_and_not_kept(world: World, web: Service) -> None:
    change = world.change(web, memory=8)
    attempt = pay(world, change, mode="never")
    body = message(attempt.gateway_ref)
    with world.unchanged():
        assert knock(body, None) == 400, "unsigned"
        assert knock(body, "") == 400, "empty signature"
        assert knock(body, signed(body, secret="another-secret")) == 400, "another's secret"
        assert knock(body, signed(body, secret="")) == 400, "no secret at all"
        assert knock(body, signed(body, at=time.time() - 301)) == 400, "older than five minutes"
        # Half a minute more than the five, which are nearer by every moment that the request takes.
        assert knock(body, signed(body, at=time.time() + 330)) == 400, "of the future"
        assert knock(body.replace(b"succeeded", b"failed"), signed(body)) == 400, "altered after signing"
        assert knock(b"not json", signed(b"not json")) == 400, "signed nonsense"
        assert knock(b"x" * 300_000, signed(b"x" * 300_000)) == 400, "far too large"
        assert knock(body, signed(body), gateway="unknown") == 404, "no such gateway"
        assert Client().get("/webhooks/sandbox/").status_code == 405
        world.work()
    assert not InboxEvent.objects.exists()
    assert not Capture.objects.exists()


def test_during_a_rotation_both_secrets_open_the_door(world: World, web: Service, settings: Settings) -> None:
    settings.PRORATA_SANDBOX_GATEWAY_SECRETS = [SECRET, "the-next-secret"]
    clear_caches()
    change = world.change(web, memory=8)
    attempt = pay(world, change, mode="never")
    body = message(attempt.gateway_ref)

    assert knock(body, signed(body, secret="the-next-secret")) == 200
    world.work()

    assert_paid_once(world, change, attempt)
