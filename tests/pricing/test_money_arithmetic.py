"""Minor units, half-up, eight decimals and the split of a total."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.sizes import examples
from prorata.pricing.money import CurrencyError, eight_decimals, half_up, major, minor_digits, split, spread


@pytest.mark.parametrize(
    ("currency", "digits"), [("JPY", 0), ("USD", 2), ("KWD", 3), ("UYW", 4), ("ISK", 0), ("UGX", 0)]
)
def test_minor_digits_by_iso_4217(currency: str, digits: int) -> None:
    assert minor_digits(currency) == digits


@pytest.mark.parametrize("code", ["usd", "XXX", "XAU", "EURO", "", "US"])
def test_an_unknown_currency_is_one_clear_line(code: str) -> None:
    with pytest.raises(CurrencyError) as refused:
        minor_digits(code)

    assert str(refused.value) == f"unknown currency {code!r}: use an ISO 4217 code such as USD, JPY or KWD"


@pytest.mark.parametrize(
    ("exact", "rounded"),
    [("1/2", 1), ("-1/2", -1), ("3/2", 2), ("-5/2", -3), ("49/100", 0), ("-49/100", 0), ("0", 0)],
)
def test_half_up_is_away_from_zero(exact: str, rounded: int) -> None:
    assert half_up(Fraction(exact)) == rounded


@pytest.mark.parametrize(
    ("exact", "kept"),
    [
        ("1/3", "0.33333333"),
        ("5/1000000000", "0.00000000"),
        ("15/1000000000", "0.00000002"),
        ("-1/3", "-0.33333333"),
    ],
)
def test_eight_decimals_round_half_to_even(exact: str, kept: str) -> None:
    assert f"{eight_decimals(Fraction(exact)):f}" == kept


def test_precise_amounts_are_exact_beyond_28_digits() -> None:
    huge = 10**40 + Fraction(1, 8)

    assert Fraction(eight_decimals(huge)) == huge


def test_minor_units_become_precise_major_units() -> None:
    assert [f"{major(627, currency):f}" for currency in ("JPY", "USD", "KWD")] == [
        "627.00000000",
        "6.27000000",
        "0.62700000",
    ]


def _split(total: int, *weights: str) -> list[int]:
    return split(total, [Fraction(weight) for weight in weights])


def test_the_missing_units_go_to_the_largest_remainders() -> None:
    assert _split(10, "3.4", "3.9", "2.7") == [3, 4, 3]


def test_a_tie_goes_to_the_earlier_line() -> None:
    assert _split(2, "0.5", "0.5", "0.5", "0.5") == [1, 1, 0, 0]


def test_negative_weights_are_floored_toward_minus_infinity() -> None:
    assert _split(6270, "3392", "5088", "-2210.16393443") == [3392, 5088, -2210]
    assert _split(-1, "-0.5", "-0.5") == [0, -1]


def test_a_unit_too_many_is_taken_from_the_smallest_remainder_and_the_later_line() -> None:
    """A carry of minus half a unit can ask for less than the floors add up to."""
    assert _split(-11, "-10") == [-11]
    assert _split(2, "1", "2") == [1, 1]
    assert _split(4, "1", "2.5", "2") == [1, 2, 1]


def test_nothing_is_split_into_nothing() -> None:
    assert split(0, []) == []
    with pytest.raises(ValueError, match="over no parts"):
        split(1, [])


WEIGHTS = st.lists(st.fractions(-1000, 1000, max_denominator=1000), min_size=1, max_size=8)


@examples(300, 100_000)
@given(st.integers(-5000, 5000), WEIGHTS)
def test_a_split_adds_up_whatever_the_rest(total: int, weights: list[Fraction]) -> None:
    assert sum(split(total, weights)) == total


@examples(300, 100_000)
@given(WEIGHTS, st.fractions(-1, 1).map(lambda carry: carry / 2))
def test_a_rounded_sum_is_split_within_a_unit_of_every_weight(
    weights: list[Fraction], carry: Fraction
) -> None:
    parts = split(half_up(sum(weights, Fraction(0)) + carry), weights)

    assert all(-1 <= part - weight <= 1 for part, weight in zip(parts, weights, strict=True))


@examples(300, 100_000)
@given(st.integers(0, 5000), st.lists(st.integers(0, 1000), min_size=1, max_size=8).filter(any))
def test_a_spread_gives_nothing_to_nothing_and_no_more_than_there_is_room(
    total: int, weights: list[int]
) -> None:
    parts = spread(total, [Fraction(weight) for weight in weights])

    assert sum(parts) == total
    assert all(part == 0 for part, weight in zip(parts, weights, strict=True) if weight == 0)
    if total <= sum(weights):
        assert all(0 <= part <= weight for part, weight in zip(parts, weights, strict=True))
