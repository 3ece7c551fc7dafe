"""What every gateway adapter must do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from prorata.payments.gateways.base import (
    BadSignature,
    Gateway,
    GatewayRefused,
    GatewayUnreachable,
)
from prorata.payments.gateways.contract.worlds import (
    GatewayWorld,
    new_request,
)


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
