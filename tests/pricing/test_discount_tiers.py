"""Discount schedules."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

from pricing.worked import PUBLISHED, tiers
from prorata.pricing.errors import BadInput
from prorata.pricing.tiers import Schedule, Tier, factor_of


@pytest.mark.parametrize(
    ("whole", "factor"), [(0, "1"), (1, "1"), (2, "1"), (3, "4/5"), (5, "4/5"), (6, "7/10"), (99, "7/10")]
)
def test_the_highest_threshold_reached_counts(whole: int, factor: str) -> None:
    assert PUBLISHED.factor(whole) == Fraction(factor)


def test_below_the_lowest_threshold_the_full_price_holds() -> None:
    assert PUBLISHED.tier(0) is None
    assert factor_of(None, 12) == 1


def test_a_threshold_of_zero_applies_at_zero_months() -> None:
    assert tiers((0, "0.10")).factor(0) == Fraction(9, 10)


def test_order_does_not_matter() -> None:
    assert tiers((6, "0.30"), (1, "0"), (3, "0.20")) == PUBLISHED


def test_a_threshold_twice_is_refused() -> None:
    with pytest.raises(BadInput, match="3 months stands twice"):
        tiers((3, "0.20"), (3, "0.20"))


@pytest.mark.parametrize(("months", "off"), [(-1, "0"), (1, "1.01"), (1, "-0.1"), (1, "NaN")])
def test_impossible_tiers_are_refused(months: int, off: str) -> None:
    with pytest.raises(BadInput):
        Tier(months, Decimal(off))


def test_a_price_list_shows_neighbours_with_one_discount_as_one_stretch() -> None:
    assert PUBLISHED.ranges == [(0, 2, Decimal(0)), (3, 5, Decimal("0.20")), (6, None, Decimal("0.30"))]
    assert tiers((0, "0.5")).ranges == [(0, None, Decimal("0.5"))]
    assert Schedule(()).ranges == []
