"""Webhooks that come late, twice, never, or in another order."""

from __future__ import annotations

import time

import pytest

from prorata.payments.gateways.sandbox import SandboxGateway
from prorata.sandbox.gateway.events import drawn
from support.gateway_world import SandboxWorld, submit
from support.sandboxes import (
    FAILS_LATER,
    SETTLES_LATER,
    wait_until,
)


class TestWebhooks:
    def test_some_seconds_later(self, gateway: SandboxGateway, world: SandboxWorld) -> None:
        _, ref, address = world.open_payment(gateway)
        before = time.time()
        assert submit(address, webhook="after", seconds="0.4").status_code == 303
        assert world.shop.wait(ref)[0]["kind"] == "payment.succeeded"
        assert time.time() >= before + 0.4

    def test_twice_is_the_same_event(self, gateway: SandboxGateway, world: SandboxWorld) -> None:
        _, ref, address = world.open_payment(gateway)
        submit(address, webhook="twice")
        first, second = world.shop.wait(ref, 2)
        assert first == second

    def test_never(self, gateway: SandboxGateway, world: SandboxWorld) -> None:
        attempt, ref, address = world.open_payment(gateway)
        assert submit(address, webhook="never").status_code == 303
        assert world.process.effects(attempt)["deliveries"] == []
        assert gateway.fetch(ref).state == "succeeded"
        assert world.shop.events(ref) == []

    def test_in_the_wrong_order(self, gateway: SandboxGateway, world: SandboxWorld) -> None:
        _, ref, address = world.open_payment(gateway)
        submit(address, webhook="out_of_order")
        kinds = [event["kind"] for event in world.shop.wait(ref, 2)]
        assert kinds == ["payment.succeeded", "payment.processing"]
        assert gateway.fetch(ref).state == "succeeded"

    def test_many_copies_and_different_events(self, gateway: SandboxGateway, world: SandboxWorld) -> None:
        world.process.settings(webhook_copies=5, different_events=True)
        attempt, ref, _ = world.open_payment(gateway)
        world.pay(ref)
        events = world.shop.wait(ref, 15)
        assert len({event["id"] for event in events}) == 3
        assert len({event["kind"] for event in events}) == 3
        assert world.captures(attempt) == 1

    def test_an_id_used_before(self, gateway: SandboxGateway, world: SandboxWorld) -> None:
        world.process.settings(event_id="evt_again")
        refs = [world.open_payment(gateway)[1] for _ in range(2)]
        for ref in refs:
            world.pay(ref)
        assert [world.shop.wait(ref)[0]["id"] for ref in refs] == ["evt_again", "evt_again"]

    def test_a_late_lie(self, gateway: SandboxGateway, world: SandboxWorld) -> None:
        _, ref, _ = world.open_payment(gateway)
        world.pay(ref)
        world.process.send_event(ref, "payment.failed")
        assert [event["kind"] for event in world.shop.wait(ref, 2)][-1] == "payment.failed"
        assert gateway.fetch(ref).state == "succeeded"

    def test_tried_until_the_shop_takes_it(self, gateway: SandboxGateway, world: SandboxWorld) -> None:
        attempt, ref, address = world.open_payment(gateway)
        world.shop.status = 503
        assert submit(address).status_code == 303
        wait_until(lambda: world.process.effects(attempt)["deliveries"][0]["attempts"] >= 2, "a second try")
        assert world.process.effects(attempt)["deliveries"][0]["last_result"] == "503"
        world.shop.status = 200
        world.process.wait_delivered(attempt)
        assert len(world.shop.events(ref)) == 1

    def test_undelivered_ones_survive_a_kill(self, gateway: SandboxGateway, world: SandboxWorld) -> None:
        attempt, ref, address = world.open_payment(gateway)
        world.shop.status = 503
        submit(address)
        world.process.kill()
        world.shop.status = 200
        assert world.shop.events(ref) == []
        world.process.restart()
        assert world.shop.wait(ref)[0]["kind"] == "payment.succeeded"
        assert world.process.wait_delivered(attempt)
        assert world.captures(attempt) == 1

    @pytest.mark.parametrize(("card", "state"), [(SETTLES_LATER, "succeeded"), (FAILS_LATER, "failed")])
    def test_a_slow_payment_settles_by_itself(
        self, gateway: SandboxGateway, world: SandboxWorld, card: str, state: str
    ) -> None:
        world.process.settings(processing_seconds=0.8)
        attempt, ref, address = world.open_payment(gateway)
        assert submit(address, card).status_code == 303
        kinds = [event["kind"] for event in world.shop.wait(ref, 2)]
        assert kinds == ["payment.processing", f"payment.{state}"]
        assert gateway.fetch(ref).state == state
        assert world.captures(attempt) == (1 if state == "succeeded" else 0)
        assert bool(gateway.fetch(ref).reason) == (state == "failed")


class TestWebhooksInAnyOrder:
    """A seed decides how often and when each message arrives; the same seed makes the same mess again."""

    def arrivals(self, gateway: SandboxGateway, world: SandboxWorld) -> list[str]:
        """The event of every delivery about five payments."""
        world.process.settings(webhook_seed=7, webhook_seconds=0.3, different_events=True)
        attempts = []
        for _ in range(5):
            attempt, ref, _ = world.open_payment(gateway)
            world.pay(ref)
            attempts.append(attempt)
        found = []
        for attempt in attempts:
            world.process.wait_delivered(attempt)
            found += [delivery["event_id"] for delivery in world.process.effects(attempt)["deliveries"]]
        return found

    def test_some_are_sent_again_and_all_arrive(self, gateway: SandboxGateway, world: SandboxWorld) -> None:
        sent = self.arrivals(gateway, world)
        assert len(set(sent)) == 15
        assert 15 < len(sent) <= 45

    def test_a_seed_draws_the_same_again(self) -> None:
        messes = [[drawn(seed, event, 2.0) for event in range(200)] for seed in (1, 1, 2)]
        assert messes[0] == messes[1] != messes[2]
        delays = [delay for copies in messes[0] for delay in copies]
        assert {len(copies) for copies in messes[0]} == {1, 2, 3}
        assert min(delays) == 0
        assert 1.5 < max(delays) <= 2.0
