"""Calls that are repeated, counted, delayed or refused."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from prorata.payments.gateways.base import GatewayRefused, GatewayUnreachable
from prorata.payments.gateways.contract import new_request
from prorata.payments.gateways.sandbox import SandboxGateway
from support.gateway_world import SandboxWorld, at_once
from support.sandboxes import (
    GatewayProcess,
)


class TestOtherCalls:
    def test_one_attempt_made_many_times_at_once(self, gateway: SandboxGateway, world: SandboxWorld) -> None:
        request = new_request()
        refs = at_once(8, lambda: gateway.create_checkout(request).ref)
        assert len(set(refs)) == 1

    def test_payments_since(self, gateway: SandboxGateway, world: SandboxWorld) -> None:
        start = datetime.now(UTC).isoformat()
        refs = [world.open_payment(gateway)[1] for _ in range(3)]
        listed = world.process.call("GET", "/v1/payments", since=start)
        assert [payment["ref"] for payment in listed["payments"]] == refs
        rest = world.process.call("GET", "/v1/payments", since=start, after=refs[1])
        assert [payment["ref"] for payment in rest["payments"]] == refs[2:]

    def test_every_call_is_counted(self, gateway: SandboxGateway, world: SandboxWorld) -> None:
        _, ref, _ = world.open_payment(gateway)
        gateway.fetch(ref)
        gateway.fetch(ref)
        assert len([call for call in world.process.calls("fetch") if call["facts"]["ref"] == ref]) == 2

    def test_a_wrong_key_is_no_answer_about_the_payment(
        self, gateway: SandboxGateway, world: SandboxWorld
    ) -> None:
        _, ref, _ = world.open_payment(gateway)
        stranger = SandboxGateway(world.process.url, ["stolen"], "prorata-sandbox", mode="test")
        with pytest.raises(GatewayUnreachable, match="401"):
            stranger.fetch(ref)

    def test_an_answer_that_never_comes_is_given_up(
        self, process: GatewayProcess, world: SandboxWorld
    ) -> None:
        process.fault(call="create", kind="hang", seconds=3_600, effect="after")
        request = new_request()
        with pytest.raises(GatewayUnreachable, match="ReadTimeout"):
            process.adapter(read_timeout=0.3).create_checkout(request)
        assert process.adapter().find(request.attempt_id) is not None

    def test_an_error_after_the_effect_is_unknown(self, gateway: SandboxGateway, world: SandboxWorld) -> None:
        world.process.fault(call="create", kind="error", effect="after")
        request = new_request()
        with pytest.raises(GatewayUnreachable, match="500"):
            gateway.create_checkout(request)
        assert world.payments(request.attempt_id) == 1

    @pytest.mark.parametrize(
        "address", ["javascript:alert(1)", "/return", "http://", "http://a;b/", "http://[x/"]
    )
    def test_the_way_back_must_be_an_address(
        self, gateway: SandboxGateway, world: SandboxWorld, address: str
    ) -> None:
        with pytest.raises(GatewayRefused, match="return_url"):
            gateway.create_checkout(new_request(return_url=address))
