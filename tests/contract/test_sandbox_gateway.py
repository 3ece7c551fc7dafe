"""The sandbox gateway's adapter against a real gateway process: the contract, and what only the sandbox can do."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from prorata.payments.gateways.base import BadSignature, GatewayRefused, GatewayUnreachable
from prorata.payments.gateways.contract import FullGatewayContract, new_request
from prorata.payments.gateways.sandbox import SandboxGateway, read_payment
from prorata.sandbox.gateway.events import drawn
from prorata.sandbox.gateway.payments import of_attempt
from prorata.sandbox.gateway.schema import ADDED, SCHEMA
from prorata.sandbox.store import Store
from support.sandboxes import (
    ACCEPTED,
    ASKS_ALWAYS,
    ASKS_BANK,
    DECLINED,
    DECLINES_LATER,
    FAILS_LATER,
    NOT_ENOUGH,
    SETTLES_LATER,
    GatewayProcess,
    WebhookReceiver,
    start_gateway,
    wait_until,
)

SECRETS = ["new-secret", "old-secret"]
QUIET: dict[str, Any] = {
    "webhook_mode": "before",
    "webhook_seconds": 0.2,
    "webhook_copies": 1,
    "different_events": False,
    "event_id": None,
    "retry_seconds": 0.1,
    "processing_seconds": 3600,
    "latency_seconds": 0,
    "down": False,
    "capture_amount_minor": None,
    "capture_currency": None,
    "report_payee": None,
    "report_live": None,
    "refund_mode": "at_once",
    "webhook_seed": None,
}


class SandboxWorld:
    """The contract's processor side."""

    def __init__(self, process: GatewayProcess, shop: WebhookReceiver) -> None:
        self.process = process
        self.shop = shop

    def pay(self, ref: str) -> None:
        self.process.pay(ref)

    def decline(self, ref: str) -> None:
        self.process.decline(ref)

    def pay_slowly(self, ref: str) -> None:
        self.process.pay(ref, SETTLES_LATER)

    def settle(self, ref: str) -> None:
        self.process.settle(ref)

    def lose_call(self, call: str) -> None:
        self.process.fault(call=call, effect="before")

    def lose_answer(self, call: str) -> None:
        self.process.fault(call=call, effect="after")

    def go_down(self) -> None:
        self.process.kill()

    def come_back(self) -> None:
        self.process.restart()

    def payments(self, attempt_id: str) -> int:
        return int(self.process.effects(attempt_id)["payments"])

    def captures(self, attempt_id: str) -> int:
        return len(self.process.captures(attempt_id))

    def webhook(self, ref: str) -> tuple[Mapping[str, str], bytes]:
        self.shop.wait(ref)
        return next((headers, body) for headers, body in self.shop.received if ref.encode() in body)

    def refund_by_hand(self, ref: str, amount_minor: int) -> None:
        self.process.control("POST", "refunds", {"ref": ref, "amount_minor": amount_minor})

    def slow_refunds(self) -> None:
        self.process.settings(refund_mode="pending")

    def end_refund(self, refund_id: str, *, well: bool) -> None:
        self.process.end_refund(refund_id, "succeeded" if well else "failed")

    def refunded(self, attempt_id: str) -> int:
        return sum(refund["amount_minor"] for refund in self.process.effects(attempt_id)["refunds"])

    def dispute(self, ref: str, *, inquiry: bool = False) -> str:
        return self.process.dispute(ref, inquiry=inquiry)

    def end_dispute(self, dispute_id: str, *, won: bool) -> None:
        self.process.move_dispute(dispute_id, "won" if won else "lost")

    def pay_with_card(self, ref: str, *, later: str) -> None:
        card = {"accept": ACCEPTED, "decline": DECLINES_LATER, "confirm": ASKS_ALWAYS}[later]
        self.process.pay(ref, card, confirm=True)

    def open_payment(self, gateway: SandboxGateway, **changes: Any) -> tuple[str, str, str]:
        """A new payment: attempt id, ref and the address of its page."""
        request = new_request(**changes)
        checkout = gateway.create_checkout(request)
        return request.attempt_id, checkout.ref, checkout.redirect_url


