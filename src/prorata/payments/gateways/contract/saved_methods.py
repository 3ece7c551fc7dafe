"""What a gateway must do that keeps means of payment."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import pytest

from prorata.payments.gateways.base import (
    Gateway,
    GatewayMethod,
    GatewayRefused,
    GatewayUnreachable,
    SavedMethods,
)
from prorata.payments.gateways.contract.worlds import (
    SavedWorld,
    new_charge,
    new_request,
    paid_payment,
)


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
