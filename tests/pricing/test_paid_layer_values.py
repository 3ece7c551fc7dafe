"""What a paid layer may still give back."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from pricing.worked import layer
from prorata.pricing.errors import BadInput
from prorata.pricing.layers import in_basis, share_of


def test_the_day_in_progress_counts_as_used() -> None:
    paid = layer("367.20", "2025-09-01", "2025-12-01")

    assert paid.unused_days(date(2025, 9, 2)) == 89
    assert paid.value(date(2025, 9, 2)) == Fraction("367.20") * Fraction(89, 91)


@pytest.mark.parametrize("day", ["2025-11-30", "2025-12-01", "2025-12-05"])
def test_a_layer_that_ends_today_or_tomorrow_returns_nothing(day: str) -> None:
    assert layer("100", "2025-09-01", "2025-12-01").value(date.fromisoformat(day)) == 0


@pytest.mark.parametrize("day", ["2025-08-15", "2025-11-30"])
def test_a_future_period_counts_whole(day: str) -> None:
    assert layer("100", "2025-12-01", "2026-03-01").value(date.fromisoformat(day)) == 100


def test_only_the_share_taken_back_counts() -> None:
    assert layer("90", "2025-12-01", "2026-03-01", "2/3").value(date(2025, 9, 1)) == 60


@pytest.mark.parametrize(
    "wrong",
    [
        {"ends": "2025-09-01"},
        {"share": "3/2"},
        {"share": "-1/2"},
        {"amount": "-1"},
        {"tax": "-1"},
        {"gifted": "-1"},
        {"amount": "NaN"},
    ],
)
def test_impossible_layers_are_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(BadInput):
        layer(**{"amount": "1", "starts": "2025-09-01", "ends": "2025-12-01"} | wrong)


def _share(low: str, high: str, top: str, target: str) -> Fraction:
    return share_of(Decimal(low), Decimal(high), Decimal(top), Decimal(target))


def test_a_layer_is_shared_by_its_own_prices() -> None:
    assert _share("100", "400", "400", "300") == Fraction(1, 3)
    assert _share("100", "400", "300", "150") == Fraction(1, 2)  # after an earlier reduction to 300


def test_a_target_below_the_layer_takes_all_that_is_left_of_it() -> None:
    assert _share("100", "400", "400", "0") == 1
    assert _share("100", "400", "200", "0") == Fraction(1, 3)


def test_a_target_above_what_is_left_takes_nothing() -> None:
    assert _share("100", "400", "400", "500") == 0
    assert _share("100", "400", "100", "0") == 0


def test_a_layer_without_a_price_step_is_taken_back_whole_and_only_once() -> None:
    """An option that cost the same a month but more of a discount: nothing says which part a smaller one
    would be."""
    assert _share("100", "100", "100", "80") == 1
    assert _share("100", "100", "100", "100") == 0
    assert _share("100", "100", "80", "60") == 0  # it came back when 80 was chosen
    assert _share("100", "90", "90", "80") == 1
    assert _share("100", "90", "80", "70") == 0


def test_an_amount_below_its_own_whole_unit_of_tax_is_nothing_without_it() -> None:
    """Half a yen with tax in it, of which tax, rounded up once for the whole paper, is 1."""
    assert in_basis(Decimal("0.5"), Decimal(1), included=True, wanted=False) == 0
    assert in_basis(Decimal("1.5"), Decimal(1), included=True, wanted=False) == Decimal("0.5")
    assert in_basis(Decimal("0.5"), Decimal(1), included=False, wanted=True) == Decimal("1.5")