@pytest.fixture(scope="module")
def shop() -> Iterator[WebhookReceiver]:
    with WebhookReceiver() as shop:
        yield shop


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory, shop: WebhookReceiver) -> Iterator[GatewayProcess]:
    with start_gateway(tmp_path_factory.mktemp("gateway"), shop.url, SECRETS) as process:
        yield process


@pytest.fixture
def world(process: GatewayProcess, shop: WebhookReceiver) -> Iterator[SandboxWorld]:
    process.settings(**QUIET)
    yield SandboxWorld(process, shop)
    shop.status = 200
    process.clear_faults()


@pytest.fixture
def gateway(process: GatewayProcess) -> SandboxGateway:
    return process.adapter()


class TestSandboxGateway(FullGatewayContract):
    """The contract as it stands."""


def submit(page: str, card: str = ACCEPTED, **more: str) -> httpx.Response:
    """What a browser sends from the payment page."""
    form = {"card": card, "expiry": "12 / 34", "cvc": "123", "webhook": "before", "seconds": "3", **more}
    return httpx.post(page, data=form, trust_env=False, follow_redirects=False)


class TestPaymentPage:
    def test_it_says_what_it_is_and_lists_the_cards(
        self, gateway: SandboxGateway, world: SandboxWorld
    ) -> None:
        _, _, address = world.open_payment(gateway, description="<b>INV-1</b>")
        page = httpx.get(address, trust_env=False)
        assert page.status_code == 200
        assert "<strong>Sandbox payments</strong> — no real money moves" in page.text
        assert "JPY 7,624" in page.text
        assert "&lt;b&gt;INV-1" in page.text
        for card in (ACCEPTED, DECLINED, NOT_ENOUGH, ASKS_BANK, SETTLES_LATER, FAILS_LATER):
            assert card in page.text
        assert "<script" not in page.text
        policy = page.headers["Content-Security-Policy"].split("; ")
        assert "form-action 'self' http://127.0.0.1:1" in policy
        assert "default-src 'none'" in policy

    @pytest.mark.parametrize(
        ("amount", "currency", "shown"),
        [(43248, "USD", "USD 432.48"), (1250, "KWD", "KWD 1.250"), (5, "EUR", "EUR 0.05")],
    )
    def test_amounts(
        self, gateway: SandboxGateway, world: SandboxWorld, amount: int, currency: str, shown: str
    ) -> None:
        _, _, address = world.open_payment(gateway, amount_minor=amount, currency=currency)
        assert f"Pay {shown}" in httpx.get(address, trust_env=False).text

    def test_paying_leads_back_and_the_shop_knows_already(
        self, gateway: SandboxGateway, world: SandboxWorld
    ) -> None:
        attempt, ref, address = world.open_payment(gateway)
        answer = submit(address)
        assert (answer.status_code, answer.headers["Location"]) == (303, "http://127.0.0.1:1/return")
        assert [event["kind"] for event in world.shop.events(ref)] == ["payment.succeeded"]
        assert world.captures(attempt) == 1
        assert "Paid: JPY 7,624" in httpx.get(address, trust_env=False).text

    @pytest.mark.parametrize(
        ("card", "words"),
        [(DECLINED, "The card was declined."), (NOT_ENOUGH, "not enough money on the card")],
    )
    def test_a_declined_card_and_then_another(
        self, gateway: SandboxGateway, world: SandboxWorld, card: str, words: str
    ) -> None:
        attempt, ref, address = world.open_payment(gateway)
        answer = submit(address, card)
        assert answer.status_code == 422
        assert words in answer.text
        assert "Nothing was taken." in answer.text
        assert words in gateway.fetch(ref).reason
        assert world.captures(attempt) == 0
        assert submit(address).status_code == 303
        assert world.captures(attempt) == 1
        assert gateway.fetch(ref).reason == ""

    @pytest.mark.parametrize(
        ("field", "text", "words"),
        [
            ("card", "5555 5555 5555 4444", "Never type a real card number here"),
            ("card", "", "one of the test cards"),
            ("expiry", "13 / 34", "month and year in the future"),
            ("expiry", "12 / 20", "month and year in the future"),
            ("cvc", "12", "three or four digits"),
            ("cvc", "１２３", "three or four digits"),
            ("webhook", "sometimes", "one of the ways listed"),
        ],
    )
    def test_each_field_is_checked(
        self, gateway: SandboxGateway, world: SandboxWorld, field: str, text: str, words: str
    ) -> None:
        attempt, _, address = world.open_payment(gateway)
        answer = submit(address, **{field: text})
        assert answer.status_code == 422
        assert words in answer.text
        assert world.captures(attempt) == 0

    @pytest.mark.parametrize("seconds", ["", "-1", "601", "nan", "soon"])
    def test_seconds_are_checked(self, gateway: SandboxGateway, world: SandboxWorld, seconds: str) -> None:
        attempt, _, address = world.open_payment(gateway)
        assert submit(address, webhook="after", seconds=seconds).status_code == 422
        assert world.captures(attempt) == 0

    def test_the_bank_is_asked(self, gateway: SandboxGateway, world: SandboxWorld) -> None:
        attempt, ref, address = world.open_payment(gateway)
        asked = submit(address, ASKS_BANK)
        assert asked.status_code == 302
        question = httpx.URL(address).join(asked.headers["Location"])
        assert "Is this payment yours?" in httpx.get(question, trust_env=False).text
        assert gateway.fetch(ref).state == "open"  # left like this, it simply stays open
        refused = httpx.post(question, data={"answer": "refuse"}, trust_env=False)
        assert refused.status_code == 422
        assert "not confirmed with the bank" in refused.text
        assert world.captures(attempt) == 0
        submit(address, ASKS_BANK)
        confirmed = httpx.post(question, data={"answer": "confirm"}, trust_env=False)
        assert (confirmed.status_code, confirmed.headers["Location"]) == (303, "http://127.0.0.1:1/return")
        assert world.captures(attempt) == 1

    def test_a_bank_that_was_not_asked_confirms_nothing(
        self, gateway: SandboxGateway, world: SandboxWorld
    ) -> None:
        attempt, _, address = world.open_payment(gateway)
        for unasked in (
            httpx.get(f"{address}/bank", trust_env=False),
            httpx.post(f"{address}/bank", data={"answer": "confirm"}, trust_env=False),
        ):
            assert unasked.status_code == 302
            assert address.endswith(unasked.headers["Location"])
        assert world.captures(attempt) == 0

    def test_a_closed_page_says_so(self, gateway: SandboxGateway, world: SandboxWorld) -> None:
        attempt, ref, address = world.open_payment(gateway)
        gateway.expire(ref)
        assert "This payment page is closed" in httpx.get(address, trust_env=False).text
        answer = submit(address)
        assert answer.status_code == 410
        assert world.captures(attempt) == 0

    def test_an_unknown_page(self, world: SandboxWorld) -> None:
        answer = submit(f"{world.process.url}/pay/pay_nowhere")
        assert answer.status_code == 404
        assert "There is no such payment page" in answer.text

    def test_many_clicks_take_the_money_once(self, gateway: SandboxGateway, world: SandboxWorld) -> None:
        attempt, ref, address = world.open_payment(gateway)
        answers = at_once(8, lambda: submit(address).status_code)
        assert answers == [303] * 8
        assert world.captures(attempt) == 1
        assert [event["kind"] for event in world.shop.events(ref)] == ["payment.succeeded"]

    def test_the_latest_payments_are_listed(self, gateway: SandboxGateway, world: SandboxWorld) -> None:
        world.open_payment(gateway, description="INV-777 & more")
        page = httpx.get(world.process.url, trust_env=False)
        assert page.status_code == 200
        assert "INV-777 &amp; more" in page.text


