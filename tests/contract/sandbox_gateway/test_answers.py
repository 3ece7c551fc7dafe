"""Answers that make no sense are no answers."""

from __future__ import annotations

from typing import Any

import pytest

from prorata.payments.gateways.base import GatewayUnreachable
from prorata.payments.gateways.sandbox import read_payment


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
