"""PayPal's adapter against the strict processor behind PayPal's published API: the contract, and what is PayPal's own."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from prorata.payments.gateways.contract import (
    CompletionContract,
    DisputeContract,
    GatewayContract,
    ListingContract,
    RefundContract,
)
from prorata.payments.gateways.paypal import PayPalGateway
from support.paypal import PayPalProcess, start_paypal
from support.sandboxes import SETTLES_LATER, WebhookReceiver, wait_until

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


class PayPalWorld:
    """The contract's processor side. To pay is to approve on PayPal's page, and then we take the money."""

    def __init__(self, process: PayPalProcess, shop: WebhookReceiver) -> None:
        self.process = process
        self.shop = shop

    def approve(self, ref: str, *, good: bool = True) -> None:
        self.process.pay(ref) if good else self.process.decline(ref)

    def pay(self, ref: str) -> None:
        self.approve(ref)
        self.process.adapter().complete(ref)

    def decline(self, ref: str) -> None:
        self.approve(ref, good=False)
        self.process.adapter().complete(ref)

    def pay_slowly(self, ref: str) -> None:
        self.process.pay(ref, SETTLES_LATER)
        self.process.adapter().complete(ref)

    def settle(self, ref: str) -> None:
        self.process.settle(ref)

    def lose_call(self, call: str) -> None:
        self.process.fault(call=CALLS.get(call, call), effect="before")

    def lose_answer(self, call: str) -> None:
        self.process.fault(call=CALLS.get(call, call), effect="after")

    def go_down(self) -> None:
        self.process.kill()

    def come_back(self) -> None:
        self.process.restart()

    def payments(self, attempt_id: str) -> int:
        return int(self.process.effects(attempt_id)["payments"])

    def captures(self, attempt_id: str) -> int:
        return len(self.process.captures(attempt_id))

    def webhook(self, ref: str) -> tuple[Mapping[str, str], bytes]:
        found: tuple[Mapping[str, str], bytes] = wait_until(
            lambda: next((message for message in self.shop.received if names(message[1], ref)), None),
            f"a webhook about {ref}",
        )
        return found

    def refund_by_hand(self, ref: str, amount_minor: int) -> None:
        self.process.refund_by_hand(ref, amount_minor)

    def slow_refunds(self) -> None:
        self.process.settings(refund_mode="pending")

    def end_refund(self, refund_id: str, *, well: bool) -> None:
        self.process.end_refund(refund_id, "succeeded" if well else "failed")

    def refunded(self, attempt_id: str) -> int:
        return sum(refund["amount_minor"] for refund in self.process.effects(attempt_id)["refunds"])

    def dispute(self, ref: str, *, inquiry: bool = False) -> str:
        return self.process.dispute(ref, inquiry=inquiry)

    def end_dispute(self, dispute_id: str, *, won: bool) -> None:
        self.process.move_dispute(dispute_id, "won" if won else "lost")


def names(body: bytes, ref: str) -> bool:
    """Whether a message is about this order."""
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
def world(process: PayPalProcess, shop: WebhookReceiver) -> Iterator[PayPalWorld]:
    process.settings(**QUIET)
    yield PayPalWorld(process, shop)
    shop.status = 200
    process.clear_faults()


@pytest.fixture
def gateway(process: PayPalProcess) -> PayPalGateway:
    return process.adapter()


class TestPayPalGateway(
    GatewayContract, RefundContract, DisputeContract, ListingContract, CompletionContract
):
    """The contract as it stands, but for saved means of payment, which it does not offer."""
