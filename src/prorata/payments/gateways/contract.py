"""What every gateway adapter must do, as tests: subclass GatewayContract and give the fixtures `gateway` and `world`.
What only some gateways can has contracts of its own beside it; FullGatewayContract is everything.

The world makes things happen at the processor's side, through a test mode of the real one or through the sandbox.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, Protocol

import pytest

from prorata.payments.gateways.base import (
    BadSignature,
    CheckoutRequest,
    Completion,
    Gateway,
    GatewayMethod,
    GatewayPayment,
    GatewayRefused,
    GatewayUnreachable,
    Listing,
    RefundRequest,
    Refunds,
    SavedCharge,
    SavedMethods,
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


class CheckoutContract:
    """Creating, looking up and closing payments."""

    def test_a_checkout_is_open_and_says_what_was_asked(self, gateway: Gateway, world: GatewayWorld) -> None:
        request = new_request()
        checkout = gateway.create_checkout(request)
        assert checkout.redirect_url.startswith(("http://", "https://"))
        payment = gateway.fetch(checkout.ref)
        assert (payment.ref, payment.attempt_id) == (checkout.ref, request.attempt_id)
        assert (payment.amount_minor, payment.currency) == (7624, "JPY")
        assert (payment.state, payment.captures) == ("open", ())
        assert payment.payee == gateway.payee

    def test_the_same_attempt_gives_the_same_checkout(self, gateway: Gateway, world: GatewayWorld) -> None:
        request = new_request()
        assert gateway.create_checkout(request) == gateway.create_checkout(request)
        assert world.payments(request.attempt_id) == 1

    @pytest.mark.parametrize("changes", [{"amount_minor": 1}, {"currency": "USD"}])
    def test_the_same_attempt_with_other_content_is_refused(
        self, gateway: Gateway, world: GatewayWorld, changes: dict[str, Any]
    ) -> None:
        request = new_request()
        ref = gateway.create_checkout(request).ref
        with pytest.raises(GatewayRefused):
            gateway.create_checkout(replace(request, **changes))
        assert gateway.fetch(ref).amount_minor == 7624
        assert gateway.fetch(ref).currency == "JPY"

    @pytest.mark.parametrize("changes", [{"amount_minor": 0}, {"amount_minor": -5}, {"currency": "QQQ"}])
    def test_nonsense_is_refused_and_leaves_nothing(
        self, gateway: Gateway, world: GatewayWorld, changes: dict[str, Any]
    ) -> None:
        request = new_request(**changes)
        with pytest.raises(GatewayRefused) as refusal:
            gateway.create_checkout(request)
        assert refusal.value.reason
        assert gateway.find(request.attempt_id) is None

    def test_a_payment_is_found_by_our_attempt(self, gateway: Gateway, world: GatewayWorld) -> None:
        request = new_request()
        assert gateway.find(request.attempt_id) is None
        checkout = gateway.create_checkout(request)
        assert gateway.find(request.attempt_id) == gateway.fetch(checkout.ref)

    @pytest.mark.parametrize("ref", ["pay_nowhere", "", "../v1/payments", "a/b", "?", "決済"])
    def test_an_unknown_payment_is_a_certain_no(
        self, gateway: Gateway, world: GatewayWorld, ref: str
    ) -> None:
        with pytest.raises(GatewayRefused):
            gateway.fetch(ref)
        with pytest.raises(GatewayRefused):
            gateway.expire(ref)

    def test_a_closed_page_takes_no_money(self, gateway: Gateway, world: GatewayWorld) -> None:
        request = new_request()
        ref = gateway.create_checkout(request).ref
        assert gateway.expire(ref).state == "cancelled"
        assert gateway.expire(ref).state == "cancelled"
        world.pay(ref)
        assert gateway.fetch(ref).state == "cancelled"
        assert world.captures(request.attempt_id) == 0

    def test_closing_comes_too_late_after_paying(self, gateway: Gateway, world: GatewayWorld) -> None:
        ref = gateway.create_checkout(new_request()).ref
        world.pay(ref)
        payment = gateway.expire(ref)
        assert payment.state == "succeeded"
        assert len(payment.captures) == 1


class PayingContract:
    """What the customer does, as the gateway tells it."""

    def test_a_good_card(self, gateway: Gateway, world: GatewayWorld) -> None:
        request = new_request()
        ref = gateway.create_checkout(request).ref
        world.pay(ref)
        payment = gateway.fetch(ref)
        (capture,) = payment.captures
        assert payment.state == "succeeded"
        assert (capture.amount_minor, capture.currency) == (7624, "JPY")
        assert capture.captured_at.tzinfo is not None
        assert abs(capture.captured_at - datetime.now(UTC)) < timedelta(minutes=5)

    def test_paying_twice_takes_the_money_once(self, gateway: Gateway, world: GatewayWorld) -> None:
        request = new_request()
        ref = gateway.create_checkout(request).ref
        world.pay(ref)
        world.pay(ref)
        assert world.captures(request.attempt_id) == 1
        assert len(gateway.fetch(ref).captures) == 1

    def test_captures_have_ids_of_their_own(self, gateway: Gateway, world: GatewayWorld) -> None:
        refs = [gateway.create_checkout(new_request()).ref for _ in range(3)]
        for ref in refs:
            world.pay(ref)
        assert len({gateway.fetch(ref).captures[0].id for ref in refs}) == 3

    def test_a_declined_card_leaves_the_page_open(self, gateway: Gateway, world: GatewayWorld) -> None:
        request = new_request()
        ref = gateway.create_checkout(request).ref
        world.decline(ref)
        declined = gateway.fetch(ref)
        assert (declined.state, declined.captures) == ("open", ())
        assert declined.reason
        world.pay(ref)
        assert gateway.fetch(ref).state == "succeeded"
        assert world.captures(request.attempt_id) == 1

    def test_a_slow_payment_is_neither_paid_nor_failed(self, gateway: Gateway, world: GatewayWorld) -> None:
        ref = gateway.create_checkout(new_request()).ref
        world.pay_slowly(ref)
        assert (gateway.fetch(ref).state, gateway.fetch(ref).captures) == ("processing", ())
        assert gateway.expire(ref).state == "processing"
        world.settle(ref)
        assert gateway.fetch(ref).state == "succeeded"
        assert len(gateway.fetch(ref).captures) == 1


class TroubleContract:
    """Calls and answers that get lost."""

    def test_a_lost_call_had_no_effect_and_may_be_repeated(
        self, gateway: Gateway, world: GatewayWorld
    ) -> None:
        request = new_request()
        world.lose_call("create")
        with pytest.raises(GatewayUnreachable):
            gateway.create_checkout(request)
        assert gateway.find(request.attempt_id) is None
        gateway.create_checkout(request)
        assert world.payments(request.attempt_id) == 1

    def test_a_lost_answer_is_found_again(self, gateway: Gateway, world: GatewayWorld) -> None:
        request = new_request()
        world.lose_answer("create")
        with pytest.raises(GatewayUnreachable):
            gateway.create_checkout(request)
        found = gateway.find(request.attempt_id)
        assert found is not None
        assert gateway.create_checkout(request).ref == found.ref
        assert world.payments(request.attempt_id) == 1

    def test_a_lost_answer_to_closing(self, gateway: Gateway, world: GatewayWorld) -> None:
        ref = gateway.create_checkout(new_request()).ref
        world.lose_answer("expire")
        with pytest.raises(GatewayUnreachable):
            gateway.expire(ref)
        assert gateway.fetch(ref).state == "cancelled"

    @pytest.mark.parametrize("call", ["fetch", "find"])
    def test_a_lost_look_up_says_nothing(self, gateway: Gateway, world: GatewayWorld, call: str) -> None:
        request = new_request()
        ref = gateway.create_checkout(request).ref
        world.lose_answer(call)
        with pytest.raises(GatewayUnreachable):
            _ = gateway.fetch(ref) if call == "fetch" else gateway.find(request.attempt_id)

    def test_a_gateway_that_is_not_there_is_no_refusal(self, gateway: Gateway, world: GatewayWorld) -> None:
        request = new_request()
        ref = gateway.create_checkout(request).ref
        world.pay(ref)
        world.go_down()
        for ask in (
            lambda: gateway.create_checkout(request),
            lambda: gateway.fetch(ref),
            lambda: gateway.find(request.attempt_id),
            lambda: gateway.expire(ref),
        ):
            with pytest.raises(GatewayUnreachable):
                ask()
        world.come_back()
        assert gateway.fetch(ref).state == "succeeded"
        assert world.captures(request.attempt_id) == 1


class WebhookContract:
    """Only genuine, fresh messages are believed."""

    def test_a_genuine_message_names_the_payment(self, gateway: Gateway, world: GatewayWorld) -> None:
        ref, headers, body = self.received(gateway, world)
        event = gateway.verify_webhook(body=body, headers=headers, now=datetime.now(UTC))
        assert event.ref == ref
        assert event.id
        assert event.kind

    def test_header_names_match_in_any_case(self, gateway: Gateway, world: GatewayWorld) -> None:
        _, headers, body = self.received(gateway, world)
        for change in (str.lower, str.upper, str.title):
            given = {change(name): value for name, value in headers.items()}
            gateway.verify_webhook(body=body, headers=given, now=datetime.now(UTC))

    def test_a_changed_body_is_refused(self, gateway: Gateway, world: GatewayWorld) -> None:
        _, headers, body = self.received(gateway, world)
        for changed in (body + b" ", body[:-1], b"", body.replace(b"{", b"[", 1)):
            with pytest.raises(BadSignature):
                gateway.verify_webhook(body=changed, headers=headers, now=datetime.now(UTC))

    def test_without_its_headers_it_is_refused(self, gateway: Gateway, world: GatewayWorld) -> None:
        _, _, body = self.received(gateway, world)
        for headers in ({}, {"Content-Type": "application/json"}):
            with pytest.raises(BadSignature):
                gateway.verify_webhook(body=body, headers=headers, now=datetime.now(UTC))

    def test_five_minutes_each_way(self, gateway: Gateway, world: GatewayWorld) -> None:
        _, headers, body = self.received(gateway, world)
        now = datetime.now(UTC)
        for seconds in (-280, 280):
            gateway.verify_webhook(body=body, headers=headers, now=now + timedelta(seconds=seconds))
        for seconds in (-320, 320, 86400 * 365):
            with pytest.raises(BadSignature):
                gateway.verify_webhook(body=body, headers=headers, now=now + timedelta(seconds=seconds))

    def received(self, gateway: Gateway, world: GatewayWorld) -> tuple[str, Mapping[str, str], bytes]:
        """A paid payment and the message about it."""
        ref = gateway.create_checkout(new_request()).ref
        world.pay(ref)
        headers, body = world.webhook(ref)
        return ref, headers, body


class GatewayContract(CheckoutContract, PayingContract, TroubleContract, WebhookContract):
    """What every gateway does."""


class RefundContract:
    """Money given back: once for each key, never more than was taken."""

    def test_it_says_that_it_can(self, gateway: Gateway) -> None:
        assert isinstance(gateway, Refunds)

    def test_a_part_and_the_rest(self, gateway: Gateway, world: RefundWorld) -> None:
        assert isinstance(gateway, Refunds)
        attempt, payment = paid_payment(gateway, world)
        first = gateway.refund(request := new_refund(payment))
        assert (first.key, first.capture_id) == (request.key, payment.captures[0].id)
        assert (first.amount_minor, first.currency, first.state) == (3000, "JPY", "succeeded")
        second = gateway.refund(new_refund(payment, amount_minor=4624))
        assert gateway.fetch(payment.ref).refunds == (first, second)
        assert gateway.fetch(payment.ref).state == "succeeded"
        assert world.refunded(attempt) == 7624

    def test_the_same_key_gives_nothing_twice(self, gateway: Gateway, world: RefundWorld) -> None:
        assert isinstance(gateway, Refunds)
        attempt, payment = paid_payment(gateway, world)
        request = new_refund(payment)
        assert gateway.refund(request) == gateway.refund(request)
        with pytest.raises(GatewayRefused):
            gateway.refund(replace(request, amount_minor=2999))
        assert world.refunded(attempt) == 3000

    @pytest.mark.parametrize("amount", [7625, 0, -1, 10**9])
    def test_never_more_than_was_taken(self, gateway: Gateway, world: RefundWorld, amount: int) -> None:
        assert isinstance(gateway, Refunds)
        attempt, payment = paid_payment(gateway, world)
        with pytest.raises(GatewayRefused) as refusal:
            gateway.refund(new_refund(payment, amount_minor=amount))
        assert refusal.value.reason
        gateway.refund(new_refund(payment, amount_minor=7000))
        with pytest.raises(GatewayRefused):
            gateway.refund(new_refund(payment, amount_minor=625))
        assert world.refunded(attempt) == 7000

    def test_a_capture_that_is_not_there(self, gateway: Gateway, world: RefundWorld) -> None:
        assert isinstance(gateway, Refunds)
        _, payment = paid_payment(gateway, world)
        with pytest.raises(GatewayRefused):
            gateway.refund(new_refund(payment, capture_id="nothing"))

    def test_a_lost_call_gave_nothing_back(self, gateway: Gateway, world: RefundWorld) -> None:
        assert isinstance(gateway, Refunds)
        attempt, payment = paid_payment(gateway, world)
        request = new_refund(payment)
        world.lose_call("refund")
        with pytest.raises(GatewayUnreachable):
            gateway.refund(request)
        assert world.refunded(attempt) == 0
        gateway.refund(request)
        assert world.refunded(attempt) == 3000

    def test_a_lost_answer_is_learned_by_asking_again_or_by_looking(
        self, gateway: Gateway, world: RefundWorld
    ) -> None:
        assert isinstance(gateway, Refunds)
        attempt, payment = paid_payment(gateway, world)
        request = new_refund(payment)
        world.lose_answer("refund")
        with pytest.raises(GatewayUnreachable):
            gateway.refund(request)
        (seen,) = gateway.fetch(payment.ref).refunds
        assert (seen.key, seen.amount_minor) == (request.key, 3000)
        assert gateway.refund(request).id == seen.id
        assert world.refunded(attempt) == 3000

    def test_one_made_by_hand_is_seen_and_has_no_key_of_ours(
        self, gateway: Gateway, world: RefundWorld
    ) -> None:
        _, payment = paid_payment(gateway, world)
        world.refund_by_hand(payment.ref, 1000)
        (seen,) = gateway.fetch(payment.ref).refunds
        assert (seen.key, seen.amount_minor, seen.state) == ("", 1000, "succeeded")

    @pytest.mark.parametrize("well", [True, False])
    def test_one_that_takes_its_time(self, gateway: Gateway, world: RefundWorld, well: bool) -> None:
        assert isinstance(gateway, Refunds)
        _, payment = paid_payment(gateway, world)
        world.slow_refunds()
        made = gateway.refund(new_refund(payment, amount_minor=7624))
        assert made.state == "pending"
        with pytest.raises(GatewayRefused):
            gateway.refund(new_refund(payment, amount_minor=1))
        world.end_refund(made.id, well=well)
        (seen,) = gateway.fetch(payment.ref).refunds
        assert (seen.id, seen.state) == (made.id, "succeeded" if well else "failed")
        assert bool(seen.reason) is not well


class CompletionContract:
    """The customer approves, we take the money: once, and never for a payment that is closed."""

    def test_an_approved_payment_is_open_until_we_take_it(
        self, gateway: Gateway, world: CompletionWorld
    ) -> None:
        assert isinstance(gateway, Completion)
        request = new_request()
        ref = gateway.create_checkout(request).ref
        assert gateway.fetch(ref).approved is False
        world.approve(ref)
        approved = gateway.fetch(ref)
        assert (approved.state, approved.approved, approved.captures) == ("open", True, ())
        assert world.captures(request.attempt_id) == 0
        taken = gateway.complete(ref)
        assert (taken.state, taken.approved) == ("succeeded", False)
        assert [capture.amount_minor for capture in taken.captures] == [7624]
        assert gateway.fetch(ref) == taken

    def test_it_is_taken_once_however_often_it_is_asked(
        self, gateway: Gateway, world: CompletionWorld
    ) -> None:
        assert isinstance(gateway, Completion)
        request = new_request()
        ref = gateway.create_checkout(request).ref
        world.approve(ref)
        answers: list[GatewayPayment | GatewayUnreachable] = []

        def ask() -> None:
            try:
                answers.append(gateway.complete(ref))
            except GatewayUnreachable as silence:  # a processor may put off the second of two at once
                answers.append(silence)

        together = [threading.Thread(target=ask) for _ in range(5)]
        for one in together:
            one.start()
        for one in together:
            one.join()
        assert len(answers) == 5
        assert {gateway.complete(ref).captures} == {gateway.fetch(ref).captures}
        assert world.captures(request.attempt_id) == 1

    @pytest.mark.parametrize("lost", ["call", "answer"])
    def test_what_is_not_known_is_asked_again(
        self, gateway: Gateway, world: CompletionWorld, lost: str
    ) -> None:
        assert isinstance(gateway, Completion)
        request = new_request()
        ref = gateway.create_checkout(request).ref
        world.approve(ref)
        lose = world.lose_call if lost == "call" else world.lose_answer
        lose("complete")
        with pytest.raises(GatewayUnreachable):
            gateway.complete(ref)
        assert world.captures(request.attempt_id) == (0 if lost == "call" else 1)
        assert gateway.complete(ref).state == "succeeded"
        assert world.captures(request.attempt_id) == 1

    def test_nothing_is_taken_without_approval(self, gateway: Gateway, world: CompletionWorld) -> None:
        assert isinstance(gateway, Completion)
        request = new_request()
        ref = gateway.create_checkout(request).ref
        assert gateway.complete(ref) == gateway.fetch(ref)
        assert world.captures(request.attempt_id) == 0

    @pytest.mark.parametrize("first", ["approve", "close"])
    def test_nothing_is_taken_once_it_is_closed(
        self, gateway: Gateway, world: CompletionWorld, first: str
    ) -> None:
        assert isinstance(gateway, Completion)
        request = new_request()
        ref = gateway.create_checkout(request).ref
        if first == "approve":
            world.approve(ref)
        assert gateway.expire(ref).state == "cancelled"
        if first == "close":
            world.approve(ref)
        closed = gateway.complete(ref)
        assert (closed.state, closed.approved, closed.captures) == ("cancelled", False, ())
        assert world.captures(request.attempt_id) == 0

    def test_a_declined_one_can_be_approved_anew(self, gateway: Gateway, world: CompletionWorld) -> None:
        assert isinstance(gateway, Completion)
        request = new_request()
        ref = gateway.create_checkout(request).ref
        for _ in range(2):
            world.approve(ref, good=False)
            assert gateway.fetch(ref).approved
            declined = gateway.complete(ref)
            assert (declined.state, declined.approved) == ("open", False)
            assert declined.reason
        world.approve(ref)
        assert gateway.complete(ref).state == "succeeded"
        assert world.captures(request.attempt_id) == 1

    @pytest.mark.parametrize("ref", ["", "pay_nowhere", "../v1/payments", "a/b", "?"])
    def test_one_that_never_was(self, gateway: Gateway, world: CompletionWorld, ref: str) -> None:
        assert isinstance(gateway, Completion)
        with pytest.raises(GatewayRefused):
            gateway.complete(ref)


class DisputeContract:
    """The customer's bank takes money back."""

    def test_one_that_is_lost(self, gateway: Gateway, world: DisputeWorld) -> None:
        _, payment = paid_payment(gateway, world)
        id = world.dispute(payment.ref)
        (seen,) = gateway.fetch(payment.ref).disputes
        assert (seen.id, seen.capture_id, seen.state) == (id, payment.captures[0].id, "open")
        assert (seen.amount_minor, seen.currency) == (7624, "JPY")
        world.end_dispute(id, won=False)
        assert [dispute.state for dispute in gateway.fetch(payment.ref).disputes] == ["lost"]
        assert gateway.fetch(payment.ref).state == "succeeded"

    def test_one_that_is_won(self, gateway: Gateway, world: DisputeWorld) -> None:
        _, payment = paid_payment(gateway, world)
        world.end_dispute(world.dispute(payment.ref), won=True)
        assert [dispute.state for dispute in gateway.fetch(payment.ref).disputes] == ["won"]

    def test_a_question_takes_nothing(self, gateway: Gateway, world: DisputeWorld) -> None:
        _, payment = paid_payment(gateway, world)
        world.dispute(payment.ref, inquiry=True)
        assert [dispute.state for dispute in gateway.fetch(payment.ref).disputes] == ["inquiry"]


