"""What PayPal's adapter makes of amounts and of answers, the strange ones too. Nothing here is a network."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prorata.payments.gateways.base import GatewayRefused, GatewayUnreachable, RefundRequest
from prorata.payments.gateways.contract import new_request
from prorata.payments.gateways.paypal import LIVE, SANDBOX, PayPalGateway
from prorata.payments.gateways.paypal_answers import read_dispute
from prorata.payments.gateways.paypal_money import TAKEN, from_paypal, to_paypal
from prorata.pricing.currencies import MINOR_DIGITS

ATTEMPT, ORDER_ID, CAPTURE_ID = "attempt-1", "5O190127TN364715T", "3C679366HH908993F"
ORDER: dict[str, Any] = {
    "id": ORDER_ID,
    "intent": "CAPTURE",
    "status": "APPROVED",
    "purchase_units": [
        {
            "reference_id": "default",
            "amount": {"currency_code": "USD", "value": "12.50"},
            "payee": {"merchant_id": "2J6QB8YJQSJRJ"},
            "custom_id": ATTEMPT,
            "invoice_id": ATTEMPT,
        }
    ],
    "links": [
        {"rel": "payer-action", "href": f"https://www.sandbox.paypal.com/checkoutnow?token={ORDER_ID}"}
    ],
}
CAPTURE: dict[str, Any] = {
    "id": CAPTURE_ID,
    "status": "COMPLETED",
    "amount": {"currency_code": "USD", "value": "12.50"},
    "create_time": "2026-01-31T00:00:00Z",
    "links": [],
}
Answers = dict[str, tuple[int, Any]]


def usd(value: str) -> dict[str, str]:
    return {"currency_code": "USD", "value": value}


def gateway(answers: Answers, url: str = SANDBOX) -> tuple[PayPalGateway, list[httpx.Request]]:
    """A gateway whose PayPal answers each "METHOD path" like this, and the calls it got."""
    sent: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        if request.url.path == "/v1/oauth2/token":
            return httpx.Response(200, json={"access_token": "A21AA", "expires_in": 32_400})
        status, body = answers.get(f"{request.method} {request.url.path}", (500, None))
        return httpx.Response(status, json=body)

    made = PayPalGateway(
        url, "client", "secret", ["9JH20871M03126712"], "2J6QB8YJQSJRJ", transport=httpx.MockTransport(answer)
    )
    return made, sent


def order(
    captures: list[Any] | None = None, *, unit: dict[str, Any] | None = None, **changed: Any
) -> dict[str, Any]:
    """The order with something else in it."""
    found = deepcopy(ORDER)
    found["purchase_units"][0] |= unit or {}
    if captures is not None:
        found["purchase_units"][0]["payments"] = {"captures": captures}
    return {**found, **changed}


def fetched(found: Any, **more: Any) -> Any:
    answers: Answers = {
        f"GET /v2/checkout/orders/{ORDER_ID}": (200, found),
        "GET /v1/customer/disputes": (200, {"links": []}),
        **more,
    }
    return gateway(answers)[0].fetch(ORDER_ID)


def refused(status: int, name: str, issue: str) -> tuple[int, Any]:
    """A refusal of PayPal's."""
    return status, {
        "name": name,
        "message": "no",
        "debug_id": "1",
        "details": [{"issue": issue, "description": "No."}],
    }


@pytest.mark.parametrize(
    ("amount", "currency", "value"),
    [
        (7624, "JPY", "7624"), (1234, "USD", "12.34"), (5, "EUR", "0.05"), (100_000, "HUF", "1000"),
        (12_300, "TWD", "123"), (100, "GBP", "1.00"),
    ],
)  # fmt: skip
def test_amounts_are_written_with_the_currencys_own_places(amount: int, currency: str, value: str) -> None:
    assert to_paypal(amount, currency) == {"currency_code": currency, "value": value}
    assert from_paypal({"currency_code": currency, "value": value}) == (amount, currency)


@given(st.sampled_from(sorted(TAKEN)), st.integers(1, 10**12))
def test_no_amount_is_ever_rounded(currency: str, amount: int) -> None:
    if currency in ("HUF", "TWD") and amount % 100:
        with pytest.raises(GatewayRefused, match="whole units"):
            to_paypal(amount, currency)
    else:
        assert from_paypal(to_paypal(amount, currency)) == (amount, currency)


@pytest.mark.parametrize("currency", [*sorted(set(MINOR_DIGITS) - TAKEN)[::15], "KWD", "QQQ"])
def test_a_currency_that_paypal_does_not_take_is_refused_in_words(currency: str) -> None:
    with pytest.raises(GatewayRefused, match=f"PayPal does not take {currency}. Choose another way to pay."):
        gateway({})[0].create_checkout(new_request(currency=currency))


