"""Money that is not what was asked for."""

from __future__ import annotations

import threading

import httpx

from prorata.payments.gateways.sandbox import SandboxGateway
from support.gateway_world import SandboxWorld, at_once


class TestMoneyThatIsWrong:
    """The gateway tells what it took; comparing is the caller's duty, and these make the difference."""

    def test_another_amount_and_currency(self, gateway: SandboxGateway, world: SandboxWorld) -> None:
        world.process.settings(capture_amount_minor=100, capture_currency="USD")
        _, ref, _ = world.open_payment(gateway)
        world.pay(ref)
        payment = gateway.fetch(ref)
        assert (payment.amount_minor, payment.currency) == (7624, "JPY")
        assert [(capture.amount_minor, capture.currency) for capture in payment.captures] == [(100, "USD")]

    def test_another_payee_and_live_money(self, gateway: SandboxGateway, world: SandboxWorld) -> None:
        _, ref, _ = world.open_payment(gateway)
        assert (gateway.fetch(ref).payee, gateway.fetch(ref).live) == ("prorata-sandbox", False)
        world.process.settings(report_payee="somebody-else", report_live=True)
        assert (gateway.fetch(ref).payee, gateway.fetch(ref).live) == ("somebody-else", True)

    def test_money_after_closing_and_money_twice(self, gateway: SandboxGateway, world: SandboxWorld) -> None:
        _, ref, _ = world.open_payment(gateway)
        gateway.expire(ref)
        world.process.add_capture(ref, 7624)
        world.process.add_capture(ref, 1000)
        payment = gateway.fetch(ref)
        assert payment.state == "succeeded"
        assert [capture.amount_minor for capture in payment.captures] == [7624, 1000]

    def test_never_more_back_than_was_taken(self, gateway: SandboxGateway, world: SandboxWorld) -> None:
        attempt, ref, _ = world.open_payment(gateway)
        world.pay(ref)
        capture = gateway.fetch(ref).captures[0].id
        key = world.process._http.headers["Authorization"]

        def refund(amount: int, name: str) -> int:
            return httpx.post(
                f"{world.process.url}/v1/refunds",
                json={"capture_id": capture, "amount_minor": amount},
                headers={"Authorization": key, "Idempotency-Key": f"{name}-{ref}"},
                trust_env=False,
            ).status_code

        assert refund(7625, "too-much") == 422
        assert sorted(at_once(4, lambda: refund(5000, f"{threading.get_ident()}"))) == [200, 422, 422, 422]
        assert refund(2624, "rest") == 200
        assert refund(2624, "rest") == 200
        assert refund(2600, "rest") == 409
        assert refund(1, "more") == 422
        assert refund(0, "nothing") == 400
        assert [row["amount_minor"] for row in world.process.effects(attempt)["refunds"]] == [5000, 2624]
