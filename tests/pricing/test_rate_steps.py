"""Until when today's discount is kept."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from pricing.random_books import schedule
from pricing.sizes import examples
from pricing.worked import PUBLISHED, SHANGHAI, rate_steps_at, tiers
from prorata.pricing.terms import calendar_months
from prorata.pricing.tiers import Schedule

END = date(2025, 12, 1)


def test_from_six_months_the_next_step_is_the_loss_of_30_per_cent() -> None:
    assert rate_steps_at(date(2025, 5, 20), END, PUBLISHED, SHANGHAI) == datetime(2025, 6, 2, tzinfo=SHANGHAI)


def test_on_the_last_day_of_the_rate_it_is_lost_at_midnight() -> None:
    assert rate_steps_at(date(2025, 9, 1), END, PUBLISHED, SHANGHAI) == datetime(2025, 9, 2, tzinfo=SHANGHAI)


def test_a_tier_that_changes_nothing_is_no_step() -> None:
    """From 1 month to none the published factor stays 1."""
    assert rate_steps_at(date(2025, 10, 20), END, PUBLISHED, SHANGHAI) is None


def test_steps_that_change_nothing_are_passed_over() -> None:
    same = tiers((1, "0.10"), (2, "0.20"), (3, "0.20"))

    assert rate_steps_at(date(2025, 8, 15), END, same, SHANGHAI) == datetime(2025, 10, 2, tzinfo=SHANGHAI)


def test_a_tier_at_zero_months_is_never_lost() -> None:
    assert rate_steps_at(date(2025, 8, 15), END, tiers((0, "0.10")), SHANGHAI) is None


def test_without_a_schedule_or_below_its_first_tier_nothing_is_lost() -> None:
    assert rate_steps_at(date(2025, 8, 15), END, None, SHANGHAI) is None
    assert rate_steps_at(date(2025, 8, 15), END, tiers((12, "0.50")), SHANGHAI) is None


def test_days_that_share_a_clamped_anniversary_share_the_rate() -> None:
    """28, 29, 30 and 31 January all have one month to 28 February."""
    one = tiers((1, "0.20"))

    assert rate_steps_at(date(2025, 1, 10), date(2025, 2, 28), one, SHANGHAI) == datetime(
        2025, 2, 1, tzinfo=SHANGHAI
    )


def test_midnight_that_does_not_exist_is_the_first_instant_of_the_day() -> None:
    """In Santiago the clocks of 7 Sep 2025 went from 00:00 to 01:00."""
    zone = ZoneInfo("America/Santiago")
    lost = rate_steps_at(date(2025, 8, 1), date(2025, 10, 6), tiers((1, "0.20")), zone)

    assert lost is not None
    assert lost.astimezone(ZoneInfo("UTC")) == datetime(2025, 9, 7, 4, tzinfo=ZoneInfo("UTC"))


@examples(150, 50_000)
@given(st.dates(date(2024, 1, 1), date(2030, 12, 31)), st.integers(0, 500), st.randoms(use_true_random=False))
def test_the_factor_holds_until_that_day_and_no_longer(day: date, length: int, rng: object) -> None:
    live: Schedule | None = schedule(rng)  # type: ignore[arg-type]
    end = day + timedelta(days=length)
    lost = rate_steps_at(day, end, live, SHANGHAI)

    factors = [
        live.factor(calendar_months(day + timedelta(days=n), end).whole) if live else 1
        for n in range(length + 1)
    ]
    kept = next((n for n, factor in enumerate(factors) if factor != factors[0]), None)
    assert lost == (
        None if kept is None else datetime.combine(day + timedelta(days=kept), datetime.min.time(), SHANGHAI)
    )
