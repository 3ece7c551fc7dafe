"""What a gateway must tell of disputes."""

from __future__ import annotations

from prorata.payments.gateways.base import (
    Gateway,
)
from prorata.payments.gateways.contract.worlds import (
    DisputeWorld,
    paid_payment,
)


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
