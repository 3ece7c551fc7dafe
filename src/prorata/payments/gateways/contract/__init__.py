"""What every gateway adapter must do, as tests: subclass GatewayContract and give the fixtures `gateway` and `world`.
What only some gateways can has contracts of its own beside it; FullGatewayContract is everything.

The world makes things happen at the processor's side, through a test mode of the real one or through the sandbox.
"""

from __future__ import annotations

from prorata.payments.gateways.contract.completion import CompletionContract
from prorata.payments.gateways.contract.disputes import DisputeContract
from prorata.payments.gateways.contract.every_gateway import GatewayContract
from prorata.payments.gateways.contract.listing import ListingContract
from prorata.payments.gateways.contract.refunds import RefundContract
from prorata.payments.gateways.contract.saved_methods import SavedMethodContract
from prorata.payments.gateways.contract.worlds import (
    CompletionWorld,
    DisputeWorld,
    GatewayWorld,
    RefundWorld,
    SavedWorld,
    new_charge,
    new_refund,
    new_request,
    paid_payment,
)

__all__ = [
    "CompletionContract",
    "CompletionWorld",
    "DisputeContract",
    "DisputeWorld",
    "FullGatewayContract",
    "GatewayContract",
    "GatewayWorld",
    "ListingContract",
    "RefundContract",
    "RefundWorld",
    "SavedMethodContract",
    "SavedWorld",
    "new_charge",
    "new_refund",
    "new_request",
    "paid_payment",
]


class FullGatewayContract(
    GatewayContract, RefundContract, DisputeContract, ListingContract, SavedMethodContract
):
    """What a gateway does that can do everything. One whose customers only approve adds CompletionContract."""
