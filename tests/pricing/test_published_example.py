"""W01: the published example of the rule, to the cent.

Source: the "Upgrade Instructions" of a large cloud for yearly and monthly subscriptions. Bought 2025-06-01
08:00:00 for six months, ends 2025-12-01 07:59:59; upgraded on 2025-08-15 from 65 to 218 USD a month; no
discount for 1 to 2 months, 20 % for 3 to 5, 30 % for 6. Printed there: 3.5333 months, USD 432.48.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

import pytest

from pricing.worked import PUBLISHED, SHANGHAI, component, price
from prorata.pricing.terms import rate_steps_at


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