class ListingContract:
    """What happened since an instant, however few webhooks arrived."""

    def test_captures_refunds_and_disputes_are_listed(self, gateway: Gateway, world: GatewayWorld) -> None:
        assert isinstance(gateway, Listing)
        start = datetime.now(UTC) - timedelta(seconds=2)
        payments = [paid_payment(gateway, world)[1] for _ in range(3)]
        ids = {payment.captures[0].id: payment for payment in payments}
        listed = [line for line in gateway.happened_since(start) if line.id in ids]
        assert [line.id for line in listed] == list(ids)
        for line in listed:
            assert (line.kind, line.capture_id) == ("capture", line.id)
            assert (line.amount_minor, line.currency) == (7624, "JPY")
            assert gateway.fetch(line.ref).attempt_id == ids[line.id].attempt_id
        assert gateway.happened_since(datetime.now(UTC) + timedelta(minutes=5)) == ()

    def test_a_refund_is_listed(self, gateway: Gateway, world: RefundWorld) -> None:
        assert isinstance(gateway, Listing)
        start = datetime.now(UTC) - timedelta(seconds=2)
        _, payment = paid_payment(gateway, world)
        world.refund_by_hand(payment.ref, 1000)
        (refund,) = gateway.fetch(payment.ref).refunds
        (line,) = [line for line in gateway.happened_since(start) if line.id == refund.id]
        assert (line.kind, line.amount_minor, line.capture_id) == ("refund", 1000, payment.captures[0].id)

    def test_a_dispute_is_listed(self, gateway: Gateway, world: DisputeWorld) -> None:
        assert isinstance(gateway, Listing)
        start = datetime.now(UTC) - timedelta(seconds=2)
        _, payment = paid_payment(gateway, world)
        id = world.dispute(payment.ref)
        assert ("dispute", id) in {(line.kind, line.id) for line in gateway.happened_since(start)}

    def test_a_list_that_is_lost_says_nothing(self, gateway: Gateway, world: GatewayWorld) -> None:
        assert isinstance(gateway, Listing)
        world.lose_answer("list")
        with pytest.raises(GatewayUnreachable):
            gateway.happened_since(datetime.now(UTC) - timedelta(minutes=1))

    def test_more_than_one_page(self, gateway: Gateway, world: GatewayWorld) -> None:
        assert isinstance(gateway, Listing)
        start = datetime.now(UTC) - timedelta(seconds=2)
        ids = [paid_payment(gateway, world)[1].captures[0].id for _ in range(101)]
        listed = [line.id for line in gateway.happened_since(start)]
        assert [id for id in listed if id in set(ids)] == ids