class TestWebhooks:
    def test_some_seconds_later(self, gateway: SandboxGateway, world: SandboxWorld) -> None:
        _, ref, address = world.open_payment(gateway)
        assert submit(address, webhook="after", seconds="0.4").status_code == 303
        assert world.shop.events(ref) == []
        assert world.shop.wait(ref)[0]["kind"] == "payment.succeeded"

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
        world.process.settings(processing_seconds=0.3)
        attempt, ref, address = world.open_payment(gateway)
        assert submit(address, card).status_code == 303
        assert gateway.fetch(ref).state == "processing"
        kinds = [event["kind"] for event in world.shop.wait(ref, 2)]
        assert kinds == ["payment.processing", f"payment.{state}"]
        assert gateway.fetch(ref).state == state
        assert world.captures(attempt) == (1 if state == "succeeded" else 0)
        assert bool(gateway.fetch(ref).reason) == (state == "failed")


class TestSignature:
    @pytest.fixture
    def message(self, gateway: SandboxGateway, world: SandboxWorld) -> tuple[Mapping[str, str], bytes]:
        _, ref, _ = world.open_payment(gateway)
        world.pay(ref)
        return world.webhook(ref)

    @pytest.mark.parametrize("secrets", [["new-secret"], ["old-secret"], ["other", "old-secret"]])
    def test_either_secret_verifies_during_a_rotation(
        self, world: SandboxWorld, message: tuple[Mapping[str, str], bytes], secrets: list[str]
    ) -> None:
        headers, body = message
        assert headers["Sandbox-Signature"].count("v1=") == 2
        self.adapter(secrets).verify_webhook(body=body, headers=headers, now=datetime.now(UTC))

    def test_a_strange_secret_does_not(self, message: tuple[Mapping[str, str], bytes]) -> None:
        headers, body = message
        with pytest.raises(BadSignature, match="no signature fits"):
            self.adapter(["new-secre", "stolen"]).verify_webhook(
                body=body, headers=headers, now=datetime.now(UTC)
            )

    @pytest.mark.parametrize(
        "spoil",
        [
            lambda value: "",
            lambda value: value.replace("t=", "x="),
            lambda value: value.replace("v1=", "v0="),
            lambda value: value.replace(",v1=", ",v1=0"),
            lambda value: value + ",t=1",
            lambda value: value.replace("t=", "t=-"),
            lambda value: value.replace("t=", "t=٣"),
            lambda value: value + ",v1=" + ",v1=".join(["0" * 64] * 20),
            lambda value: value.split(",")[0],
            lambda value: value.split(",", 1)[1],
            lambda value: "t=" + str(int(value[2:12]) + 1) + value[12:],
            lambda value: "\x00",
        ],
    )
    def test_a_spoilt_header_is_refused(
        self, message: tuple[Mapping[str, str], bytes], spoil: Callable[[str], str]
    ) -> None:
        headers, body = message
        spoilt = {**headers, "Sandbox-Signature": spoil(headers["Sandbox-Signature"])}
        with pytest.raises(BadSignature):
            self.adapter(SECRETS).verify_webhook(body=body, headers=spoilt, now=datetime.now(UTC))

    def test_two_headers_are_refused(self, message: tuple[Mapping[str, str], bytes]) -> None:
        headers, body = message
        doubled = {**headers, "SANDBOX-SIGNATURE": headers["Sandbox-Signature"]}
        with pytest.raises(BadSignature):
            self.adapter(SECRETS).verify_webhook(body=body, headers=doubled, now=datetime.now(UTC))

    def test_the_edge_of_five_minutes(self, message: tuple[Mapping[str, str], bytes]) -> None:
        headers, body = message
        signed = datetime.fromtimestamp(int(headers["Sandbox-Signature"][2:12]), UTC)
        for seconds in (-300, 300):
            self.adapter(SECRETS).verify_webhook(
                body=body, headers=headers, now=signed + timedelta(seconds=seconds)
            )
        for seconds in (-301, 301):
            with pytest.raises(BadSignature, match="too old"):
                self.adapter(SECRETS).verify_webhook(
                    body=body, headers=headers, now=signed + timedelta(seconds=seconds)
                )

    def adapter(self, secrets: list[str]) -> SandboxGateway:
        return SandboxGateway("http://127.0.0.1:1", secrets, "prorata-sandbox", mode="test")


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
        process.fault(call="create", kind="hang", seconds=3, effect="after")
        request = new_request()
        started = time.monotonic()
        with pytest.raises(GatewayUnreachable, match="ReadTimeout"):
            process.adapter(read_timeout=0.3).create_checkout(request)
        assert time.monotonic() - started < 2
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


