"""The credit model `rebuy`: what is left of the cash paid after what was used, and after what is bought anew."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

import pytest

from pricing.every_step import settled_by_days, settled_by_hours, settled_of_two
from pricing.worked import SHANGHAI, layer, tiers
from prorata.pricing.change import Component, Price, price_change
from prorata.pricing.errors import BadInput
from prorata.pricing.explain import plain_english, steps
from prorata.pricing.rebuy import Bought, Rebuy


def said(price: Price) -> list[str]:
    return [plain_english(step) for step in steps(price) if step.key.startswith(("rebuy", "line"))]


def test_w28_two_months_used() -> None:
    """915.92 - 2 x 102 - 60 x 10 x 0.88 = 183.92, where the layer alone would give 915.92 x 305/365 x 42/102 = 315.15."""
    price = settled_by_days()

    assert (price.total, price.direction, price.lines[0].settled) == (-18392, "downgrade", True)
    assert said(price) == [
        "plan: (60 − 102) × 10 × 0.88 = −369.60",
        "plan: so −315.1473328",
        "Paid in cash for what you have: 915.92",
        "Used since 1 Jan 2025, 2 whole months: 102 × 2 × 1.00 = 204.00",
        "The new configuration for the time left: 60 × 10 × 0.88 = 528.00",
        "At most what is left of it: 915.92 − 204.00 − 528.00, or nothing: 183.92",
        "plan: instead of −315.1473328 so −183.92",
    ]


def test_w30_three_months_and_72_hours_used() -> None:
    """915.92 - 306 - 72 x 0.32 - 60 x 9 x 0.88 = 111.68."""
    price = settled_by_hours()

    assert price.total == -11168
    assert said(price)[-5:-2] == [
        "Used since 1 Jan 2025, 3 whole months: 102 × 3 × 1.00 = 306.00",
        "and 72 hours: 0.32 × 72 = 23.04",
        "The new configuration for the time left: 60 × 9 × 0.88 = 475.20",
    ]


def test_reductions_share_what_is_left_and_growth_is_paid_from_them() -> None:
    """Both reductions are held by their layers: 80 and 40 of the formula; 20 grow. As a whole 100 would come back, 50 are
    left: of each reduction (20 + 50)/120 counts."""
    price = settled_of_two()

    assert [line.exact for line in price.lines] == [
        Decimal("-46.66666667"), Decimal("-23.33333333"), Decimal(20),
    ]  # fmt: skip
    assert (price.total, price.exact) == (-5000, Decimal(-50))
    assert "Of every reduction (20.00 + 50.00) ÷ 120.00 counts" in said(price)


def change(rebuy: Rebuy | None, new: str = "60", credit: str = "rebuy") -> Price:
    """As W28, with other amounts."""
    return price_change(
        at=datetime(2025, 3, 1, 9, tzinfo=SHANGHAI), ends_at=datetime(2026, 1, 1, tzinfo=SHANGHAI), zone=SHANGHAI,
        currency="USD", credit=credit, rebuy=rebuy,
        components=[
            Component(
                "plan", Decimal(102), Decimal(new), None, None, (layer("915.92", "2025-01-01", "2026-01-01", "42/102"),)
            )
        ],
    )  # fmt: skip


def left_over(paid: str, monthly: str = "60") -> Rebuy:
    return Rebuy(Decimal(paid), (Bought(date(2025, 1, 1), Decimal(102)),), Decimal(monthly))


def test_where_more_is_left_than_the_layers_hold_the_layers_decide() -> None:
    capped = change(None, credit="capped")

    assert change(left_over("5000")).total == capped.total == -31515
    assert change(left_over("5000")).settlement is None
    assert said(change(left_over("5000"))) == said(capped)


def test_where_nothing_is_left_nothing_comes_back() -> None:
    price = change(left_over("500"))

    assert (price.total, price.direction, price.exact) == (0, "none", Decimal(0))
    assert price.settlement is not None


def test_what_grows_is_never_lowered() -> None:
    price = change(left_over("0"), new="218")

    assert price.total == 116000  # 116 x 10
    assert price.settlement is None


def test_without_what_was_paid_it_is_not_available() -> None:
    with pytest.raises(
        BadInput, match="the credit model 'rebuy' is not available: use capped, symmetric, none"
    ):
        change(None)


def test_another_model_does_not_ask_what_was_paid() -> None:
    assert change(left_over("0"), credit="capped").total == -31515


@pytest.mark.parametrize(
    ("since", "day", "months", "days"),
    [
        (date(2025, 1, 1), date(2025, 3, 1), 2, 0), (date(2025, 1, 1), date(2025, 1, 1), 0, 0),
        (date(2025, 1, 31), date(2025, 3, 1), 1, 1), (date(2025, 1, 1), date(2025, 4, 4), 3, 3),
        (date(2025, 3, 1), date(2025, 2, 1), 0, 0),
    ],
)  # fmt: skip
def test_how_long_it_was_used(since: date, day: date, months: int, days: int) -> None:
    """The day of the change belongs to the time left; what was bought later was not used."""
    used = Bought(since, Decimal(30)).used(day, tiers((3, "0.50")))

    assert (used.months, used.days, used.hours) == (months, days, days * 24)
    assert used.of_months == 30 * months * (Fraction(1, 2) if months >= 3 else 1)
    assert used.of_days == days
