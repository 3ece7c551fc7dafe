"""The processor side of the gateways' contract, by the controls that the sandbox processes have in common."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

import httpx

from prorata.payments.gateways.contract import new_request
from prorata.payments.gateways.sandbox import SandboxGateway
from support.sandboxes import (
    ACCEPTED,
    ASKS_ALWAYS,
    DECLINES_LATER,
    SETTLES_LATER,
    WebhookReceiver,
    wait_until,
)

SECRETS = ["new-secret", "old-secret"]


class GatewayWorld:
    """See prorata.payments.gateways.contract.worlds."""

    def __init__(self, process: Any, shop: WebhookReceiver) -> None:
        self.process = process
        self.shop = shop

    def pay(self, ref: str) -> None:
        self.process.pay(ref)

    def decline(self, ref: str) -> None:
        self.process.decline(ref)

    def pay_slowly(self, ref: str) -> None:
        self.process.pay(ref, SETTLES_LATER)

    def settle(self, ref: str) -> None:
        self.process.settle(ref)

    def lose_call(self, call: str) -> None:
        self.process.fault(call=call, effect="before")

    def lose_answer(self, call: str) -> None:
        self.process.fault(call=call, effect="after")

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
            lambda: next((message for message in self.shop.received if self.about(message[1], ref)), None),
            f"a webhook about {ref}",
        )
        return found

    def about(self, body: bytes, ref: str) -> bool:
        """Whether a webhook is about this payment."""
        return ref.encode() in body

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

    def pay_with_card(self, ref: str, *, later: str) -> None:
        card = {"accept": ACCEPTED, "decline": DECLINES_LATER, "confirm": ASKS_ALWAYS}[later]
        self.process.pay(ref, card, confirm=True)


class SandboxWorld(GatewayWorld):
    def refund_by_hand(self, ref: str, amount_minor: int) -> None:
        self.process.control("POST", "refunds", {"ref": ref, "amount_minor": amount_minor})

    def open_payment(self, gateway: SandboxGateway, **changes: Any) -> tuple[str, str, str]:
        """A new payment: attempt id, ref and the address of its page."""
        request = new_request(**changes)
        checkout = gateway.create_checkout(request)
        return request.attempt_id, checkout.ref, checkout.redirect_url


def submit(page: str, card: str = ACCEPTED, **more: str) -> httpx.Response:
    """What a browser sends from the payment page."""
    form = {"card": card, "expiry": "12 / 34", "cvc": "123", "webhook": "before", "seconds": "3", **more}
    return httpx.post(page, data=form, trust_env=False, follow_redirects=False)


def at_once(count: int, act: Callable[[], Any]) -> list[Any]:
    """The results of `count` threads that do the same together."""
    results: list[Any] = []
    barrier = threading.Barrier(count)

    def run() -> None:
        barrier.wait()
        results.append(act())

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
