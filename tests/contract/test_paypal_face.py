"""The strict processor's PayPal face by itself: what it refuses, in PayPal's words."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from support.paypal import PayPalProcess, start_paypal
from support.sandboxes import DECLINED, SETTLES_LATER, WebhookReceiver, wait_until

WEBHOOK_ID = "9JH20871M03126712"
ORDER: dict[str, Any] = {
    "intent": "CAPTURE",
    "purchase_units": [{"amount": {"currency_code": "USD", "value": "12.50"}, "invoice_id": "attempt-1"}],
    "payment_source": {
        "paypal": {
            "experience_context": {
                "return_url": "http://127.0.0.1:1/return", "cancel_url": "http://127.0.0.1:1/cancel?a=1",
            }
        }
    },
}  # fmt: skip


class Merchant:
    """Calls as a merchant would make them."""

    def __init__(self, process: PayPalProcess) -> None:
        self.process = process
        self.http = httpx.Client(base_url=process.url, trust_env=False)
        token = self.http.post(
            "/v1/oauth2/token",
            auth=(process.CLIENT, process.SECRET),
            data={"grant_type": "client_credentials"},
        ).json()
        self.http.headers["Authorization"] = f"Bearer {token['access_token']}"

    def post(self, path: str, body: Any = None, **headers: str) -> httpx.Response:
        sent = {
            "PayPal-Request-Id": str(uuid.uuid4()),
            **{k.replace("_", "-"): v for k, v in headers.items()},
        }
        return self.http.post(path, json={} if body is None else body, headers=sent)

    def order(self, *, card: str | None = None) -> str:
        made = self.post("/v2/checkout/orders", ORDER)
        assert made.status_code == 201, made.text
        id = str(made.json()["id"])
        if card:
            self.process.pay(id, card, mode="never")
        return id

    def capture(self, *, card: str = "4242 4242 4242 4242") -> str:
        answer = self.post(
            f"/v2/checkout/orders/{self.order(card=card)}/capture", Prefer="return=representation"
        )
        return str(answer.json()["purchase_units"][0]["payments"]["captures"][0]["id"])


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PayPalProcess]:
    with start_paypal(tmp_path_factory.mktemp("paypal"), None, WEBHOOK_ID) as process:
        yield process


@pytest.fixture
def merchant(process: PayPalProcess) -> Merchant:
    process.settings(refund_mode="at_once", unpaid_seconds=10_800)
    return Merchant(process)


def issue(answer: httpx.Response, status: int) -> str:
    """The issue of a refusal, which has all that PayPal's refusals have."""
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert body["name"]
    assert body["message"]
    assert body["debug_id"]
    return str(body["details"][0]["issue"])


def changed(path: str, value: Any) -> dict[str, Any]:
    """The order with one field set; None takes it away."""
    body = deepcopy(ORDER)
    *way, last = path.split("/")
    at: Any = body
    for step in way:
        at = at[int(step)] if isinstance(at, list) else at[step]
    if value is None:
        del at[last]
    else:
        at[last] = value
    return body


