"""Stripe's adapter against the strict processor behind Stripe's published API: the contract, and what is Stripe's own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import jsonschema
import pytest
import stripe
from stripe.params.checkout import SessionCreateParams

from prorata.payments.gateways.base import GatewayUnreachable
from prorata.payments.gateways.contract import FullGatewayContract, new_refund, new_request, paid_payment
from prorata.payments.gateways.stripe import StripeGateway
from prorata.sandbox.stripe.face import SAID as CORE_SAYS
from prorata.sandbox.stripe.face import SAID_AT_CHECKOUT
from support.gateway_world import GatewayWorld
from support.sandboxes import (
    FAILS_LATER,
    StripeProcess,
    WebhookReceiver,
    start_stripe,
    wait_until,
)
from support.stripe_shapes import Watched, check_answer, check_event, check_request

SAID = {kind for kinds in CORE_SAYS.values() for kind in kinds} | set(SAID_AT_CHECKOUT.values())
SECRETS = ["whsec_new", "whsec_old"]
QUIET: dict[str, Any] = {
    "webhook_mode": "before",
    "webhook_seconds": 0.2,
    "webhook_seed": None,
    "retry_seconds": 0.1,
    "processing_seconds": 3600,
    "down": False,
    "report_live": None,
    "refund_mode": "at_once",
}


class StripeWorld(GatewayWorld):
    def about(self, body: bytes, ref: str) -> bool:
        return bool(json.loads(body)["data"]["object"]["id"] == ref)


@pytest.fixture(scope="module")
def shop() -> Iterator[WebhookReceiver]:
    with WebhookReceiver() as shop:
        yield shop


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory, shop: WebhookReceiver) -> Iterator[StripeProcess]:
    with start_stripe(tmp_path_factory.mktemp("stripe"), shop.url, SECRETS) as process:
        yield process


@pytest.fixture
def world(process: StripeProcess, shop: WebhookReceiver) -> Iterator[StripeWorld]:
    process.settings(**QUIET)
    yield StripeWorld(process, shop)
    shop.status = 200
    process.clear_faults()


@pytest.fixture(scope="module")
def watched() -> Watched:
    return Watched()


@pytest.fixture
def gateway(process: StripeProcess, watched: Watched) -> StripeGateway:
    return process.adapter(http_client=watched)


class TestStripeGateway(FullGatewayContract):
    """The contract as it stands, every call and answer held against what Stripe publishes."""


class TestShapes:
    """What was said, and what is caught."""

    def test_every_kind_of_event_is_as_published(
        self, gateway: StripeGateway, world: StripeWorld, shop: WebhookReceiver
    ) -> None:
        payments = [paid_payment(gateway, world, save_method=True)[1] for _ in range(2)]
        world.refund_by_hand(payments[0].ref, 100)
        world.slow_refunds()
        for well in (True, False):
            late = gateway.refund(new_refund(payments[0], amount_minor=200))
            world.end_refund(late.id, well=well)
        world.end_dispute(world.dispute(payments[1].ref), won=False)
        gateway.expire(gateway.create_checkout(new_request()).ref)
        slow = gateway.create_checkout(new_request()).ref
        world.decline(slow)
        world.pay_slowly(slow)
        world.settle(slow)
        failing = gateway.create_checkout(new_request()).ref
        world.process.pay(failing, FAILS_LATER)
        world.settle(failing)
        wanted = set(SAID) | {"checkout.session.expired"}
        kinds = wait_until(
            lambda: (
                seen if wanted <= (seen := {json.loads(body)["type"] for _, body in shop.received}) else None
            ),
            "all kinds of events",
        )
        for _, body in shop.received:
            check_event(json.loads(body))
        assert kinds >= wanted

    @pytest.mark.parametrize(
        "spoilt",
        [
            {"id": 7}, {"object": "session"}, {"livemode": "false"}, {"amount_total": "7624"},
            {"invented": True}, {"created": None},
        ],
    )  # fmt: skip
    def test_what_is_not_published_is_caught(self, gateway: StripeGateway, spoilt: dict[str, Any]) -> None:
        ref = gateway.create_checkout(new_request()).ref
        sound = gateway._api.checkout.sessions.retrieve(ref).to_dict()
        check_answer(stripe.checkout.Session, sound)
        with pytest.raises(jsonschema.ValidationError):
            check_answer(stripe.checkout.Session, {**sound, **spoilt})

    @pytest.mark.parametrize(
        "spoilt",
        [
            {"client_referense_id": "x"},
            {"line_items": [{"quantity": "one"}]},
            {"mode": ["payment"]},
            {"metadata": "x"},
        ],
    )
    def test_a_parameter_that_is_not_published_is_caught(self, spoilt: dict[str, Any]) -> None:
        sound = {"mode": "payment", "line_items": [{"quantity": "1"}], "metadata": {"a": "b"}}
        check_request(SessionCreateParams, sound)
        with pytest.raises(jsonschema.ValidationError):
            check_request(SessionCreateParams, {**sound, **spoilt})


def test_a_card_that_stripe_refuses_to_forget_is_not_taken_for_forgotten(
    gateway: StripeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """2026-11-27: the caller read the refusal as "there is none any more", and never told Stripe again."""

    def refuses(method: str) -> None:
        raise stripe.InvalidRequestError("It is used by a subscription.", None, http_status=400)

    methods = gateway._api.payment_methods
    monkeypatch.setattr(methods, "detach", refuses)
    monkeypatch.setattr(methods, "retrieve", lambda method: SimpleNamespace(customer="cus_1"))
    with pytest.raises(GatewayUnreachable, match="keeps the card"):
        gateway.detach("cus_1.pm_1")
    monkeypatch.setattr(methods, "retrieve", lambda method: SimpleNamespace(customer=None))
    gateway.detach("cus_1.pm_1")
