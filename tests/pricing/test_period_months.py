"""Monthly prices under the rules of the paid period: a part of the months that were paid for at once."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.random_books import schedule
from pricing.sizes import examples
from pricing.worked import PUBLISHED, component, price, tiers
from prorata.pricing.change import Component, Price
from prorata.pricing.errors import BadInput
from prorata.pricing.explain import plain_english, steps
from prorata.pricing.rules import RULES, rate_lost_at
from prorata.pricing.terms import add_months
from prorata.pricing.tiers import Schedule

UTC = ZoneInfo("UTC")
PERIOD = ("period-days", "period-seconds")


def _year(rule: str, at: str, old: str, new: str, months: int | None, live: Schedule | None) -> Price:
    """A change within the year 2025."""
    return price(
        at, "2026-01-01", component("plan", old, new, None, live), rule=rule, starts_at="2025-01-01", zone=UTC,
        period_months=months,
    )  # fmt: skip


def test_a_part_of_the_months_paid_for() -> None:
    """Half of a year of 12 months is 6 months: (100 - 40) x 6 x 0.80, the discount being that of the 5 whole months
    from 2 July to the end."""
    found = _year("period-seconds", "2025-07-02T12:00", "40", "100", 12, PUBLISHED)

    assert found.total == 28800
    assert (found.time_left.whole, found.time_left.months) == (5, Fraction(6))
    said = [plain_english(step) for step in steps(found)]
    assert said[1:3] == [
        "15768000/31536000 of the 12 months paid for: 6 months",
        "Your rate: 3 to 5 months left, 20 % off, so × 0.80",
    ]
    assert "You keep this rate if you submit before 2 Oct 2025, 00:00 (UTC)" in said
    assert "plan: (100 − 40) × 6 × 0.80 = 288.00" in said


def test_one_month_needs_no_multiplication() -> None:
    found = _year("period-days", "2025-04-16", "50", "100", 1, None)

    assert found.total == 3562  # the published 35.62: 50 x 260/365
    assert [step.key for step in steps(found)] == [
        "time.period_days", "rate.none", "line.full_price", "total.rounded", "carry.out",
    ]  # fmt: skip


@pytest.mark.parametrize("rule", PERIOD)
@pytest.mark.parametrize(
    ("at", "off", "kept_until"),
    [
        ("2025-01-01", Fraction(1, 2), "2025-01-02"),
        ("2025-01-02", Fraction(1, 5), "2025-10-02"),
        ("2025-10-01T23:59", Fraction(1, 5), "2025-10-02"),
        ("2025-10-02", Fraction(0), None),
        ("2025-12-31T23:59", Fraction(0), None),
    ],
)
def test_the_rate_goes_by_the_whole_months_left(
    rule: str, at: str, off: Fraction, kept_until: str | None
) -> None:
    """As under every rule, however many months were paid for at once: the calendar months to the end."""
    live = tiers((3, "0.20"), (12, "0.50"))
    found = _year(rule, at, "0", "1", 12, live)

    assert found.lines[0].new_factor == 1 - off
    lost = rate_lost_at(found.time_left, live, found.term)
    assert (lost and lost.date().isoformat()) == kept_until
    assert bool([step for step in steps(found) if step.key == "rate.until"]) == (kept_until is not None)


@pytest.mark.parametrize("rule", PERIOD)
@examples(60, 5_000)
@given(st.randoms(use_true_random=False), st.integers(1, 36), st.integers(0, 10**6))
def test_on_its_first_day_a_change_costs_what_the_next_period_will_cost_more(
    rule: str, rng: Random, months: int, monthly: int
) -> None:
    """The price of a period is the monthly price x its months x the discount of so many months, and on its first day so
    many whole months are left."""
    live, new = schedule(rng), Decimal(monthly) / 100
    end = add_months(date(2025, 1, 1), months).isoformat()
    found = price(
        "2025-01-01", end, Component("i", Decimal(0), new, live, live), rule=rule, starts_at="2025-01-01",
        zone=UTC, period_months=months,
    )  # fmt: skip

    assert found.lines[0].formula == Fraction(new) * months * (live.factor(months) if live else 1)


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule not in PERIOD])
def test_the_other_rules_count_in_months_anyway(rule: str) -> None:
    plain, told = (_year(rule, "2025-04-16", "50", "100", months, PUBLISHED) for months in (None, 12))

    assert (told.total, told.time_left) == (plain.total, plain.time_left)


@pytest.mark.parametrize("months", [0, -1])
def test_a_period_of_no_months_is_refused(months: int) -> None:
    with pytest.raises(BadInput, match=f"a period is paid for 1 month or more, not {months}"):
        _year("period-days", "2025-04-16", "50", "100", months, None)
