"""PayPal's adapter against the strict processor behind PayPal's published API: the contract, and what is PayPal's own."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from prorata.payments.gateways.base import GatewayRefused, GatewayUnreachable, SavedMethods
from prorata.payments.gateways.contract import (
    CompletionContract,
    DisputeContract,
    GatewayContract,
    ListingContract,
    RefundContract,
    new_request,
)
from prorata.payments.gateways.paypal import PayPalGateway
from prorata.payments.gateways.paypal_api import MARGIN_SECONDS
from support.gateway_world import GatewayWorld
from support.paypal import PayPalProcess, start_paypal
from support.paypal_shapes import Watched, check_event
from support.sandboxes import SETTLES_LATER, WebhookReceiver

WEBHOOK_IDS = ["9JH20871M03126712", "4JH86294D6297924G"]
QUIET: dict[str, Any] = {
    "webhook_mode": "before",
    "webhook_seconds": 0.2,
    "webhook_seed": None,
    "retry_seconds": 0.1,
    "processing_seconds": 3600,
    "down": False,
    "report_payee": None,
    "refund_mode": "at_once",
    "token_seconds": 32_400,
    "unpaid_seconds": 10_800,
}
# What the contract calls a call, as the call that stands for it here: PayPal finds and closes in its own way.
CALLS = {"find": "create", "expire": "update", "complete": "capture"}


class PayPalWorld(GatewayWorld):
    """To pay is to approve on PayPal's page, and then we take the money."""

    def __init__(self, process: PayPalProcess, shop: WebhookReceiver, gateway: PayPalGateway) -> None:
        super().__init__(process, shop)
        self.gateway = gateway

    def approve(self, ref: str, *, good: bool = True) -> None:
        self.process.pay(ref) if good else self.process.decline(ref)

    def pay(self, ref: str) -> None:
        self.approve(ref)
        self.gateway.complete(ref)

    def decline(self, ref: str) -> None:
        self.approve(ref, good=False)
        self.gateway.complete(ref)

    def pay_slowly(self, ref: str) -> None:
        self.process.pay(ref, SETTLES_LATER)
        self.gateway.complete(ref)

    def lose_call(self, call: str) -> None:
        self.process.fault(call=CALLS.get(call, call), effect="before")

    def lose_answer(self, call: str) -> None:
        self.process.fault(call=CALLS.get(call, call), effect="after")

    def about(self, body: bytes, ref: str) -> bool:
        return bool(json.loads(body)["resource"].get("id") == ref)


@pytest.fixture(scope="module")
def shop() -> Iterator[WebhookReceiver]:
    with WebhookReceiver() as shop:
        yield shop


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory, shop: WebhookReceiver) -> Iterator[PayPalProcess]:
    with start_paypal(tmp_path_factory.mktemp("paypal"), shop.url, WEBHOOK_IDS) as process:
        yield process


@pytest.fixture
def world(process: PayPalProcess, shop: WebhookReceiver, gateway: PayPalGateway) -> Iterator[PayPalWorld]:
    process.settings(**QUIET)
    yield PayPalWorld(process, shop, gateway)
    shop.status = 200
    process.clear_faults()


@pytest.fixture(scope="module")
def watched() -> Watched:
    """Every call of this module is held against what PayPal publishes."""
    return Watched()


@pytest.fixture
def gateway(process: PayPalProcess, watched: Watched) -> PayPalGateway:
    return process.adapter(transport=watched)


class TestPayPalGateway(
    GatewayContract, RefundContract, DisputeContract, ListingContract, CompletionContract
):
    """The contract as it stands, but for saved means of payment, which it does not offer."""


