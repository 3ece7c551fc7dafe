"""The adapter against a real gateway process: the contract as it stands."""

from __future__ import annotations

from prorata.payments.gateways.contract import FullGatewayContract


class TestSandboxGateway(FullGatewayContract):
    """The contract as it stands."""