@pytest.mark.parametrize(
    "money",
    [
        {"currency_code": "USD", "value": "-1.00"}, {"currency_code": "USD", "value": "1,00"},
        {"currency_code": "USD", "value": "1.005"}, {"currency_code": "JPY", "value": "1.5"},
        {"currency_code": "USD", "value": 1.5}, {"currency_code": "USD", "value": "NaN"},
        {"currency_code": "USD", "value": "1e3"}, {"currency_code": "QQQ", "value": "1"},
        {"currency_code": "USD", "value": "0.00"}, {"value": "1"}, None,
    ],
)  # fmt: skip
def test_an_amount_that_makes_no_sense_is_not_believed(money: Any) -> None:
    with pytest.raises(GatewayUnreachable, match="cannot be understood"):
        fetched(order(unit={"amount": money}))


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("COMPLETED", "succeeded"), ("PARTIALLY_REFUNDED", "succeeded"), ("REFUNDED", "succeeded"),
        ("PENDING", "processing"), ("DECLINED", "failed"), ("FAILED", "failed"),
    ],
)  # fmt: skip
def test_the_capture_decides(status: str, state: str) -> None:
    payment = fetched(order([{**CAPTURE, "status": status}], status="COMPLETED"))
    assert (payment.state, payment.approved, len(payment.captures)) == (
        state,
        False,
        int(state == "succeeded"),
    )
    assert bool(payment.reason) is (state == "failed")


def test_money_decides_before_our_own_note() -> None:
    closed = order([CAPTURE], status="COMPLETED", unit={"custom_id": f"{ATTEMPT}.closed"})
    assert fetched(closed).state == "succeeded"
    assert fetched(order(unit={"custom_id": f"{ATTEMPT}.closed"})).state == "cancelled"
    assert fetched(order(unit={"custom_id": "attempt-2.closed"})).state == "open", (
        "a note about another attempt"
    )


@pytest.mark.parametrize(
    "spoilt",
    [
        order(status="LOST"), order(status="COMPLETED"), order([{**CAPTURE, "status": "MAYBE"}]),
        order([{**CAPTURE, "id": "../x"}], status="COMPLETED"), order([{"status": "COMPLETED"}]),
        order([{**CAPTURE, "create_time": "2026-01-31T00:00:00"}]), order(purchase_units=[]),
        order(purchase_units=[ORDER["purchase_units"][0]] * 2), order(unit={"payee": {}}), order(id="ANOTHER"), {}, [], None,
    ],
)  # fmt: skip
def test_what_makes_no_sense_tells_nothing(spoilt: Any) -> None:
    with pytest.raises(GatewayUnreachable):
        fetched(spoilt)


@pytest.mark.parametrize(
    ("dispute", "state"),
    [
        ({"dispute_life_cycle_stage": "INQUIRY", "status": "OPEN"}, "inquiry"),
        ({"dispute_life_cycle_stage": "INQUIRY", "status": "RESOLVED"}, "won"),
        ({"dispute_life_cycle_stage": "CHARGEBACK", "status": "UNDER_REVIEW"}, "open"),
        ({"dispute_life_cycle_stage": "ARBITRATION", "status": "OTHER"}, "open"),
        (
            {
                "dispute_life_cycle_stage": "CHARGEBACK", "status": "RESOLVED",
                "dispute_outcome": {"outcome_code": "ACCEPTED"},
            },
            "lost",
        ),
        (
            {
                "dispute_life_cycle_stage": "CHARGEBACK", "status": "RESOLVED",
                "dispute_outcome": {"outcome_code": "RESOLVED_WITH_PAYOUT"},
            },
            "won",
        ),
        ({"dispute_life_cycle_stage": "CHARGEBACK", "status": "RESOLVED"}, "open"),
        ({"dispute_life_cycle_stage": "CHARGEBACK", "status": "RESOLVED", "dispute_outcome": {}}, "open"),
    ],
)  # fmt: skip
def test_a_dispute_and_its_end(dispute: dict[str, Any], state: str) -> None:
    """2026-11-26: an end without its outcome, which PayPal's schema allows, made the whole payment unreadable for ever."""
    whole = {
        "dispute_id": "PP-R-1", "dispute_amount": {"currency_code": "USD", "value": "12.50"},
        "create_time": "2026-01-31T00:00:00Z", "reason": "UNAUTHORISED", **dispute,
    }  # fmt: skip
    payment = fetched(
        order([CAPTURE], status="COMPLETED"),
        **{
            "GET /v1/customer/disputes": (200, {"items": [{"dispute_id": "PP-R-1"}]}),
            "GET /v1/customer/disputes/PP-R-1": (200, whole),
        },
    )
    assert [found.state for found in payment.disputes] == [state]


