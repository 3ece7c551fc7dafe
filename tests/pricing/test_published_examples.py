"""Published examples of the rules, to the cent, each named after its source id.

W01 is in the "Upgrade Instructions" of a large cloud for yearly and monthly subscriptions. Bought 2025-06-01
08:00:00 for six months, ends 2025-12-01 07:59:59; upgraded on 2025-08-15 from 65 to 218 USD a month; no
discount for 1 to 2 months, 20 % for 3 to 5, 30 % for 6. Printed there: 3.5333 months, USD 432.48. The others
are printed in the price pages of other providers; each test says what was given and what was printed. Where a
publisher gives only a number of days, the dates are chosen to have it.
"""

from __future__ import annotations

import io
import json
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from pricing.worked import PUBLISHED, SHANGHAI, component, price, rate_steps_at
from prorata.pricing.errors import BadInput
from prorata.pricing.quote_command import main
from prorata.pricing.rebuy import rebuy_credit


def _quoted(
    old: str, new: str, at: str, ends_at: str, off: str = "0", currency: str = "USD", **more: str
) -> dict[str, Any]:
    """What the command answers for one line."""
    line = {"name": "i", "old": old, "new": new, "discounts": [{"months": 0, "off": off}]}
    given = {"at": at, "ends_at": ends_at, "zone": "Asia/Shanghai", "currency": currency, "lines": [line]}
    stdout, stderr = io.StringIO(), io.StringIO()
    assert main(["-"], io.StringIO(json.dumps(given | more)), stdout, stderr) == 0, stderr.getvalue()
    answer: dict[str, Any] = json.loads(stdout.getvalue())
    return answer


@pytest.mark.parametrize("hour", ["00:00", "10:00", "23:59:59.999999"])
def test_w01_to_the_cent_at_any_hour_of_the_day(hour: str) -> None:
    upgrade = price(f"2025-08-15T{hour}", "2025-12-01T08:00", component("instance", "65", "218"))

    assert upgrade.total == 43248
    assert upgrade.exact == Decimal("432.48")
    assert upgrade.carry_out == 0
    assert upgrade.direction == "upgrade"
    assert upgrade.time_left.months == 3 + Fraction(16, 30)
    assert (upgrade.time_left.whole, upgrade.time_left.days, upgrade.time_left.of) == (3, 16, 30)
    assert upgrade.lines[0].new_factor == Fraction(4, 5)


def test_the_rate_is_kept_until_2_september() -> None:
    kept_until = rate_steps_at(date(2025, 8, 15), date(2025, 12, 1), PUBLISHED, SHANGHAI)

    assert kept_until == datetime(2025, 9, 2, tzinfo=SHANGHAI)


def test_a_day_later_the_rate_is_gone_and_waiting_has_cost_money() -> None:
    last_day = price("2025-09-01T23:59:59", "2025-12-01T08:00", component("instance", "65", "218"))
    next_day = price("2025-09-02T00:00:00", "2025-12-01T08:00", component("instance", "65", "218"))

    assert last_day.total == 36720  # 153 x 3 x 0.80
    assert next_day.total == 45390  # 153 x (2 + 29/30)


def test_w02_average_months() -> None:
    """65 to 218 on 2017-05-01, 244 days left, x 0.88: CNY 1080.07."""
    answer = _quoted("65", "218", "2017-05-01", "2017-12-31", "0.12", currency="CNY", rule="average-months")

    assert answer["total"] == "1080.07"
    assert answer["time_left"] == {
        "rule": "average-months",
        "whole": 8,
        "days": 244,
        "months": "8.0219",
    }
    assert answer["lines"][0]["old_factor"] == answer["lines"][0]["new_factor"] == "0.88"


def test_w08_thirty_day_months() -> None:
    """120 to 300 with 184 days left, x 0.85: 1,840 new and 736 old before the discount, 938.40 after it."""
    term = {"at": "2025-06-01", "ends_at": "2025-12-02", "rule": "thirty-day-months"}

    assert _quoted("0", "300", **term)["total"] == "1840.00"
    assert _quoted("0", "120", **term)["total"] == "736.00"
    assert _quoted("120", "300", **term, off="0.15")["total"] == "938.40"


def test_w09_thirty_day_months() -> None:
    """7,200 to 14,400 with 50 days left: 12,000."""
    answer = _quoted("7200", "14400", "2025-06-01", "2025-07-21", currency="JPY", rule="thirty-day-months")

    assert answer["total"] == "12000"
    assert answer["time_left"] == {"rule": "thirty-day-months", "whole": 1, "months": "1.6667"}


