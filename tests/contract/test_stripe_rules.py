"""What is Stripe's own: its units of money, its refusals and silences, and a processor that is as strict as it is."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as some

from prorata.payments.gateways.base import GatewayRefused, GatewayUnreachable
from prorata.payments.gateways.contract import new_refund, new_request, paid_payment
from prorata.payments.gateways.stripe import StripeGateway
from prorata.payments.gateways.stripe_money import from_stripe, to_stripe
from prorata.pricing.currencies import MINOR_DIGITS
from prorata.sandbox.stripe import money as theirs
from support.sandboxes import StripeProcess, start_stripe


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StripeProcess]:
    with start_stripe(tmp_path_factory.mktemp("stripe")) as process:
        yield process


@pytest.fixture
def gateway(process: StripeProcess) -> StripeGateway:
    return process.adapter()


class Payer:
    """Just enough of a world for a paid payment."""

    def __init__(self, process: StripeProcess) -> None:
        self.process = process

    def pay(self, ref: str) -> None:
        self.process.pay(ref)


class TestMoney:
    @pytest.mark.parametrize(
        ("minor", "currency", "amount"),
        [
            (500, "JPY", 500), (1_050, "USD", 1_050), (5_120, "KWD", 5_120), (5, "ISK", 500), (500, "MGA", 5),
            (1_999, "TWD", 1_999), (1_000, "HUF", 1_000), (7, "KRW", 7),
        ],
    )  # fmt: skip
    def test_as_stripe_writes_it(self, minor: int, currency: str, amount: int) -> None:
        assert to_stripe(minor, currency) == amount
        assert from_stripe(amount, currency) == minor

    @pytest.mark.parametrize(
        ("minor", "currency", "said"),
        [
            (5_124, "KWD", "steps of 0.010"), (550, "MGA", "whole units"), (100, "UGX", "does not take UGX"),
            (0, "USD", "above zero"), (-1, "USD", "above zero"), (100, "QQQ", "does not take QQQ"),
            (10_000, "CLF", "does not take CLF"),
        ],
    )  # fmt: skip
    def test_what_it_cannot_take_exactly_is_refused(self, minor: int, currency: str, said: str) -> None:
        with pytest.raises(GatewayRefused, match=said):
            to_stripe(minor, currency)

    @pytest.mark.parametrize(
        ("amount", "currency"),
        [(0, "JPY"), (-1, "USD"), (5.0, "USD"), ("5", "USD"), (True, "USD"), (150, "ISK")],
    )
    def test_an_amount_that_makes_no_sense(self, amount: Any, currency: str) -> None:
        with pytest.raises(ValueError, match=r"not an amount|no parts"):
            from_stripe(amount, currency)

    @given(some.integers(1, 10**8), some.sampled_from(sorted(set(MINOR_DIGITS) - {"UGX", "CLF", "UYW"})))
    def test_there_and_back_is_the_same_or_refused(self, minor: int, currency: str) -> None:
        try:
            amount = to_stripe(minor, currency)
        except GatewayRefused:
            assert MINOR_DIGITS[currency] == 3 or currency == "MGA"
            return
        assert from_stripe(amount, currency) == minor

    @given(some.integers(1, 10**6), some.sampled_from(["JPY", "USD", "KWD", "ISK", "MGA", "BHD"]))
    def test_the_strict_processor_reads_it_as_we_meant_it(self, minor: int, currency: str) -> None:
        try:
            amount = to_stripe(minor, currency)
        except GatewayRefused:
            return
        assert theirs.inward(amount, currency.lower(), param="amount", charge=False) == minor
        assert theirs.outward(minor, currency) == amount

    def test_three_decimals_are_charged_exactly(self, gateway: StripeGateway, process: StripeProcess) -> None:
        _, payment = paid_payment(gateway, Payer(process), currency="KWD", amount_minor=7_620)  # type: ignore[arg-type]
        assert (payment.captures[0].amount_minor, payment.captures[0].currency) == (7_620, "KWD")
        with pytest.raises(GatewayRefused, match=r"steps of 0\.010"):
            gateway.create_checkout(new_request(currency="KWD", amount_minor=7_624))

    def test_too_little_is_refused_in_words(self, gateway: StripeGateway) -> None:
        with pytest.raises(GatewayRefused, match="at least 50 jpy"):
            gateway.create_checkout(new_request(amount_minor=49))


class TestDoubt:
    """Only a certain no is a refusal."""

    def test_a_wrong_key_is_no_answer_about_the_payment(
        self, gateway: StripeGateway, process: StripeProcess
    ) -> None:
        ref = gateway.create_checkout(new_request()).ref
        stranger = StripeGateway("sk_test_anotherkey", ["whsec_x"], "prorata-test", api_url=process.url)
        with pytest.raises(GatewayUnreachable, match="401"):
            stranger.fetch(ref)

    def test_a_day_later_a_lost_checkout_is_still_found(
        self, gateway: StripeGateway, process: StripeProcess
    ) -> None:
        """The key is forgotten by then, so a repeat would make a second page: what exists is looked for first."""
        request = new_request()
        process.fault(call="create", effect="after")
        with pytest.raises(GatewayUnreachable):
            gateway.create_checkout(request)
        process.control("DELETE", "keys")
        found = gateway.find(request.attempt_id)
        assert found is not None
        assert gateway.create_checkout(request).ref != found.ref, "this is why we do not repeat then"

    def test_the_key_of_one_act_is_refused_for_another(
        self, gateway: StripeGateway, process: StripeProcess
    ) -> None:
        attempt, payment = paid_payment(gateway, Payer(process))  # type: ignore[arg-type]
        with pytest.raises(GatewayRefused, match="idempotency key"):
            gateway.refund(new_refund(payment, key=attempt))

    @pytest.mark.parametrize(
        ("status", "body"),
        [
            (200, b"{}"), (200, b"[]"), (200, b"not json"), (200, b'{"id": 5, "object": "checkout.session"}'),
            (500, b"{}"), (503, b""), (429, b'{"error": {"type": "invalid_request_error", "message": "slow down"}}'),
            (409, b'{"error": {"type": "invalid_request_error", "message": "key in use"}}'),
            (403, b'{"error": {"type": "invalid_request_error", "message": "no permission"}}'),
            (302, b""),
        ],
    )  # fmt: skip
    def test_what_makes_no_sense_tells_nothing(self, status: int, body: bytes) -> None:
        with Nonsense(status, body) as url:
            gateway = StripeGateway("sk_test_nonsense", ["whsec_x"], "prorata-test", api_url=url)
            for ask in (
                lambda: gateway.create_checkout(new_request()),
                lambda: gateway.fetch("cs_test_1"),
                lambda: gateway.find("attempt-1"),
                lambda: gateway.expire("cs_test_1"),
            ):
                with pytest.raises(GatewayUnreachable):
                    ask()

    @pytest.mark.parametrize("key", ["", "pk_test_abcdefgh", "sk_abcdefgh", "sk_test_", "sk_test_ä"])
    def test_no_key_of_stripes_is_no_gateway(self, key: str) -> None:
        with pytest.raises(ValueError, match="sk_test_"):
            StripeGateway(key, ["whsec_x"], "prorata")

    @pytest.mark.parametrize(
        ("secrets", "site"), [([], "x"), ([""], "x"), (["a", " "], "x"), ("abc", "x"), (["a"], " ")]
    )
    def test_no_empty_secret_and_no_empty_name(self, secrets: Any, site: str) -> None:
        with pytest.raises(ValueError, match="empty"):
            StripeGateway("sk_test_abcdefgh", secrets, site)


class Nonsense:
    """A server that answers everything with the same."""

    def __init__(self, status: int, body: bytes) -> None:
        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = answer

            def log_message(self, format: str, *args: Any) -> None:
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    def __enter__(self) -> str:
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()


class TestStrictness:
    """What the processor refuses, in Stripe's words, so that a mistake of ours cannot pass unnoticed."""

    SOUND = {
        "mode": "payment", "success_url": "http://127.0.0.1/", "line_items[0][quantity]": "1",
        "line_items[0][price_data][currency]": "jpy", "line_items[0][price_data][unit_amount]": "7624",
        "line_items[0][price_data][product_data][name]": "INV-1",
    }  # fmt: skip

    def post(self, process: StripeProcess, data: dict[str, str], **headers: str) -> httpx.Response:
        return httpx.post(
            f"{process.url}/v1/checkout/sessions", data=data, trust_env=False,
            headers={"Authorization": f"Bearer {process.API_KEY}", **headers},
        )  # fmt: skip

    def test_what_is_sound_passes(self, process: StripeProcess) -> None:
        assert self.post(process, self.SOUND).status_code == 200

    @pytest.mark.parametrize(
        ("changed", "code", "param"),
        [
            ({"client_referense_id": "x"}, "parameter_unknown", "client_referense_id"),
            (
                {"line_items[0][price_data][colour]": "red"},
                "parameter_unknown",
                "line_items[0][price_data][colour]",
            ),
            ({"line_items[0][price_data][unit_amount]": "76.24"}, "parameter_invalid_integer", None),
            ({"line_items[0][price_data][currency]": "JPY"}, "parameter_invalid_currency", None),
            ({"line_items[0][price_data][unit_amount]": "999999999"}, "amount_too_large", None),
            ({"success_url": "javascript:alert(1)"}, "url_invalid", "success_url"),
            ({"mode": "subscription"}, "invalid_request_error", "mode"),
            ({"expand[]": "customer_details.address"}, "invalid_request_error", "expand"),
        ],
    )
    def test_a_wrong_parameter(
        self, process: StripeProcess, changed: dict[str, str], code: str, param: str | None
    ) -> None:
        answer = self.post(process, {**self.SOUND, **changed})
        error = answer.json()["error"]
        assert (answer.status_code, error["type"]) == (400, "invalid_request_error")
        assert error.get("code", "invalid_request_error") == code
        assert param is None or error["param"] == param
        assert error["message"]

    @pytest.mark.parametrize("missing", ["mode", "success_url", "line_items[0][quantity]"])
    def test_a_missing_parameter(self, process: StripeProcess, missing: str) -> None:
        answer = self.post(process, {name: value for name, value in self.SOUND.items() if name != missing})
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "parameter_missing")

    def test_the_same_key(self, process: StripeProcess) -> None:
        first = self.post(process, self.SOUND, **{"Idempotency-Key": "k1"})
        assert self.post(process, self.SOUND, **{"Idempotency-Key": "k1"}).json() == first.json()
        other = self.post(process, {**self.SOUND, "client_reference_id": "x"}, **{"Idempotency-Key": "k1"})
        assert (other.status_code, other.json()["error"]["type"]) == (400, "idempotency_error")

    def test_a_refused_call_may_be_corrected_under_its_key(self, process: StripeProcess) -> None:
        key = {"Idempotency-Key": "k2"}
        assert self.post(process, {**self.SOUND, "colour": "red"}, **key).status_code == 400
        assert self.post(process, self.SOUND, **key).status_code == 200

    def test_what_it_does_not_have(self, process: StripeProcess) -> None:
        headers = {"Authorization": f"Bearer {process.API_KEY}"}
        for path in ("/v1/customers", "/v1/checkout/sessions/cs_test_none", "/v1/charges?colour=red"):
            answer = httpx.get(process.url + path, headers=headers, trust_env=False)
            assert answer.status_code in (400, 404)
            assert answer.json()["error"]["type"] == "invalid_request_error"
        assert httpx.get(f"{process.url}/v1/charges", trust_env=False).status_code == 401
        older = {**headers, "Stripe-Version": "2020-08-27"}
        assert httpx.get(f"{process.url}/v1/charges", headers=older, trust_env=False).status_code == 400


def test_a_payment_that_a_webhook_names_by_its_intent_is_the_same(
    gateway: StripeGateway, process: StripeProcess
) -> None:
    _, payment = paid_payment(gateway, Payer(process))  # type: ignore[arg-type]
    intent = payment.ref.replace("cs_test_", "pi_")
    assert gateway.fetch(intent) == payment


def test_money_twice_on_one_payment_is_two_captures(gateway: StripeGateway, process: StripeProcess) -> None:
    _, payment = paid_payment(gateway, Payer(process))  # type: ignore[arg-type]
    process.add_capture(payment.ref, 1_000)
    again = gateway.fetch(payment.ref)
    assert [capture.amount_minor for capture in again.captures] == [7_624, 1_000]
    assert replace(again, captures=payment.captures) == payment