def sound() -> dict[str, Any]:
    """A payment as the gateway would answer it."""
    return {
        "ref": "pay_1",
        "attempt_id": "attempt-1",
        "payee": "prorata-sandbox",
        "live": False,
        "state": "succeeded",
        "amount_minor": 7624,
        "currency": "JPY",
        "captures": [
            {"id": "c1", "amount_minor": 7624, "currency": "JPY", "captured_at": "2026-01-31T00:00:00+00:00"}
        ],
        "refunds": [],
        "disputes": [],
        "saved": None,
        "wants_customer": False,
    }


def test_a_store_made_before_a_column_gets_it(tmp_path: Path) -> None:
    old = sqlite3.connect(tmp_path / "old.sqlite3")
    old.executescript(SCHEMA)
    old.execute(
        "INSERT INTO payment (ref, attempt_id, request, amount_minor, currency, description, return_url, cancel_url,"
        " customer_ref, created_at) VALUES ('pay_1', 'a1', '{}', 5, 'JPY', '', '', '', '', 0)"
    )
    old.commit()
    old.close()
    for _ in range(2):
        with Store(tmp_path / "old.sqlite3", SCHEMA, ADDED).read() as db:
            row = db.execute("SELECT * FROM payment").fetchone()
            assert (row["amount_minor"], row["reference"], row["meta"]) == (5, "", "{}")
            assert of_attempt(db, "a1")[0]["ref"] == "pay_1"