@pytest.mark.parametrize(
    ("outcome", "state", "kept"),
    [
        ({"outcome_code": "RESOLVED_BUYER_FAVOUR"}, "lost", None),
        ({"outcome_code": "RESOLVED_BUYER_FAVOUR", "amount_refunded": usd("12.50")}, "lost", 1_250),
        ({"outcome_code": "RESOLVED_BUYER_FAVOUR", "amount_refunded": usd("5.00")}, "lost", 500),
        ({"outcome_code": "ACCEPTED", "amount_refunded": usd("20.00")}, "lost", 1_250),
        ({"outcome_code": "ACCEPTED", "amount_refunded": {"currency_code": "EUR", "value": "4.60"}}, "lost", None),
        ({"outcome_code": "RESOLVED_BUYER_FAVOUR", "amount_refunded": usd("0.00")}, "won", None),
        ({"outcome_code": "RESOLVED_SELLER_FAVOUR", "amount_refunded": usd("5.00")}, "won", None),
    ],
)  # fmt: skip
def test_what_of_a_dispute_is_lost(outcome: dict[str, Any], state: str, kept: int | None) -> None:
    """2026-11-27: a buyer who got a part of what he disputed was booked as if he had got all of it."""
    whole = {
        "dispute_id": "PP-R-1", "dispute_amount": usd("12.50"), "create_time": "2026-01-31T00:00:00Z",
        "dispute_life_cycle_stage": "CHARGEBACK", "status": "RESOLVED", "dispute_outcome": outcome,
    }  # fmt: skip
    found = read_dispute(whole, "C1")
    assert (found.amount_minor, found.state, found.kept_minor) == (1_250, state, kept)


def test_an_app_that_may_not_see_disputes_still_takes_payments(caplog: pytest.LogCaptureFixture) -> None:
    forbidden = refused(403, "NOT_AUTHORIZED", "PERMISSION_DENIED")
    payment = fetched(order([CAPTURE], status="COMPLETED"), **{"GET /v1/customer/disputes": forbidden})
    assert (payment.state, payment.disputes) == ("succeeded", ())
    assert "its permission to see customer disputes is missing" in caplog.text


@pytest.mark.parametrize(
    ("answer", "certain"),
    [
        (refused(404, "RESOURCE_NOT_FOUND", "INVALID_RESOURCE_ID"), True),
        (refused(422, "UNPROCESSABLE_ENTITY", "ORDER_COMPLETION_IN_PROGRESS"), False),
        (refused(409, "RESOURCE_CONFLICT", "PREVIOUS_REQUEST_IN_PROGRESS"), False),
        (refused(401, "AUTHENTICATION_FAILURE", "x"), False),
        (refused(403, "NOT_AUTHORIZED", "x"), False),
        (refused(429, "RATE_LIMIT_REACHED", "x"), False),
        (refused(404, "UNPROCESSABLE_ENTITY", "x"), False),
        ((404, {"error": "from a proxy"}), False),
        ((302, None), False),
        ((200, []), False),
        ((500, {"name": "INTERNAL_SERVER_ERROR"}), False),
    ],
)
def test_only_paypals_own_no_is_certain(answer: tuple[int, Any], certain: bool) -> None:
    with pytest.raises(GatewayRefused if certain else GatewayUnreachable):
        gateway({f"GET /v2/checkout/orders/{ORDER_ID}": answer})[0].fetch(ORDER_ID)


@pytest.mark.parametrize(
    "page",
    [
        "https://www.paypal.com/checkoutnow?token=1", "https://www.sandbox.paypal.com.evil.example/x", "javascript:alert(1)",
        "http://www.sandbox.paypal.com/checkoutnow", "https://www.sandbox.paypal.com@evil.example/",
    ],
)  # fmt: skip
def test_the_customer_is_sent_to_paypals_own_page_alone(page: str) -> None:
    found = order(links=[{"rel": "payer-action", "href": page}], status="PAYER_ACTION_REQUIRED")
    asked = new_request(attempt_id=ATTEMPT, amount_minor=1250, currency="USD")
    made, _ = gateway({"POST /v2/checkout/orders": (201, found)})
    with pytest.raises(GatewayUnreachable, match="not its own"):
        made.create_checkout(asked)
    made, _ = gateway({"POST /v2/checkout/orders": (201, ORDER)})
    assert made.create_checkout(asked).ref == ORDER_ID


