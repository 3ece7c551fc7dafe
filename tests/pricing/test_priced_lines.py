"""Lines, cap, total and carry."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest

from pricing.worked import component, layer, mock, price, tiers, yen
from prorata.pricing.change import BadInput, Component, price_change


def test_the_sketch_of_the_change_page() -> None:
    """Source: reference figures of the sketch: 3,392 + 5,088 - 2,210.16 = 6,269.84, rounded once to 6,270."""
    change = mock()

    assert [line.amount for line in change.lines] == [3392, 5088, -2210]
    assert [f"{line.exact:f}" for line in change.lines] == [
        "3392.00000000",
        "5088.00000000",
        "-2210.16393443",
    ]
    assert [line.capped for line in change.lines] == [False, False, True]
    assert change.lines[2].formula == -2544
    assert change.lines[2].cap == Fraction(3780 * 107, 183)
    assert change.total == 6270
    assert f"{change.carry_out:f}" == "-0.16393443"
    assert change.direction == "upgrade"


def test_a_credit_is_capped_by_what_was_paid() -> None:
    """Up on 1 September with three months left, down a day later at the worse tier: the formula alone gives
    86.70 away."""
    up = price("2025-09-01", "2025-12-01T08:00", component("instance", "65", "218", ()))
    down = price(
        "2025-09-02",
        "2025-12-01T08:00",
        component("instance", "218", "65", (layer("367.20", "2025-09-01", "2025-12-01"),)),
    )

    assert up.total == 36720
    assert down.lines[0].formula == Fraction("-453.90")
    assert down.total == -35913
    assert down.lines[0].exact == Decimal("-359.12967033")
    assert down.direction == "downgrade"


def test_a_cap_that_does_not_bind_changes_nothing() -> None:
    down = price(
        "2025-09-02", "2025-12-01", component("i", "218", "65", (layer("9999", "2025-09-01", "2025-12-01"),))
    )

    assert down.total == -45390
    assert not down.lines[0].capped


def test_several_layers_together_are_the_cap() -> None:
    down = price(
        "2025-09-02",
        "2025-12-01",
        component(
            "i",
            "218",
            "65",
            (layer("91", "2025-09-01", "2025-12-01"), layer("10", "2025-12-01", "2025-12-11", "1/2")),
        ),
    )

    assert down.total == -(8900 + 500)


def test_what_was_never_paid_for_returns_nothing() -> None:
    down = price("2025-09-02", "2025-12-01", component("i", "218", "65", ()))

    assert (down.total, down.exact, down.direction) == (0, 0, "none")
    assert down.lines[0].capped


def test_symmetric_ignores_layers_and_none_returns_nothing() -> None:
    reduced = component("i", "218", "65", (layer("367.20", "2025-09-01", "2025-12-01"),))

    assert price("2025-09-02", "2025-12-01", reduced, credit="symmetric").total == -45390
    assert price("2025-09-02", "2025-12-01", reduced, credit="none").total == 0


def test_each_side_carries_its_own_discount() -> None:
    sides = Component("i", Decimal(100), Decimal(100), tiers((0, "0.10")), tiers((0, "0.25")), None)
    change = price("2025-09-15", "2025-10-15", sides)

    assert (change.lines[0].old_factor, change.lines[0].new_factor) == (Fraction(9, 10), Fraction(3, 4))
    assert change.total == -1500


def test_the_last_day_costs_one_day() -> None:
    """On 1 December, with an end at 08:00 that day: 153 x 1/31, without a discount."""
    change = price("2025-12-01T07:59:59", "2025-12-01T08:00", component("i", "65", "218"))

    assert change.total == 494
    assert f"{change.exact:f}" == "4.93548387"


@pytest.mark.parametrize(
    ("currency", "total", "carry"),
    [("JPY", 5, "-0.06451613"), ("USD", 494, "-0.00451613"), ("KWD", 4935, "0.00048387")],
)
def test_no_two_and_three_decimals(currency: str, total: int, carry: str) -> None:
    change = price("2025-12-01", "2025-12-01T08:00", component("i", "65", "218"), currency=currency)

    assert change.total == total
    assert f"{change.carry_out:f}" == carry


@pytest.mark.parametrize(
    ("amount", "total", "carry"), [("0.5", 1, "-0.5"), ("-0.5", -1, "0.5"), ("0.49", 0, "0.49")]
)
def test_half_a_unit_is_rounded_away_from_zero(amount: str, total: int, carry: str) -> None:
    change = yen(amount)

    assert (change.total, change.carry_out) == (total, Decimal(carry))


def test_the_rest_is_carried_so_that_small_changes_add_up() -> None:
    """A thousand changes of 0.4 yen cost 400 yen, not nothing."""
    carry, paid = "0", 0
    for _ in range(1000):
        change = yen("0.4", carry=carry)
        carry, paid = f"{change.carry_out:f}", paid + change.total

    assert paid == 400
    assert Decimal(carry) == 0


def test_without_lines_the_carry_stays_even_at_half_a_unit() -> None:
    change = yen(carry="0.5")

    assert (change.total, change.carry_out, change.direction) == (0, Decimal("0.5"), "none")


def test_displayed_lines_add_up_to_the_total() -> None:
    change = yen("0.5", "0.5", "0.5", "-0.2")

    assert change.total == 1
    assert [line.amount for line in change.lines] == [1, 0, 0, 0]
    assert sum(line.amount for line in change.lines) == change.total


def test_a_carry_beyond_half_a_unit_is_taken_as_it_is() -> None:
    """A partly delivered change can leave one."""
    assert yen("10", carry="2.75").total == 13


AT = datetime(2025, 9, 1, tzinfo=UTC)


def _refused(**wrong: object) -> str:
    right: dict[str, object] = {
        "at": AT,
        "ends_at": AT + timedelta(days=30),
        "zone": ZoneInfo("UTC"),
        "currency": "USD",
        "components": [],
    }
    with pytest.raises(BadInput) as refused:
        price_change(**(right | wrong))  # type: ignore[arg-type]
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_a_change_at_the_very_end_is_refused() -> None:
    assert "the term has ended" in _refused(ends_at=AT)


def test_a_term_that_ended_days_ago_is_refused() -> None:
    assert "2025-09-01T00:00:00+00:00 is not before 2025-08-29T00:00:00+00:00" in _refused(
        ends_at=AT - timedelta(days=3)
    )


def test_a_credit_model_of_another_day_is_refused() -> None:
    assert (
        _refused(credit="rebuy") == "the credit model 'rebuy' is not available: use capped, symmetric, none"
    )


@pytest.mark.parametrize("carry", ["0.000000001", "NaN", "Infinity"])
def test_a_carry_that_could_not_be_kept_is_refused(carry: str) -> None:
    assert "at most 8 decimals" in _refused(carry=Decimal(carry))


@pytest.mark.parametrize("monthly", ["-1", "NaN"])
def test_an_impossible_price_is_refused(monthly: str) -> None:
    with pytest.raises(BadInput, match="new monthly price of 'cpu'"):
        component("cpu", "1", monthly)
