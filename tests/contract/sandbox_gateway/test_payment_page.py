"""The page where customers pay."""

from __future__ import annotations

import httpx
import pytest

from prorata.payments.gateways.sandbox import SandboxGateway
from support.gateway_world import SandboxWorld, at_once, submit
from support.sandboxes import (
    ACCEPTED,
    ASKS_BANK,
    DECLINED,
    FAILS_LATER,
    NOT_ENOUGH,
    SETTLES_LATER,
)


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