def test_a_sound_answer_is_understood() -> None:
    assert read_payment(sound()).captures[0].amount_minor == 7624


@pytest.mark.parametrize(
    "spoilt",
    [
        {"amount_minor": 76.24},
        {"amount_minor": True},
        {"amount_minor": "7624"},
        {"amount_minor": 0},
        {"live": "false"},
        {"live": None},
        {"state": "paid"},
        {"payee": ""},
        {"ref": None},
        {"captures": None},
        {"captures": [{"id": "c1"}]},
        {"captures": [{**sound()["captures"][0], "captured_at": "2026-01-31T00:00:00"}]},
        {"captures": [{**sound()["captures"][0], "amount_minor": -1}]},
        {"refunds": None},
        {"refunds": [{"id": "r1", "state": "succeeded"}]},
        {"disputes": [{"id": "d1", "state": "open"}]},
        {"saved": {"id": "pm_1"}},
    ],
)
def test_what_makes_no_sense_is_not_believed(spoilt: dict[str, Any]) -> None:
    with pytest.raises(GatewayUnreachable, match="cannot be understood"):
        read_payment({**sound(), **spoilt})


@pytest.mark.parametrize("answer", [None, [], "succeeded", 7])
def test_what_is_no_payment_is_not_believed(answer: Any) -> None:
    with pytest.raises(GatewayUnreachable):
        read_payment(answer)