@pytest.mark.parametrize(
    ("path", "value", "status", "said"),
    [
        ("note", "x", 400, "INVALID_PARAMETER_SYNTAX"),
        ("purchase_units/0/colour", "x", 400, "INVALID_PARAMETER_SYNTAX"),
        ("payment_source/paypal/experience_context/colour", "x", 400, "INVALID_PARAMETER_SYNTAX"),
        ("purchase_units", [], 400, "INVALID_ARRAY_MIN_ITEMS"),
        ("purchase_units", None, 400, "MISSING_REQUIRED_PARAMETER"),
        ("payment_source/paypal/experience_context/return_url", None, 400, "MISSING_REQUIRED_PARAMETER"),
        (
            "payment_source/paypal/experience_context/return_url",
            "javascript:alert(1)",
            400,
            "INVALID_PARAMETER_SYNTAX",
        ),
        ("intent", "AUTHORIZE", 400, "INVALID_PARAMETER_VALUE"),
        ("purchase_units/0/invoice_id", "x" * 128, 400, "INVALID_STRING_LENGTH"),
        ("purchase_units/0/amount/value", "12.505", 422, "DECIMAL_PRECISION"),
        ("purchase_units/0/amount/value", "0.00", 422, "CANNOT_BE_ZERO_OR_NEGATIVE"),
        ("purchase_units/0/amount/value", 12.5, 400, "INVALID_PARAMETER_SYNTAX"),
        (
            "purchase_units/0/amount",
            {"currency_code": "JPY", "value": "12.00"},
            422,
            "DECIMALS_NOT_SUPPORTED",
        ),
        (
            "purchase_units/0/amount",
            {"currency_code": "HUF", "value": "12.50"},
            422,
            "DECIMALS_NOT_SUPPORTED",
        ),
        (
            "purchase_units/0/amount",
            {"currency_code": "KWD", "value": "12.500"},
            422,
            "INVALID_CURRENCY_CODE",
        ),
        ("purchase_units/0/payee", {"merchant_id": "SMBDYELSE2222"}, 422, "PAYEE_ACCOUNT_INVALID"),
    ],
)
def test_an_order_that_is_wrong(merchant: Merchant, path: str, value: Any, status: int, said: str) -> None:
    assert issue(merchant.post("/v2/checkout/orders", changed(path, value)), status) == said


def test_a_repeat_gets_the_first_order_whatever_it_says(merchant: Merchant) -> None:
    first = merchant.post("/v2/checkout/orders", ORDER, PayPal_Request_Id="same")
    again = merchant.post(
        "/v2/checkout/orders", {"intent": "CAPTURE", "purchase_units": []}, PayPal_Request_Id="same"
    )
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]
    assert set(again.json()) == {"id", "status", "links"}, "in short, unless it is asked for whole"
    without = merchant.http.post("/v2/checkout/orders", json=ORDER)
    assert issue(without, 400) == "PAYPAL_REQUEST_ID_REQUIRED"


def test_an_order_is_captured_once_and_only_when_approved(merchant: Merchant) -> None:
    id = merchant.order()
    path = f"/v2/checkout/orders/{id}/capture"
    assert issue(merchant.post(path), 422) == "ORDER_NOT_APPROVED"
    merchant.process.pay(id, mode="never")
    assert merchant.http.get(f"/v2/checkout/orders/{id}").json()["status"] == "APPROVED"
    first = merchant.post(path, PayPal_Request_Id="capture-once")
    again = merchant.post(path, PayPal_Request_Id="capture-once")
    assert (first.status_code, again.status_code) == (201, 200)
    assert issue(merchant.post(path), 422) == "ORDER_ALREADY_CAPTURED"
    assert (
        len(
            merchant.http.get(f"/v2/checkout/orders/{id}").json()["purchase_units"][0]["payments"]["captures"]
        )
        == 1
    )


def test_a_declined_instrument_sends_the_payer_back(merchant: Merchant) -> None:
    id = merchant.order(card=DECLINED)
    refused = merchant.post(f"/v2/checkout/orders/{id}/capture", PayPal_Request_Id="declined")
    assert issue(refused, 422) == "INSTRUMENT_DECLINED"
    assert [link["rel"] for link in refused.json()["links"]] == ["information_link", "redirect"]
    assert merchant.http.get(f"/v2/checkout/orders/{id}").json()["status"] == "PAYER_ACTION_REQUIRED"
    merchant.process.pay(id, mode="never")
    same = merchant.post(f"/v2/checkout/orders/{id}/capture", PayPal_Request_Id="declined")
    assert issue(same, 422) == "INSTRUMENT_DECLINED", "the latest status of the first request"


