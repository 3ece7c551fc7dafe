"""Amounts as people read and write them: the currency's own decimals, exactly, both ways."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prorata.pricing.display import LARGEST, amount_text, exact_text, parse_amount
from prorata.pricing.errors import BadInput


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (14_924, "JPY", "14,924"),
        (43_248, "USD", "432.48"),
        (-5, "USD", "-0.05"),
        (1_234_567, "KWD", "1,234.567"),
        (0, "EUR", "0.00"),
    ],
)
def test_an_amount_shows_the_decimals_of_its_currency(minor: int, currency: str, text: str) -> None:
    assert amount_text(minor, currency) == text
    assert parse_amount(text, currency) == minor


@given(st.integers(min_value=1 - LARGEST, max_value=LARGEST - 1), st.sampled_from(["JPY", "USD", "KWD"]))
def test_what_is_written_is_read_back(minor: int, currency: str) -> None:
    assert parse_amount(amount_text(minor, currency), currency) == minor


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        (" 1500 ", "JPY", 1_500),
        ("1500.", "JPY", 1_500),
        (".5", "USD", 50),
        ("\u22127.5", "USD", -750),
        ("+1", "USD", 100),
    ],
)
def test_people_write_amounts_in_several_ways(text: str, currency: str, minor: int) -> None:
    assert parse_amount(text, currency) == minor


@pytest.mark.parametrize(
    ("text", "currency", "says"),
    [
        ("1500.50", "JPY", "JPY has no decimals: write 1500"),
        (".5", "JPY", "JPY has no decimals: write 0"),
        ("1.234", "USD", "USD has 2 decimals: '1.234' has 3"),
        ("", "USD", "'' is not an amount: write it like 1,500.00"),
        (".", "USD", "is not an amount"),
        ("1,50", "USD", "is not an amount"),
        ("12,34,567", "USD", "is not an amount"),
        ("1e3", "USD", "is not an amount"),
        ("nan", "USD", "is not an amount"),
        ("0x10", "USD", "is not an amount"),
        ("9" * 20, "USD", "is too large an amount"),
        ("5", "ABC", "unknown currency 'ABC'"),
    ],
)
def test_what_is_no_amount_is_refused_in_one_line(text: str, currency: str, says: str) -> None:
    with pytest.raises(BadInput) as refused:
        parse_amount(text, currency)
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("amount", "text"),
    [("1800.00000000", "1,800"), ("0.10500000", "0.105"), ("0", "0"), ("-2210.16000000", "-2,210.16")],
)
def test_a_precise_amount_has_no_needless_zeros(amount: str, text: str) -> None:
    assert exact_text(Decimal(amount)) == text