class TestWhatIsPayPals:
    """Names, notes, tokens and what the contract does not ask."""

    def test_a_capture_is_another_name_of_its_payment(
        self, gateway: PayPalGateway, world: PayPalWorld
    ) -> None:
        ref = gateway.create_checkout(new_request()).ref
        world.pay(ref)
        payment = gateway.fetch(ref)
        assert gateway.fetch(f"capture-{payment.captures[0].id}") == payment
        with pytest.raises(GatewayRefused):
            gateway.fetch("capture-5O190127TN364715T")
        start = datetime.now(UTC) - timedelta(seconds=2)
        world.refund_by_hand(ref, 1000)
        world.dispute(ref)
        refs = {
            line.ref for line in gateway.happened_since(start) if line.capture_id == payment.captures[0].id
        }
        assert f"capture-{payment.captures[0].id}" in refs
        assert {gateway.fetch(name).ref for name in refs} == {ref}

    def test_a_decline_that_could_not_be_noted_heals_itself(
        self, gateway: PayPalGateway, world: PayPalWorld
    ) -> None:
        """The processor answers a repeated request id with its first answer, a refusal too."""
        request = new_request()
        ref = gateway.create_checkout(request).ref
        world.process.fault(call="update", effect="before")
        world.decline(ref)
        world.approve(ref)
        assert gateway.complete(ref).reason, "the old refusal once more, and now it is noted"
        assert gateway.complete(ref).state == "succeeded"
        assert world.captures(request.attempt_id) == 1

    def test_a_processor_that_stops_taking_tries(self, gateway: PayPalGateway, world: PayPalWorld) -> None:
        ref = gateway.create_checkout(new_request()).ref
        for _ in range(10):
            world.decline(ref)
        world.approve(ref)
        given_up = gateway.complete(ref)
        assert (given_up.state, given_up.approved) == ("open", False)
        assert "maximum number of payment attempts" in given_up.reason

    def test_an_order_is_forgotten_when_nobody_pays(self, gateway: PayPalGateway, world: PayPalWorld) -> None:
        ref = gateway.create_checkout(new_request()).ref
        world.process.settings(unpaid_seconds=0)
        for ask in (gateway.fetch, gateway.expire, gateway.complete):
            with pytest.raises(GatewayRefused):
                ask(ref)

    @pytest.mark.parametrize("key", ["", "a b", "ä", "x" * 101, "a/b"])
    def test_an_id_that_cannot_be_sent_is_refused(self, gateway: PayPalGateway, key: str) -> None:
        with pytest.raises(GatewayRefused):
            gateway.create_checkout(new_request(attempt_id=key))
        with pytest.raises(GatewayRefused):
            gateway.find(key)

    def test_one_token_serves_until_it_ends(self, process: PayPalProcess, world: PayPalWorld) -> None:
        before = len(process.calls("token"))
        gateway = process.adapter()
        ref = gateway.create_checkout(new_request()).ref
        for _ in range(3):
            gateway.fetch(ref)
        assert len(process.calls("token")) == before + 1
        process.settings(token_seconds=7_200)
        short = process.adapter()
        assert short.fetch(ref).state == "open"
        assert 0 < short._api._good_until - time.monotonic() <= 7_200 - MARGIN_SECONDS
        short._api._good_until = time.monotonic()  # its time has come
        assert short.fetch(ref).state == "open"
        assert len(process.calls("token")) == before + 3

    def test_a_token_that_was_taken_back_is_renewed(self, process: PayPalProcess, world: PayPalWorld) -> None:
        gateway = process.adapter()
        ref = gateway.create_checkout(new_request()).ref
        gateway._api._token = "A21AA-taken-back"
        assert gateway.fetch(ref).state == "open"

    def test_wrong_keys_are_no_answer_about_a_payment(
        self, process: PayPalProcess, world: PayPalWorld
    ) -> None:
        stranger = PayPalGateway(
            process.url, process.CLIENT, "stolen", WEBHOOK_IDS, process.payee, roots=process.roots
        )
        with pytest.raises(GatewayUnreachable, match="are its keys right"):
            stranger.fetch("5O190127TN364715T")

    @pytest.mark.parametrize("effect", ["before", "after"])
    def test_a_lost_token_says_nothing(self, process: PayPalProcess, world: PayPalWorld, effect: str) -> None:
        process.fault(call="token", effect=effect)
        with pytest.raises(GatewayUnreachable):
            process.adapter().fetch("5O190127TN364715T")

    def test_it_keeps_no_means_of_payment(self, gateway: PayPalGateway) -> None:
        assert not isinstance(gateway, SavedMethods)


def test_every_call_and_webhook_was_as_published(
    watched: Watched, shop: WebhookReceiver, world: PayPalWorld
) -> None:
    """Comes after the contract: what its calls were is known now."""
    with pytest.raises(GatewayRefused):
        world.gateway.fetch("5O190127TN364715T")
    for kind in (
        "POST /v2/checkout/orders 201", "POST /v2/checkout/orders 200", "POST /v2/checkout/orders 400",
        "GET /v2/checkout/orders/{id} 200", "GET /v2/checkout/orders/{id} 404", "PATCH /v2/checkout/orders/{id} 204",
        "POST /v2/checkout/orders/{id}/capture 201", "POST /v2/checkout/orders/{id}/capture 422",
        "GET /v2/payments/captures/{capture_id} 200", "POST /v2/payments/captures/{capture_id}/refund 201",
        "POST /v2/payments/captures/{capture_id}/refund 422", "GET /v1/customer/disputes 200",
        "GET /v1/customer/disputes/{id} 200", "GET /v1/notifications/webhooks-events 200",
    ):  # fmt: skip
        assert watched.seen[kind], (kind, watched.seen)
    events = [json.loads(body) for _, body in shop.received]
    kinds = {event["event_type"] for event in events}
    assert {"CHECKOUT.ORDER.APPROVED", "PAYMENT.CAPTURE.COMPLETED", "PAYMENT.CAPTURE.REFUNDED"} <= kinds
    assert {"CUSTOMER.DISPUTE.CREATED", "CUSTOMER.DISPUTE.RESOLVED", "PAYMENT.REFUND.FAILED"} <= kinds
    seen: Counter[str] = Counter()
    for event in events:
        seen[event["event_type"]] += 1
        if seen[event["event_type"]] <= 20:
            check_event(event)