@pytest.mark.parametrize(
    ("change", "status", "said"),
    [
        ({"op": "replace", "path": "/intent", "value": "x"}, 422, "NOT_PATCHABLE"),
        (
            {"op": "replace", "path": "/purchase_units/@reference_id=='default'/custom_id"},
            422,
            "PATCH_VALUE_REQUIRED",
        ),
        ({"op": "test", "path": "/intent"}, 400, "INVALID_PARAMETER_VALUE"),
    ],
)
def test_little_of_an_order_can_be_changed(
    merchant: Merchant, change: dict[str, str], status: int, said: str
) -> None:
    answer = merchant.http.patch(f"/v2/checkout/orders/{merchant.order()}", json=[change])
    assert issue(answer, status) == said


def test_a_completed_order_cannot_be_changed(merchant: Merchant) -> None:
    id = merchant.order(card="4242 4242 4242 4242")
    merchant.post(f"/v2/checkout/orders/{id}/capture")
    change = {"op": "replace", "path": "/purchase_units/@reference_id=='default'/custom_id", "value": "x"}
    assert (
        issue(merchant.http.patch(f"/v2/checkout/orders/{id}", json=[change]), 422)
        == "ORDER_ALREADY_COMPLETED"
    )


def test_refunds_stop_at_what_was_taken(merchant: Merchant) -> None:
    path = f"/v2/payments/captures/{merchant.capture()}/refund"

    def give(value: str, code: str = "USD") -> httpx.Response:
        return merchant.post(path, {"amount": {"currency_code": code, "value": value}})

    assert issue(give("12.51"), 422) == "REFUND_AMOUNT_EXCEEDED"
    assert issue(give("1.00", "EUR"), 422) == "REFUND_CAPTURE_CURRENCY_MISMATCH"
    assert issue(give("0.00"), 422) == "CANNOT_BE_ZERO_OR_NEGATIVE"
    made = give("2.50")
    assert (made.status_code, made.json()["status"]) == (201, "COMPLETED")
    assert merchant.http.get(f"/v2/payments/refunds/{made.json()['id']}").json()["amount"]["value"] == "2.50"
    assert merchant.post(path).status_code == 201, "without an amount all that is left"
    assert issue(merchant.post(path), 422) == "CAPTURE_FULLY_REFUNDED"
    assert issue(merchant.post(path, {"colour": "x"}), 400) == "INVALID_PARAMETER_SYNTAX"


def test_a_pending_capture_is_named_and_cannot_be_refunded(merchant: Merchant) -> None:
    id = merchant.capture(card=SETTLES_LATER)
    shown = merchant.http.get(f"/v2/payments/captures/{id}").json()
    assert (shown["status"], shown["status_details"]) == ("PENDING", {"reason": "ECHECK"})
    assert issue(merchant.post(f"/v2/payments/captures/{id}/refund"), 422) == "PENDING_CAPTURE"
    merchant.process.settle(shown["supplementary_data"]["related_ids"]["order_id"])
    assert merchant.http.get(f"/v2/payments/captures/{id}").json()["status"] == "COMPLETED"


@pytest.mark.parametrize(
    "path",
    [
        "/v2/checkout/orders/5O190127TN364715T", "/v2/checkout/orders/pay_1", "/v2/payments/captures/5O190127TN364715T",
        "/v2/payments/refunds/5O190127TN364715T", "/v1/customer/disputes/PP-R-1", "/v1/payments/payment",
    ],
)  # fmt: skip
def test_what_is_not_there(merchant: Merchant, path: str) -> None:
    answer = merchant.http.get(path)
    assert issue(answer, 404) == "INVALID_RESOURCE_ID"
    assert answer.json()["name"] == "RESOURCE_NOT_FOUND"


@pytest.mark.parametrize("token", ["A21AA", "A21AA1.x", "A21AA99999999999.00", "A21AA٣.x", "x"])
def test_nobody_asks_without_a_token(merchant: Merchant, token: str) -> None:
    answer = merchant.http.get(
        "/v2/checkout/orders/5O190127TN364715T", headers={"Authorization": f"Bearer {token}".encode()}
    )
    assert (answer.status_code, answer.json()["name"]) == (401, "AUTHENTICATION_FAILURE")