def test_w10_thirty_day_months_symmetric() -> None:
    """1,000 to 800 with 30 days left: -200."""
    answer = _quoted("1000", "800", "2025-06-01", "2025-07-01", rule="thirty-day-months", credit="symmetric")

    assert (answer["total"], answer["direction"]) == ("-200.00", "downgrade")


def test_w15_calendar_sum() -> None:
    """170 to 1,600 on 2023-03-20 09:00, ends 2023-04-18 23:59:59: 11/31 + 18/30, USD 1,365.42."""
    answer = _quoted("170", "1600", "2023-03-20 09:00", "2023-04-19 00:00", rule="calendar-sum")

    assert answer["total"] == "1365.42"
    assert answer["time_left"] == {"rule": "calendar-sum", "whole": 0, "months": "0.9548"}
    assert answer["steps"][:3] == [
        "Mar 2023: 11 of 31 days = 0.3548",
        "Apr 2023: 18 of 30 days = 0.6000",
        "Together: 11/31 + 18/30 = 148/155 months",
    ]


def test_w17_calendar_sum() -> None:
    """470 to 534 with 15 of 30 days left: 32."""
    assert _quoted("470", "534", "2025-09-15 10:00", "2025-10-01", rule="calendar-sum")["total"] == "32.00"


@pytest.mark.parametrize(
    ("old", "new", "total"), [("120", "240", "80.00"), ("240", "120", "-80.00")], ids=["W23", "W24"]
)
def test_w23_and_w24_period_seconds_symmetric(old: str, new: str, total: str) -> None:
    """120 and 240 per 30 days, 10 of them used: +80 and -80."""
    answer = _quoted(
        old,
        new,
        "2025-09-11",
        "2025-10-01",
        starts_at="2025-09-01",
        rule="period-seconds",
        credit="symmetric",
    )

    assert answer["total"] == total
    assert answer["time_left"]["months"] == "0.6667"


PAID_FOR_A_YEAR = Decimal("915.92")


def test_w28_rebuy() -> None:
    """915.92 paid; 2 months used at 102; the new configuration 60 x 10 months x 0.88: 183.92 returns."""
    used, anew = 2 * Decimal(102), 60 * 10 * Decimal("0.88")

    assert rebuy_credit(PAID_FOR_A_YEAR, used, anew) == Fraction("183.92")


def test_w30_rebuy() -> None:
    """The same paid; 3 months and 72 hours at 0.32 used; new 60 x 0.88 x 270/30: 111.68 returns."""
    used, anew = 3 * Decimal(102) + 72 * Decimal("0.32"), Fraction(270, 30) * 60 * Fraction("0.88")

    assert rebuy_credit(PAID_FOR_A_YEAR, used, anew) == Fraction("111.68")


def test_a_rebuy_never_costs_and_never_returns_more_than_was_paid() -> None:
    assert rebuy_credit(Decimal(100), Decimal(60), Decimal(40)) == 0
    assert rebuy_credit(Decimal(100), Decimal(60), Decimal("40.01")) == 0
    assert rebuy_credit(Decimal(100), Decimal(0), Decimal(0)) == 100
    for wrong in (Decimal("-0.01"), Decimal("NaN")):
        with pytest.raises(BadInput, match="must be 0 or more"):
            rebuy_credit(Decimal(100), wrong, Decimal(0))


def test_w42_period_days_rounds_the_total_and_not_the_sides() -> None:
    """50 to 100 per 365 days with 260 left: 35.62. Its sides rounded, 71.23 - 35.62, would make 35.61."""
    term = {"starts_at": "2025-01-01", "at": "2025-04-16", "ends_at": "2026-01-01", "rule": "period-days"}
    answer = _quoted("50", "100", **term)

    assert answer["total"] == "35.62"
    assert answer["time_left"] == {
        "rule": "period-days",
        "whole": 8,
        "days": 260,
        "of": 365,
        "months": "0.7123",
    }
    assert _quoted("0", "100", **term)["total"] == "71.23"
    assert _quoted("0", "50", **term)["total"] == "35.62"


def test_w48_period_seconds() -> None:
    """10 to 20, half-way: +5.00."""
    answer = _quoted("10", "20", "2025-09-16", "2025-10-01", starts_at="2025-09-01", rule="period-seconds")

    assert answer["total"] == "5.00"


def test_w50_period_seconds() -> None:
    """5 to 20 in a month of 30 days, 86,400 seconds gone: 14.50, that is 19.33 - 4.83."""
    term = {
        "starts_at": "2025-09-01",
        "at": "2025-09-02",
        "ends_at": "2025-10-01",
        "rule": "period-seconds",
    }

    assert _quoted("5", "20", **term)["total"] == "14.50"
    assert _quoted("0", "20", **term)["total"] == "19.33"
    assert _quoted("0", "5", **term)["total"] == "4.83"
