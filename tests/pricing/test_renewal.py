"""What whole months cost at a renewal."""

from __future__ import annotations

from decimal import Decimal

import pytest

from pricing.worked import PUBLISHED
from prorata.pricing.errors import BadInput
from prorata.pricing.renewal import renewal_minor


@pytest.mark.parametrize(
    ("monthly", "months", "currency", "minor"),
    [
        ("65", 0, "USD", 0),
        ("65", 2, "USD", 13000),
        ("65", 3, "USD", 15600),  # 195 x 0.80
        ("65", 6, "USD", 27300),  # 390 x 0.70
        ("0.005", 1, "USD", 1),
        ("0.5", 1, "JPY", 1),
        ("0.0004", 1, "KWD", 0),
        ("0", 12, "USD", 0),
    ],
)
def test_the_tier_of_its_months_and_one_rounding(
    monthly: str, months: int, currency: str, minor: int
) -> None:
    assert renewal_minor(Decimal(monthly), months, PUBLISHED, currency) == minor


def test_without_discounts_it_is_the_full_price() -> None:
    assert renewal_minor(Decimal("12.34"), 12, None, "USD") == 14808


@pytest.mark.parametrize(
    ("monthly", "months", "said"),
    [
        ("-0.01", 1, "a monthly price must be 0 or more, not -0.01"),
        ("NaN", 1, "a monthly price must be 0 or more, not NaN"),
        ("1", -1, "a term must be 0 months or more, not -1"),
    ],
)
def test_what_cannot_be_priced_is_refused(monthly: str, months: int, said: str) -> None:
    with pytest.raises(BadInput) as refused:
        renewal_minor(Decimal(monthly), months, None, "USD")

    assert str(refused.value) == said
