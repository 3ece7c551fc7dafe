"""The other rules for the time left: worked dates, last days, instants, and how long a rate lasts."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.random_books import ZONES, schedule
from pricing.sizes import examples
from pricing.worked import SHANGHAI, TOKYO, component, price, tiers
from prorata.pricing.errors import BadInput
from prorata.pricing.explain import plain_english, steps
from prorata.pricing.instants import Instant
from prorata.pricing.rules import RULES, Term, rate_lost_at, time_left
from prorata.pricing.terms import TimeLeft

NEW_YORK, UTC_ZONE = ZoneInfo("America/New_York"), ZoneInfo("UTC")
START = datetime(2024, 1, 1, tzinfo=UTC)
MINUTES = st.integers(0, 6 * 525_600)


def _left(
    rule: str, at: str, ends_at: str, zone: ZoneInfo = UTC_ZONE, starts_at: str = "2025-01-01"
) -> TimeLeft:
    now, end, start = (
        Instant.of(datetime.fromisoformat(text).replace(tzinfo=zone)) for text in (at, ends_at, starts_at)
    )
    return time_left(rule, Term(now, end, zone, start))


# --- average-months


def test_average_months_are_calendar_days_over_365_twelfths() -> None:
    left = _left("average-months", "2017-05-01T23:59", "2017-12-31T00:00")

    assert (left.whole, left.days, left.of) == (8, 244, None)
    assert left.months == 244 / Fraction(365, 12)
    assert left.fraction == "2928/365"


@pytest.mark.parametrize(("ends_at", "whole"), [("2026-08-14", 11), ("2026-08-15", 12), ("2026-08-16", 12)])
def test_a_year_of_average_months_is_twelve(ends_at: str, whole: int) -> None:
    assert _left("average-months", "2025-08-15", ends_at).whole == whole


def test_on_its_last_day_one_average_day_is_left() -> None:
    left = _left("average-months", "2025-12-01T00:00", "2025-12-01T08:00")

    assert (left.whole, left.days, left.months) == (0, 1, Fraction(12, 365))


# --- thirty-day-months


@pytest.mark.parametrize(
    ("ends_at", "hours"),
    [
        ("2025-09-14T10:00", 720),
        ("2025-09-14T10:00:00.000001", 721),  # a part hour counts
        ("2025-09-14T09:00:00.000001", 720),
        ("2025-09-14T09:00", 719),
        ("2025-08-15T10:00:00.000001", 1),
    ],
)
def test_thirty_day_months_are_hours_begun(ends_at: str, hours: int) -> None:
    left = _left("thirty-day-months", "2025-08-15T10:00", ends_at)

    assert left.months == Fraction(hours, 720)
    assert (left.whole, left.days, left.of) == (hours // 720, None, None)


def test_a_part_of_a_microsecond_begins_an_hour() -> None:
    at = Instant.of(START)
    end = Instant(START + timedelta(hours=5), Fraction(1, 1000))

    assert time_left("thirty-day-months", Term(at, end, UTC_ZONE)).months == Fraction(6, 720)


@pytest.mark.parametrize(("day", "hours"), [("2025-03-09", 23), ("2025-11-02", 25), ("2025-11-03", 24)])
def test_hours_and_seconds_are_counted_between_instants_not_between_wall_clocks(day: str, hours: int) -> None:
    """New York moves its clocks on 9 March and 2 November 2025."""
    next_day = (date.fromisoformat(day) + timedelta(days=1)).isoformat()

    assert _left("thirty-day-months", day, next_day, NEW_YORK).months == Fraction(hours, 720)
    seconds = _left("period-seconds", day, next_day, NEW_YORK, starts_at=day)
    assert seconds.ratio == (hours * 3600, hours * 3600)


# --- calendar-sum


def test_calendar_sum_counts_neither_the_day_of_the_change_nor_that_of_the_end() -> None:
    left = _left("calendar-sum", "2023-03-20T09:00", "2023-04-19T00:00")

    assert left.months == Fraction(11, 31) + Fraction(18, 30)
    assert (left.whole, left.days, left.of) == (0, None, None)
    assert [(part.month, part.days, part.of) for part in left.calendar] == [
        (date(2023, 3, 1), 11, 31),
        (date(2023, 4, 1), 18, 30),
    ]


@pytest.mark.parametrize(
    ("at", "ends_at", "months"),
    [
        ("2025-01-31", "2025-03-01", Fraction(1)),  # February whole
        ("2025-01-30", "2025-03-01", 1 + Fraction(1, 31)),
        ("2025-02-27", "2025-03-02", Fraction(1, 28) + Fraction(1, 31)),
        ("2024-12-31", "2026-01-01", Fraction(12)),
        ("2025-12-01T07:00", "2025-12-01T08:00", Fraction(0)),  # the last day
        ("2025-11-30T07:00", "2025-12-01T08:00", Fraction(0)),  # and the one before
        ("2025-11-29T07:00", "2025-12-01T08:00", Fraction(1, 30)),
        ("9999-12-30", "9999-12-31", Fraction(0)),
        ("9999-11-30", "9999-12-31", Fraction(30, 31)),
    ],
)
def test_calendar_sums(at: str, ends_at: str, months: Fraction) -> None:
    left = _left("calendar-sum", at, ends_at)

    assert left.months == months
    assert left.whole == int(months)


@examples(150, 100_000)
@given(st.dates(date(2024, 1, 1), date(2030, 12, 31)), st.integers(0, 800))
def test_a_calendar_sum_is_the_sum_over_its_dates(day: date, length: int) -> None:
    ends = day + timedelta(days=length)
    counted = [day + timedelta(days=n) for n in range(1, length)]

    left = _left("calendar-sum", f"{day}T13:00", f"{ends}T14:00")

    assert left.months == sum((Fraction(1, _days_in_month(each)) for each in counted), Fraction(0))


def _days_in_month(day: date) -> int:
    return ((day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)).day


# --- period-days and period-seconds


def test_period_days_are_days_of_the_paid_period() -> None:
    left = _left("period-days", "2025-04-16", "2026-01-01", starts_at="2025-01-01")

    assert (left.days, left.of) == (260, 365)
    assert left.months == Fraction(260, 365)
    assert left.fraction == "260/365"


def test_the_tier_of_a_period_goes_by_whole_calendar_months() -> None:
    for rule in ("period-days", "period-seconds"):
        left = _left(rule, "2025-08-15", "2025-12-01", SHANGHAI, starts_at="2025-06-01")
        assert left.whole == 3


def test_on_its_last_day_one_day_of_the_period_is_left() -> None:
    left = _left("period-days", "2025-12-31T23:59", "2025-12-31T23:59:59", starts_at="2025-12-01")

    assert (left.days, left.of) == (1, 30)


def test_a_paid_period_of_no_days_counts_as_one() -> None:
    left = _left("period-days", "2025-12-31T12:00", "2025-12-31T13:00", starts_at="2025-12-31T11:00")

    assert (left.days, left.of, left.months) == (1, 1, 1)


def test_before_its_period_more_than_the_whole_is_left() -> None:
    assert _left("period-days", "2024-12-22", "2025-01-11", starts_at="2025-01-01").months == 2
    assert _left("period-seconds", "2024-12-22", "2025-01-11", starts_at="2025-01-01").months == 2


def test_seconds_are_exact_with_their_fractions() -> None:
    left = _left("period-seconds", "2025-01-01T00:00:00.5", "2025-01-01T00:00:02")

    assert left.months == Fraction(3, 4)
    assert left.fraction == "1.5/2"


@pytest.mark.parametrize("rule", ["period-days", "period-seconds"])
def test_a_period_without_its_start_is_refused(rule: str) -> None:
    term = Term(Instant.of(START), Instant.of(START + timedelta(days=9)), UTC_ZONE)

    with pytest.raises(BadInput, match=f"starts_at is missing: the rule {rule} needs the start"):
        time_left(rule, term)
    with pytest.raises(BadInput, match="starts_at must be earlier than ends_at"):
        _left(rule, "2025-01-01", "2025-02-01", starts_at="2025-02-01")


# --- all rules


def _term(minutes: int, length: int, zone: str, before: int = 500_000) -> Term:
    at = START + timedelta(minutes=minutes)
    return Term(
        Instant.of(at),
        Instant.of(at + timedelta(minutes=length)),
        ZoneInfo(zone),
        Instant.of(at - timedelta(minutes=before)),
    )


@pytest.mark.parametrize("rule", RULES)
@examples(60, 50_000)
@given(MINUTES, st.integers(1, 800_000), st.integers(1, 100_000), st.sampled_from(ZONES))
def test_a_later_expiry_never_has_less_time_left(
    rule: str, minutes: int, length: int, more: int, zone: str
) -> None:
    """Under `period-*` the paid period grows with its end, and so does the part of it that is left, from its
    start on; but see the next test for the last day under `period-days`."""
    shorter = time_left(rule, _term(minutes, length, zone))
    longer = time_left(rule, _term(minutes, length + more, zone))

    assert longer.whole >= shorter.whole
    if rule == "period-days" and shorter.last_day:
        assert longer.days >= shorter.days == 1
    else:
        assert longer.months >= shorter.months


def test_the_day_charged_on_the_last_day_is_a_larger_part_of_the_shorter_period() -> None:
    """One day is left of both: it is 1 of 30 on the last day of one, 1 of 31 a day before the end of the
    other."""
    assert _left("period-days", "2025-12-31T09:00", "2025-12-31T10:00", starts_at="2025-12-01").ratio == (
        1,
        30,
    )
    assert _left("period-days", "2025-12-31T09:00", "2026-01-01T10:00", starts_at="2025-12-01").ratio == (
        1,
        31,
    )


def test_before_the_start_of_its_period_a_later_expiry_has_a_smaller_part_left() -> None:
    """Twenty days for a period of ten are two; thirty for one of twenty are one and a half."""
    for rule in ("period-days", "period-seconds"):
        assert _left(rule, "2024-12-22", "2025-01-11", starts_at="2025-01-01").months == 2
        assert _left(rule, "2024-12-22", "2025-01-21", starts_at="2025-01-01").months == Fraction(3, 2)


@pytest.mark.parametrize("rule", [name for name in RULES if name != "calendar-months"])
@examples(60, 50_000)
@given(MINUTES, st.integers(2, 800_000), st.integers(1, 800_000), st.sampled_from(ZONES))
def test_waiting_never_leaves_more(rule: str, minutes: int, length: int, later: int, zone: str) -> None:
    """What `calendar-months` cannot promise (a short month as divisor), the others do."""
    now = _term(minutes, length, zone)
    waited = Term(
        Instant.of(now.at.utc + timedelta(minutes=min(later, length - 1))),
        now.ends_at,
        now.zone,
        now.starts_at,
    )

    assert time_left(rule, waited).months <= time_left(rule, now).months


@pytest.mark.parametrize("rule", RULES)
@examples(60, 20_000)
@given(MINUTES, st.integers(1, 700_000), st.sampled_from(ZONES), st.randoms(use_true_random=False))
def test_a_rate_holds_until_the_instant_it_is_said_to_and_no_longer(
    rule: str, minutes: int, length: int, zone: str, rng: Random
) -> None:
    term, live = _term(minutes, length, zone), schedule(rng)
    today = time_left(rule, term)
    factor = live.factor(today.whole) if live else Fraction(1)

    def factor_at(moment: datetime) -> Fraction:
        later = Term(Instant.of(moment), term.ends_at, term.zone, term.starts_at)
        return live.factor(time_left(rule, later).whole) if live else Fraction(1)

    lost = rate_lost_at(today, live, term)

    if lost is None:
        assert factor_at(term.ends_at.utc - timedelta(microseconds=1)) == factor
        return
    assert term.at.utc < lost < term.ends_at.utc
    assert factor_at(lost) != factor
    for part in (0.25, 0.5, 0.75, 1):
        between = term.at.utc + (lost.astimezone(UTC) - term.at.utc) * part
        assert factor_at(between - timedelta(microseconds=part == 1)) == factor


@pytest.mark.parametrize("rule", RULES)
def test_no_time_is_left_of_a_term_that_is_over(rule: str) -> None:
    with pytest.raises(BadInput, match="the term has ended"):
        _left(rule, "2025-12-01T08:00", "2025-12-01T08:00")


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("average-months", ["15 Aug → 1 Dec: 108 days, 365/12 to a month: 1296/365 = 3.5507 months"]),
        (
            "thirty-day-months",
            [
                "15 Aug, 14:30 → 1 Dec, 00:00 (Asia/Tokyo): 2578 hours, 720 to a month: 2578/720 = 3.5806 months"
            ],
        ),
        (
            "calendar-sum",
            [
                "Aug 2025: 16 of 31 days = 0.5161",
                "Sep 2025 to Nov 2025: 3 whole months",
                "Together: 16/31 + 3 = 109/31 months",
            ],
        ),
        ("period-days", ["15 Aug → 1 Dec: 108 of the 183 days of the paid period: 108/183 = 0.5902"]),
        (
            "period-seconds",
            [
                (
                    "15 Aug, 14:30 → 1 Dec, 00:00 (Asia/Tokyo): "
                    "9279000 of the 15811200 seconds of the paid period: 9279000/15811200 = 0.5869"
                )
            ],
        ),
    ],
)
def test_every_rule_explains_its_time_left(rule: str, said: list[str]) -> None:
    change = price(
        "2025-08-15T14:30",
        "2025-12-01",
        component("i", "0", "1", None, tiers((1, "0.1"))),
        zone=TOKYO,
        rule=rule,
        starts_at="2025-06-01",
    )

    assert [plain_english(step) for step in steps(change) if step.key.startswith("time.")] == said
    formula = plain_english(next(step for step in steps(change) if step.key == "line.formula"))
    assert f"(1 − 0) × {change.time_left.fraction} × 0.90 = " in formula
    assert Fraction(change.time_left.fraction) == change.time_left.months


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("average-months", "1 Dec, the last day: 1 day, 365/12 to a month: 12/365 = 0.0329 months"),
        ("calendar-sum", "1 Dec, the day of the change, does not count, and no other is left: 0 months"),
        ("period-days", "1 Dec, the last day: 1 of the 183 days of the paid period: 1/183 = 0.0055"),
        (
            "thirty-day-months",
            "1 Dec, 07:59 → 1 Dec, 08:00 (Asia/Tokyo): 1 hour, 720 to a month: 1/720 = 0.0014 months",
        ),
    ],
)
def test_every_rule_explains_its_last_day(rule: str, said: str) -> None:
    change = price(
        "2025-12-01T07:59",
        "2025-12-01T08:00",
        component("i", "0", "1"),
        zone=TOKYO,
        rule=rule,
        starts_at="2025-06-01",
    )

    assert plain_english(steps(change)[0]) == said
