"""What a gateway must do whose customers only approve, so that we take the money."""

from __future__ import annotations

import threading

import pytest

from prorata.payments.gateways.base import (
    Completion,
    Gateway,
    GatewayPayment,
    GatewayRefused,
    GatewayUnreachable,
)
from prorata.payments.gateways.contract.worlds import (
    CompletionWorld,
    new_request,
)


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