@pytest.mark.parametrize(
    ("client", "form", "said"),
    [
        (("client-of-a-test", "wrong"), {"grant_type": "client_credentials"}, "invalid_client"),
        (("client-of-a-test", "secret-of-a-test"), {"grant_type": "password"}, "unsupported_grant_type"),
    ],
)
def test_a_token_is_for_the_client(
    process: PayPalProcess, client: tuple[str, str], form: dict[str, str], said: str
) -> None:
    answer = httpx.post(f"{process.url}/v1/oauth2/token", auth=client, data=form, trust_env=False)
    assert answer.json()["error"] == said
    no_client = httpx.post(
        f"{process.url}/v1/oauth2/token",
        headers={"Authorization": "Basic " + base64.b64encode(b"\xff:").decode()},
        data=form,
        trust_env=False,
    )
    assert no_client.status_code == 401


def test_only_json_is_read(merchant: Merchant) -> None:
    headers = {"PayPal-Request-Id": "x", "Content-Type": "text/plain"}
    assert merchant.http.post("/v2/checkout/orders", content="{}", headers=headers).status_code == 415
    headers["Content-Type"] = "application/json"
    broken = merchant.http.post("/v2/checkout/orders", content="{", headers=headers)
    assert issue(broken, 400) == "MALFORMED_REQUEST_JSON"


def test_the_payer_is_sent_back_with_the_orders_token(merchant: Merchant) -> None:
    id = merchant.order()
    page = merchant.http.get(f"/v2/checkout/orders/{id}").json()["links"][1]
    assert page["rel"] == "payer-action"
    shown = merchant.http.get(page["href"])
    assert f"http://127.0.0.1:1/cancel?a=1&amp;token={id}" in shown.text
    paid = merchant.http.post(
        page["href"],
        data={"card": "4242 4242 4242 4242", "expiry": "12/34", "cvc": "123", "webhook": "never"},
    )
    assert paid.status_code == 303
    assert paid.headers["Location"].startswith(f"http://127.0.0.1:1/return?token={id}&PayerID=")


def test_the_processor_itself_knows_its_signature(merchant: Merchant) -> None:
    """POST verify-webhook-signature says of a message what its certificate says."""
    with WebhookReceiver() as shop:
        merchant.process.settings(webhook_url=shop.url)
        merchant.process.pay(merchant.order())
        headers, body = shop.received[0]
        merchant.process.settings(webhook_url="")
    given = {name.lower(): value for name, value in headers.items()}
    asked = {
        "auth_algo": given["paypal-auth-algo"], "cert_url": given["paypal-cert-url"],
        "transmission_id": given["paypal-transmission-id"], "transmission_sig": given["paypal-transmission-sig"],
        "transmission_time": given["paypal-transmission-time"], "webhook_id": WEBHOOK_ID,
        "webhook_event": json.loads(body),
    }  # fmt: skip
    path = "/v1/notifications/verify-webhook-signature"
    assert merchant.post(path, asked).json() == {"verification_status": "SUCCESS"}
    for spoilt in (
        {"webhook_id": "8SB03226UM0183423"},
        {"transmission_id": "x"},
        {"webhook_event": {"id": "x"}},
    ):
        assert merchant.post(path, {**asked, **spoilt}).json() == {"verification_status": "FAILURE"}


def test_a_message_that_waited_for_the_restart_is_signed_with_the_right_address(merchant: Merchant) -> None:
    process = merchant.process
    process.settings(webhook_url="http://127.0.0.1:1/nobody")
    process.pay(merchant.order())
    with WebhookReceiver() as shop:
        process.settings(webhook_url=shop.url, retry_seconds=3)
        process.restart()
        # The process that was killed may have been cut off in the middle of sending it.
        whole = wait_until(lambda: [one for one in shop.received if one[1]], "a whole webhook")
        headers, body = whole[-1]
        assert process.adapter().verify_webhook(body=body, headers=headers, now=datetime.now(UTC)).kind
    process.settings(webhook_url="", retry_seconds=0.1)
