"""What makes things happen at the processor's side of a contract, and requests of their own attempts."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal, Protocol

from prorata.payments.gateways.base import (
    CheckoutRequest,
    Gateway,
    GatewayMethod,
    GatewayPayment,
    RefundRequest,
    SavedCharge,
)


class GatewayWorld(Protocol):
    """The processor's side of a test. `ref` is the processor's id of the payment."""

    def pay(self, ref: str) -> None:
        """The customer pays with a good card."""

    def decline(self, ref: str) -> None:
        """The customer tries a card that is declined."""

    def pay_slowly(self, ref: str) -> None:
        """The customer pays with a method that settles later."""

    def settle(self, ref: str) -> None:
        """The slow payment succeeds."""

    def lose_call(self, call: str) -> None:
        """The next call (create, fetch, find, expire, refund, list, charge) never reaches the processor."""

    def lose_answer(self, call: str) -> None:
        """The next call has its effect, but no answer comes back."""

    def go_down(self) -> None:
        """The processor is not there."""

    def come_back(self) -> None:
        """It is there again, and remembers everything."""

    def payments(self, attempt_id: str) -> int:
        """How many payments exist for an attempt."""

    def captures(self, attempt_id: str) -> int:
        """How often money was taken for an attempt."""

    def webhook(self, ref: str) -> tuple[Mapping[str, str], bytes]:
        """Headers and raw body of a webhook about the payment, as it arrived."""


class RefundWorld(GatewayWorld, Protocol):
    """The processor's side of a gateway that gives money back."""

    def refund_by_hand(self, ref: str, amount_minor: int) -> None:
        """Staff refund on the processor's own pages."""

    def slow_refunds(self) -> None:
        """From now on a refund is on its way for a while."""

    def end_refund(self, refund_id: str, *, well: bool) -> None:
        """A refund arrives, or the bank sends it back."""

    def refunded(self, attempt_id: str) -> int:
        """How much was given back for an attempt, in minor units."""


class DisputeWorld(GatewayWorld, Protocol):
    """The processor's side of a gateway whose customers can go to their bank."""

    def dispute(self, ref: str, *, inquiry: bool = False) -> str:
        """The customer's bank takes everything back, or only asks; returns the dispute's id."""

    def end_dispute(self, dispute_id: str, *, won: bool) -> None:
        """The bank decides."""


class CompletionWorld(GatewayWorld, Protocol):
    """The processor's side of a gateway whose customers only approve. `pay` and `decline` include that we complete."""

    def approve(self, ref: str, *, good: bool = True) -> None:
        """The customer approves, with a good means of payment or with one that will be declined."""


class SavedWorld(GatewayWorld, Protocol):
    """The processor's side of a gateway that keeps means of payment."""

    def pay_with_card(self, ref: str, *, later: Literal["accept", "decline", "confirm"]) -> None:
        """The customer pays with a good card that, kept, does this when it is charged while he is not there."""


def new_request(**changes: Any) -> CheckoutRequest:
    """A request of its own attempt."""
    request = CheckoutRequest(
        attempt_id=f"attempt-{uuid.uuid4()}",
        amount_minor=7624,
        currency="JPY",
        description="INV-1042 · web-01",
        return_url="http://127.0.0.1:1/return",
        cancel_url="http://127.0.0.1:1/cancel",
        customer_ref="customer-7",
    )
    return replace(request, **changes)


def paid_payment(gateway: Gateway, world: GatewayWorld, **changes: Any) -> tuple[str, GatewayPayment]:
    """A payment of its own attempt, paid: our attempt id and the truth about it."""
    request = new_request(**changes)
    ref = gateway.create_checkout(request).ref
    world.pay(ref)
    return request.attempt_id, gateway.fetch(ref)


def new_refund(payment: GatewayPayment, **changes: Any) -> RefundRequest:
    """A refund of its own of 3000 of the payment's capture."""
    request = RefundRequest(
        key=f"refund-{uuid.uuid4()}",
        ref=payment.ref,
        capture_id=payment.captures[0].id,
        amount_minor=3000,
        currency=payment.captures[0].currency,
    )
    return replace(request, **changes)


def new_charge(method: GatewayMethod | None, **changes: Any) -> SavedCharge:
    """A charge of its own attempt to a saved means of payment."""
    assert method is not None
    request = SavedCharge(
        attempt_id=f"attempt-{uuid.uuid4()}",
        amount_minor=1250,
        currency="JPY",
        description="INV-1043 · web-01",
        customer_ref="customer-7",
        method_ref=method.ref,
    )
    return replace(request, **changes)