class SavedMethodContract:
    """Means of payment kept with the customer's consent."""

    def test_nothing_is_kept_unasked(self, gateway: Gateway, world: SavedWorld) -> None:
        _, payment = paid_payment(gateway, world)
        assert payment.saved is None

    def test_one_that_is_kept_can_be_charged(self, gateway: Gateway, world: SavedWorld) -> None:
        assert isinstance(gateway, SavedMethods)
        _, payment = paid_payment(gateway, world, save_method=True)
        assert payment.saved is not None
        assert payment.saved.label
        request = new_charge(payment.saved)
        charged = gateway.charge_saved(request)
        (capture,) = charged.captures
        assert (charged.attempt_id, charged.state, charged.payee) == (
            request.attempt_id,
            "succeeded",
            gateway.payee,
        )
        assert (capture.amount_minor, capture.currency) == (1250, "JPY")
        assert gateway.fetch(charged.ref) == charged
        assert gateway.find(request.attempt_id) == charged

    def test_the_same_attempt_is_charged_once(self, gateway: Gateway, world: SavedWorld) -> None:
        assert isinstance(gateway, SavedMethods)
        _, payment = paid_payment(gateway, world, save_method=True)
        request = new_charge(payment.saved)
        assert gateway.charge_saved(request) == gateway.charge_saved(request)
        with pytest.raises(GatewayRefused):
            gateway.charge_saved(replace(request, amount_minor=1))
        assert world.captures(request.attempt_id) == 1

    def test_a_lost_answer_is_found_again(self, gateway: Gateway, world: SavedWorld) -> None:
        assert isinstance(gateway, SavedMethods)
        _, payment = paid_payment(gateway, world, save_method=True)
        request = new_charge(payment.saved)
        world.lose_answer("charge")
        with pytest.raises(GatewayUnreachable):
            gateway.charge_saved(request)
        found = gateway.find(request.attempt_id)
        assert found is not None
        assert found.state == "succeeded"
        assert gateway.charge_saved(request).ref == found.ref
        assert world.captures(request.attempt_id) == 1

    @pytest.mark.parametrize("later", ["decline", "confirm"])
    def test_one_that_is_declined_ends_without_money(
        self, gateway: Gateway, world: SavedWorld, later: Literal["decline", "confirm"]
    ) -> None:
        assert isinstance(gateway, SavedMethods)
        ref = gateway.create_checkout(new_request(save_method=True)).ref
        world.pay_with_card(ref, later=later)
        request = new_charge(gateway.fetch(ref).saved)
        for _ in range(2):
            charged = gateway.charge_saved(request)
            assert (charged.state, charged.captures) == ("failed", ())
            assert charged.reason
            assert charged.wants_customer is (later == "confirm")
        assert gateway.fetch(charged.ref).state == "failed"
        assert world.captures(request.attempt_id) == 0

    def test_one_that_was_forgotten_is_never_charged(self, gateway: Gateway, world: SavedWorld) -> None:
        assert isinstance(gateway, SavedMethods)
        _, payment = paid_payment(gateway, world, save_method=True)
        assert payment.saved is not None
        gateway.detach(payment.saved.ref)
        gateway.detach(payment.saved.ref)
        request = new_charge(payment.saved)
        with pytest.raises(GatewayRefused):
            gateway.charge_saved(request)
        assert gateway.find(request.attempt_id) is None
        assert gateway.fetch(payment.ref).saved is None

    @pytest.mark.parametrize("ref", ["", "pm_nothing", "../v1", "a/b/c", "?"])
    def test_one_that_never_was(self, gateway: Gateway, world: SavedWorld, ref: str) -> None:
        assert isinstance(gateway, SavedMethods)
        with pytest.raises(GatewayRefused):
            gateway.charge_saved(new_charge(GatewayMethod(ref=ref, label="")))
        with pytest.raises(GatewayRefused):
            gateway.detach(ref)


class FullGatewayContract(
    GatewayContract, RefundContract, DisputeContract, ListingContract, SavedMethodContract
):
    """What a gateway does that can do everything. One whose customers only approve adds CompletionContract."""