@pytest.mark.parametrize("mode", [None, "", "production", "Test"])
def test_the_adapter_does_not_exist_in_production(monkeypatch: pytest.MonkeyPatch, mode: str | None) -> None:
    monkeypatch.delenv("PRORATA_MODE", raising=False)
    with pytest.raises(ValueError, match="PRORATA_MODE=demo"):
        SandboxGateway("http://127.0.0.1:1", ["secret"], "payee", mode=mode)


@pytest.mark.parametrize("secrets", [[], [""], ["good", " "], "a-plain-text"])
def test_the_adapter_wants_secrets(secrets: Any) -> None:
    with pytest.raises(ValueError, match="secrets"):
        SandboxGateway("http://127.0.0.1:1", secrets, "payee", mode="test")


@pytest.mark.parametrize(
    ("environment", "arguments", "line"),
    [
        ({"PRORATA_MODE": "production"}, ["--secret", "x"], "PRORATA_MODE=demo or PRORATA_MODE=test"),
        ({}, ["--secret", "x"], "PRORATA_MODE=demo or PRORATA_MODE=test"),
        ({"PRORATA_MODE": "test"}, [], "--secret"),
        ({"PRORATA_MODE": "test"}, ["--secret", "x", "--secret", ""], "--secret"),
        ({"PRORATA_MODE": "test", "PRORATA_SANDBOX_GATEWAY_SECRETS": "a,,b"}, [], "--secret"),
        ({"PRORATA_MODE": "test"}, ["--secret", "x", "--port", "99999"], "not a port"),
        ({"PRORATA_MODE": "test"}, ["--secret", "x", "--webhook-url", "shop"], "http://"),
        ({"PRORATA_MODE": "test"}, ["--secret", "x", "--store", "/dev/null/store"], "--store"),
    ],
)
def test_a_wrong_start_is_one_clear_line(
    tmp_path: Path, environment: dict[str, str], arguments: list[str], line: str
) -> None:
    command = [sys.executable, "-m", "prorata.sandbox.gateway", "--store", str(tmp_path / "s"), *arguments]
    bare = {name: text for name, text in os.environ.items() if not name.startswith("PRORATA_")}
    run = subprocess.run(command, env={**bare, **environment}, capture_output=True, text=True, timeout=30)
    assert run.returncode == 2
    assert line in run.stderr.splitlines()[-1]
    assert "Traceback" not in run.stderr


def test_a_taken_port_is_one_clear_line(process: GatewayProcess, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "prorata.sandbox.gateway", "--port", str(process.port), "--secret", "x"]
    run = subprocess.run(
        [*command, "--store", str(tmp_path / "s")],
        env={**os.environ, "PRORATA_MODE": "test"},
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert run.returncode == 2
    assert "name another with --port" in run.stderr


@pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="only Linux tells a child of its parent's end"
)
def test_the_process_ends_with_its_parent(tmp_path: Path) -> None:
    starter = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-m', 'prorata.sandbox.gateway', '--die-with-parent',"
        " '--secret', 'x', '--store', sys.argv[1]], stdout=subprocess.PIPE, text=True)\n"
        "print(child.pid, child.stdout.readline().strip(), flush=True)\n"
        "time.sleep(60)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", starter, str(tmp_path / "s")],
        env={**os.environ, "PRORATA_MODE": "test"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout
    pid, _, address = parent.stdout.readline().strip().partition(" ")
    url = address.rpartition(" ")[2]
    assert httpx.get(url, trust_env=False).status_code == 200
    parent.kill()
    parent.wait()
    parent.stdout.close()
    wait_until(lambda: not answers(url), f"process {pid} to end")


def answers(url: str) -> bool:
    """Whether anybody listens there."""
    try:
        httpx.get(url, trust_env=False, timeout=1)
    except httpx.HTTPError:
        return False
    return True


def at_once(count: int, act: Callable[[], Any]) -> list[Any]:
    """The results of `count` threads that do the same together."""
    results: list[Any] = []
    barrier = threading.Barrier(count)

    def run() -> None:
        barrier.wait()
        results.append(act())

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
