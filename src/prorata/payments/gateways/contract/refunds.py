"""What a gateway must do that can give money back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from prorata.payments.gateways.base import (
    Gateway,
    GatewayRefused,
    GatewayUnreachable,
    Refunds,
)
from prorata.payments.gateways.contract.worlds import (
    RefundWorld,
    new_refund,
    paid_payment,
)


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