def test_an_order_of_another_amount_is_refused_and_one_of_another_attempt_not_believed() -> None:
    made, _ = gateway({"POST /v2/checkout/orders": (200, ORDER)})
    with pytest.raises(GatewayRefused, match="another amount"):
        made.create_checkout(new_request(attempt_id=ATTEMPT, amount_minor=1249, currency="USD"))
    with pytest.raises(GatewayUnreachable, match="another attempt"):
        made.create_checkout(new_request(attempt_id="attempt-2", amount_minor=1250, currency="USD"))


def test_an_order_that_cannot_be_noted_on_is_cancelled_by_our_word() -> None:
    """PayPal documents changes of orders that are created or approved, and no more."""
    made, _ = gateway(
        {
            f"GET /v2/checkout/orders/{ORDER_ID}": (200, order(status="PAYER_ACTION_REQUIRED")),
            f"PATCH /v2/checkout/orders/{ORDER_ID}": refused(422, "UNPROCESSABLE_ENTITY", "NOT_PATCHABLE"),
        }
    )
    closed = made.expire(ORDER_ID)
    assert (closed.state, closed.approved) == ("cancelled", False)


def test_a_declined_order_that_still_looks_approved_is_open_with_its_reason() -> None:
    """Where the order stands after a declined instrument is not published; each try has an id of its own."""
    answers: Answers = {
        f"GET /v2/checkout/orders/{ORDER_ID}": (200, order()),
        f"POST /v2/checkout/orders/{ORDER_ID}/capture": refused(
            422, "UNPROCESSABLE_ENTITY", "INSTRUMENT_DECLINED"
        ),
        f"PATCH /v2/checkout/orders/{ORDER_ID}": (204, None),
    }
    made, sent = gateway(answers)
    declined = made.complete(ORDER_ID)
    assert (declined.state, declined.approved) == ("open", False)
    assert declined.reason
    answers[f"GET /v2/checkout/orders/{ORDER_ID}"] = (200, order(unit={"custom_id": f"{ATTEMPT}.declined-1"}))
    assert made.fetch(ORDER_ID).approved
    made.complete(ORDER_ID)
    keys = [call.headers["PayPal-Request-Id"] for call in sent if call.url.path.endswith("/capture")]
    assert keys == [f"{ATTEMPT}-0", f"{ATTEMPT}-1"]


def test_a_refund_of_another_amount_under_the_same_key_is_refused() -> None:
    refund = {
        "id": "1JU08902781691411", "status": "COMPLETED", "amount": {"currency_code": "USD", "value": "5.00"},
        "custom_id": "refund.key-1", "create_time": "2026-01-31T00:00:00Z",
        "links": [{"rel": "up", "href": f"https://api.sandbox.paypal.com/v2/payments/captures/{CAPTURE_ID}"}],
    }  # fmt: skip
    made, _ = gateway({f"POST /v2/payments/captures/{CAPTURE_ID}/refund": (201, refund)})
    asked = RefundRequest(key="key-1", ref=ORDER_ID, capture_id=CAPTURE_ID, amount_minor=500, currency="USD")
    assert (made.refund(asked).key, made.refund(asked).amount_minor) == ("key-1", 500)
    with pytest.raises(GatewayRefused, match="another amount"):
        made.refund(RefundRequest(**{**vars(asked), "amount_minor": 501}))


def test_a_refund_by_hand_that_inherits_the_orders_note_is_none_of_ours() -> None:
    refund = {
        "id": "1JU08902781691411", "status": "COMPLETED", "amount": {"currency_code": "USD", "value": "5.00"},
        "custom_id": ATTEMPT, "invoice_id": ATTEMPT, "create_time": "2026-01-31T00:00:00Z",
        "links": [{"rel": "up", "href": f"https://api.paypal.com/v2/payments/captures/{CAPTURE_ID}"}],
    }  # fmt: skip
    found = order([CAPTURE], status="COMPLETED")
    found["purchase_units"][0]["payments"]["refunds"] = [refund]
    assert [(given.key, given.capture_id) for given in fetched(found).refunds] == [("", CAPTURE_ID)]


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        ({"url": "https://evil.example"}, "PayPal's address"),
        ({"client_id": " "}, "neither may be empty"),
        ({"secret": ""}, "neither may be empty"),
        ({"webhook_ids": []}, "ids of its webhooks"),
        ({"webhook_ids": [""]}, "ids of its webhooks"),
        ({"webhook_ids": "one"}, "ids of its webhooks"),
        ({"merchant_id": "me"}, "13 capitals"),
    ],
)
def test_the_adapter_wants_all_of_its_account(changed: dict[str, Any], line: str) -> None:
    sound = {
        "url": LIVE, "client_id": "c", "secret": "s", "webhook_ids": ["9JH20871M03126712"], "merchant_id": "2J6QB8YJQSJRJ",
    }  # fmt: skip
    assert PayPalGateway(**sound).live  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=line):
        PayPalGateway(**{**sound, **changed})
