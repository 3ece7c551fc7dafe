"""What a gateway must do that can list what happened."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from prorata.payments.gateways.base import (
    Gateway,
    GatewayUnreachable,
    Listing,
)
from prorata.payments.gateways.contract.worlds import (
    DisputeWorld,
    GatewayWorld,
    RefundWorld,
    paid_payment,
)


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
