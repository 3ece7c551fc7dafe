"""Prices over columns are those of the scalar function, on every row."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from random import Random
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.many_changes import Many, Row, draw, one, same, utc
from pricing.sizes import examples
from pricing.worked import layer
from prorata.pricing import bulk, rules
from prorata.pricing import change as change_module
from prorata.pricing.bulk import Columns, Layers, price_changes
from prorata.pricing.bulk.left import LEFT
from prorata.pricing.bulk.price import BLOCK
from prorata.pricing.change import Component
from prorata.pricing.errors import BadInput
from prorata.pricing.rules import RULES, time_left
from prorata.pricing.tiers import Schedule, Tier

RANDOM = st.randoms(use_true_random=False)
AT, ENDS = utc("2025-08-15T02:00"), utc("2025-12-01T00:00")
TIERS = Schedule((Tier(1, Decimal(0)), Tier(3, Decimal("0.20")), Tier(6, Decimal("0.30"))))


@examples(100, 20_000)
@given(RANDOM)
def test_every_row_is_that_of_the_scalar_function(rng: Random) -> None:
    same(draw(rng, rng.randint(0, 30)))


def test_what_a_provider_sells_hardly_ever_needs_the_scalar() -> None:
    left, rows = 0, 0
    for seed in range(400):
        rng = Random(seed)
        found = draw(rng, 30).bulk()
        left, rows = left + int(found.by_scalar.sum()), rows + len(found.by_scalar)
    assert rows == 12_000
    assert left <= 30, (
        "one row in four hundred, though terms of ten years and shares of odd primes are among them"
    )


@examples(100, 20_000)
@given(RANDOM)
def test_huge_prices_and_long_terms_too(rng: Random) -> None:
    same(draw(rng, rng.randint(1, 12), huge=True))


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_over_several_blocks(rule: str) -> None:
    rng = Random(rule)
    few = draw(rng, 50)
    few.rule = rule
    many = Many(few.zone, few.currency, rule, few.credit, few.rows * (BLOCK // 50 + 2))
    columns = many.columns()
    found = price_changes(columns, zone=many.zone, currency=many.currency, rule=rule, credit=many.credit)
    expected = same(few)

    times = len(many.rows) // 50
    assert len(many.rows) > BLOCK
    for name in ("total", "exact", "carry", "whole", "lines", "by_scalar"):
        assert np.array_equal(getattr(found, name), np.tile(getattr(expected, name), times)), name


def test_the_published_example() -> None:
    change = one(
        Component("i", Decimal(65), Decimal(218), TIERS, TIERS), at=AT, ends_at=ENDS, zone="Asia/Shanghai"
    )
    found = same(change)

    assert (list(found.total), list(found.exact), list(found.whole)) == ([43248], [43248 * 10**6], [3])


def test_one_instant_stands_for_all_and_datetime64_is_read() -> None:
    found = price_changes(
        Columns(
            at=np.datetime64("2025-08-15T02:00"),
            ends_at=np.array(["2025-12-01T00:00", "2025-08-16T00:00"], "datetime64[s]"),
            first=[0, 1, 2],
            old=[65 * 10**8] * 2,
            new=[218 * 10**8] * 2,
            schedules=[None, TIERS],
            old_schedule=1,
            new_schedule=1,
        ),
        zone=ZoneInfo("Asia/Shanghai"),
        currency="USD",
    )
    assert list(found.total) == [43248, 494]


def test_layers_may_be_days_of_numpy() -> None:
    """367.20 paid on 1 September holds 359.13 a day later."""
    paid = Layers(
        first=[0, 1], amount=[36720 * 10**6], starts=np.array(["2025-09-01"], "datetime64[D]"),
        ends=np.array(["2025-12-01"], "datetime64[D]"), share_above=[1], share_below=[1], known=[True],
    )  # fmt: skip
    down = Columns(
        at=np.datetime64("2025-09-02"), ends_at=np.array(["2025-12-01T08:00"], "datetime64[s]"), first=[0, 1],
        old=[218 * 10**8], new=[65 * 10**8], schedules=[TIERS], layers=paid,
    )  # fmt: skip
    found = price_changes(down, zone=ZoneInfo("UTC"), currency="USD")

    assert (list(found.total), list(found.lines)) == ([-35913], [-35912967033])


@pytest.mark.parametrize(
    ("changed", "versions"),
    [
        ("VERSIONS", {"rule_version": 1}), ("VERSIONS", {}),
        ("CREDIT_VERSIONS", {"credit_version": 2}), ("CREDIT_VERSIONS", {}),
    ],
)  # fmt: skip
def test_a_version_that_is_not_told_in_columns_is_told_row_by_row(
    changed: str, versions: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if a correction had come: by its own version the rule is told here, by the newest it is not."""
    change = one(
        Component("i", Decimal(65), Decimal(218), TIERS, TIERS, ()), at=AT, ends_at=ENDS, zone="Asia/Shanghai"
    )
    if changed == "VERSIONS":
        later = replace(rules.RULES["calendar-months"], left=lambda term: time_left("average-months", term))
        monkeypatch.setitem(rules.VERSIONS, "calendar-months", (rules.RULES["calendar-months"], later))
    else:
        monkeypatch.setitem(change_module.CREDIT_VERSIONS, "capped", 2)
    found = price_changes(change.columns(), zone=change.zone, currency="USD", **versions)

    assert found.by_scalar.all() == (versions != {"rule_version": 1})
    assert list(found.total) == [43460 if (changed, versions) == ("VERSIONS", {}) else 43248]


def test_a_version_nobody_made_is_refused() -> None:
    change = one(Component("i", Decimal(65), Decimal(218)), at=AT, ends_at=ENDS)
    with pytest.raises(BadInput, match="row 0: the rule calendar-months has no version 2: it has 1 to 1"):
        price_changes(change.columns(), zone=change.zone, currency="USD", rule_version=2)
    with pytest.raises(BadInput, match="row 0: the credit model capped has no version 7"):
        price_changes(change.columns(), zone=change.zone, currency="USD", credit_version=7)


def test_every_rule_is_told_in_its_newest_version() -> None:
    assert {rule: version.number for rule, version in LEFT.items()} == {
        rule: len(versions) for rule, versions in rules.VERSIONS.items()
    }


def test_a_period_paid_for_in_months() -> None:
    """Half-way through a year, 20 % off for five whole months: from 40 to 100 a month 60 × 12 × 183/365 × 0.80 = 288.79."""
    row = Row(
        utc("2025-07-02T00:00"), utc("2026-01-01T00:00"), utc("2025-01-01T00:00"),
        [Component("i", Decimal(40), Decimal(100), TIERS, TIERS)], Decimal(0), 12,
    )  # fmt: skip
    found = same(Many(ZoneInfo("UTC"), "USD", "period-days", rows=[row]))

    assert (list(found.total), list(found.whole)) == ([28879], [5])


def test_months_that_make_the_part_too_large() -> None:
    """A part of 2^30 microseconds and a bit times 2^34 months leaves 64 bits."""
    micros = timedelta(microseconds=2**30 + 1)
    row = Row(
        ENDS - micros,
        ENDS,
        ENDS - micros - micros,
        [Component("i", Decimal(0), Decimal(1))],
        Decimal(0),
        2**34,
    )

    assert same(Many(ZoneInfo("UTC"), "USD", "period-seconds", rows=[row])).by_scalar.all()


def test_no_services_have_no_prices() -> None:
    for rule in RULES:
        assert len(same(Many(ZoneInfo("UTC"), "USD", rule)).total) == 0


# Each of these rows is wrong as soon as its guard is taken away: the product leaves 64 bits.
LARGE = {
    "a price of more than 64 bits": Component("i", Decimal(0), Decimal(2**70)),
    # Seven tenths of it are 2^64 + 5: without the guard it would cost nothing.
    "a price that its discount's tenths make too large": Component(
        "i", Decimal(0), Decimal("26352491533.87078803"), TIERS, TIERS
    ),
    "a line of more than 64 bits": Component("i", Decimal(0), Decimal(4 * 10**10)),
    "a share with many digits": Component(
        "i", Decimal(218), Decimal(65), TIERS, TIERS, (layer("367.20", "2025-08-01", "2025-12-01", f"1/{10**16 + 1}"),)
    ),
    "layers whose days have no small common multiple": Component(
        "i", Decimal(218), Decimal(65), TIERS, TIERS,
        tuple(layer("60.01", "2025-08-01", "2025-12-01", f"1/{prime}") for prime in (9973, 9967, 9949, 9941, 9931)),
    ),
    # 5,000 days times this denominator are 2^64 + 3,384.
    "a share whose days leave 64 bits": Component(
        "i",
        Decimal(218),
        Decimal(65),
        TIERS,
        TIERS,
        (layer("367.20", "2025-08-01", "2039-04-10", "3689348814741910/3689348814741911"),),
    ),
    "more layers than are added up in 64 bits": Component(
        "i", Decimal(218), Decimal(65), TIERS, TIERS, (layer("353000000", "2025-12-01", "2026-12-01"),) * 300
    ),
    "a layer of more than 64 bits": Component(
        "i", Decimal(218), Decimal(65), TIERS, TIERS, (layer(str(2**70), "2025-08-01", "2025-12-01"),)
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LARGE)
def test_what_would_not_fit_is_answered_by_the_scalar_function(name: str) -> None:
    change = one(LARGE[name], at=AT, ends_at=ENDS + timedelta(days=3000))
    change.rows.insert(0, Row(AT, ENDS, AT, [Component("i", Decimal(65), Decimal(218))], Decimal(0)))

    assert list(same(change).by_scalar) == [False, True]


def test_halves_of_the_eighth_decimal_go_to_the_even_one() -> None:
    """Half of 0.00000001, 0.00000003 and 0.00000005 is 0, 0.00000002 and 0.00000002: 15 of 30 days are left."""
    at, ends_at = utc("2025-09-10T00:00"), utc("2025-09-25T00:00")
    many = one(Component("i", Decimal(0), Decimal("1E-8")), at=at, ends_at=ends_at)
    many.rows[0].components += [Component("i", Decimal(0), Decimal(units).scaleb(-8)) for units in (3, 5)]
    many.rows[0].components += [Component("i", Decimal(units).scaleb(-8), Decimal(0)) for units in (1, 3, 5)]

    assert list(same(many).lines) == [0, 2, 2, 0, -2, -2]


def test_discounts_with_too_many_decimals_leave_every_row_to_the_scalar_function() -> None:
    fine = Schedule((Tier(0, Decimal("0.1234567890123456789012345")),))
    change = one(Component("i", Decimal(1), Decimal(2), fine, TIERS), at=AT, ends_at=ENDS)
    change.rows.append(Row(AT, ENDS, AT, [Component("i", Decimal(65), Decimal(218))], Decimal(0)))

    assert same(change).by_scalar.all()


def test_a_part_of_a_microsecond_period_is_still_exact() -> None:
    """Prices by the second of a year and a bit: the product takes 75 bits, the long division keeps every one."""
    starts_at = AT - timedelta(days=300, microseconds=1)
    row = Row(
        AT, ENDS, starts_at, [Component("i", Decimal("65.01"), Decimal("21800.37"), TIERS, TIERS)], Decimal(0)
    )

    assert not same(Many(ZoneInfo("UTC"), "USD", "period-seconds", rows=[row])).by_scalar.any()


def test_a_divisor_of_more_than_64_bits() -> None:
    """Microseconds of thirty years by the millionths of a discount."""
    fine = Schedule((Tier(0, Decimal("0.123457")),))
    starts_at = ENDS - timedelta(days=11_000, microseconds=1)
    row = Row(AT, ENDS, starts_at, [Component("i", Decimal(65), Decimal(218), fine, fine)], Decimal(0))

    assert same(Many(ZoneInfo("UTC"), "USD", "period-seconds", rows=[row])).by_scalar.all()


@pytest.mark.parametrize("carry", [10**18, -(10**18), 2**62 // 10**8, 2**70])
def test_a_carry_beyond_all_measure(carry: int) -> None:
    row = Row(AT, ENDS, AT, [Component("i", Decimal(65), Decimal(218))], Decimal(carry))

    assert same(Many(ZoneInfo("UTC"), "JPY", "calendar-months", rows=[row])).by_scalar.all()


def test_more_components_than_are_added_up_in_64_bits() -> None:
    """600 lines of some 353 million each: every one fits, their sum does not."""
    row = Row(
        AT, ENDS, AT, [Component("i", Decimal(10**8), Decimal(2 * 10**8)) for _ in range(600)], Decimal(0)
    )

    assert same(Many(ZoneInfo("UTC"), "USD", "calendar-months", rows=[row])).by_scalar.all()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"ends_at": [0, 0]}, "row 0: the term has ended: 1970-01-01T00:00:00+00:00 is not before"),
        ({"ends_at": [10**15, 0]}, "row 1: the term has ended"),
        ({"ends_at": [10**15, 2**62]}, "row 1: an instant is outside the calendar: use years 1 to 9999"),
        ({"old": [0, -1]}, "row 1: the old monthly price of 'component 1' must be 0 or more"),
        ({"rule": "by-the-moon"}, "the rule 'by-the-moon' is not available: use calendar-months"),
        ({"credit": "rebuy"}, "the credit model 'rebuy' is not available"),
        ({"currency": "XXX"}, "unknown currency 'XXX'"),
        ({"rule": "period-days"}, "starts_at is missing: the rule period-days needs the start"),
        ({"rule": "period-days", "starts_at": 10**15}, "row 0: starts_at must be earlier than ends_at"),
        ({"rule": "period-days", "starts_at": 1, "period_months": [1, -1]}, "row 1: a period is paid for 1 month or more"),
        ({"layers": {"share_above": [3]}}, "row 0: the share of a paid layer must be between 0 and 1, not 3/2"),
        ({"layers": {"share_below": [0]}}, "row 0: the share of a paid layer must have a positive denominator"),
        ({"layers": {"ends": [0]}}, "row 0: a paid layer must start before it ends"),
        ({"layers": {"ends": [2**40]}}, "row 0: a day of a paid layer is outside the calendar"),
        ({"layers": {"amount": [-1]}}, "row 0: the amount of a paid layer must be 0 or more"),
    ],
)  # fmt: skip
def test_a_bad_row_is_refused_with_its_number(wrong: dict[str, object], words: str) -> None:
    with pytest.raises(BadInput) as refused:
        _priced(wrong)
    assert str(refused.value).startswith(words)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"old": [0.5, 1.0]}, TypeError),
        ({"old": np.array([1, 0.5], object)}, TypeError),
        ({"old": np.array([1, 2], np.uint64)}, TypeError),
        ({"old": [1]}, ValueError),
        ({"first": [0, 2, 1]}, ValueError),
        ({"first": [0, 1]}, ValueError),
        ({"old_schedule": 1}, ValueError),
        ({"layers": {"known": [True]}}, ValueError),
    ],
)
def test_columns_that_do_not_belong_together_are_a_mistake_of_the_program(
    wrong: dict[str, object], error: type[Exception]
) -> None:
    with pytest.raises(error):
        _priced(wrong)


def _priced(wrong: dict[str, object]) -> None:
    more = dict(wrong)
    how = {name: more.pop(name) for name in ("rule", "credit", "currency") if name in more}
    paid: dict[str, object] = {
        "first": [0, 1, 1], "amount": [1], "starts": [1], "ends": [9], "share_above": [1], "share_below": [2],
        "known": [True, True],
    }  # fmt: skip
    columns: dict[str, object] = {
        "at": 0, "ends_at": [10**15, 10**15], "first": [0, 1, 2], "old": [5, 5], "new": [7, 7],
        "layers": Layers(**paid | dict(more.pop("layers", {}))),  # type: ignore[call-overload]
    }  # fmt: skip
    price_changes(Columns(**columns | more), **{"zone": ZoneInfo("UTC"), "currency": "USD"} | how)  # type: ignore[arg-type]


@examples(80, 20_000)
@given(RANDOM)
def test_renewals_are_those_of_the_scalar_function(rng: Random) -> None:
    from prorata.pricing.money import decimal_of
    from prorata.pricing.renewal import renewal_minor

    schedules = [
        schedule
        for row in draw(rng, 3, huge=True).rows
        for c in row.components
        for schedule in (c.old_schedule,)
    ]
    schedules = schedules or [TIERS]
    currency = rng.choice(("JPY", "USD", "KWD"))
    count = rng.randint(0, 8)
    monthly = np.array([rng.randint(0, 10 ** rng.choice((3, 10, 12, 18, 22))) for _ in range(count)], object)
    months = [rng.choice((0, 1, 12, 36, 10**9)) for _ in range(count)]
    which = [rng.randrange(len(schedules)) for _ in range(count)]

    found = bulk.renewal_prices(monthly, months, currency=currency, schedules=schedules, schedule=which)
    assert list(found) == [
        renewal_minor(decimal_of(price, 8), length, schedules[n], currency)
        for price, length, n in zip(monthly, months, which, strict=True)
    ]


def test_a_renewal_is_rounded_once() -> None:
    """3 months at 1.005 less 20 per cent: 2.412; at 0.00833333 for six months less 30 per cent: 0.035 becomes 0.04."""
    found = bulk.renewal_prices([100_500_000, 833_334], [3, 6], currency="USD", schedules=[TIERS])

    assert list(found) == [241, 4]


def test_a_renewal_of_a_negative_price_or_length_is_refused() -> None:
    with pytest.raises(BadInput, match="row 1: a monthly price must be 0 or more, not -"):
        bulk.renewal_prices([1, -1], [1, 1], currency="USD")
    with pytest.raises(BadInput, match="row 0: a term must be 0 months or more, not -1"):
        bulk.renewal_prices([1], [-1], currency="USD")


def test_exact_fractions_of_layers_are_added_before_they_are_rounded() -> None:
    """Three thirds of 0.00000001 each are one unit; rounded one by one they would be none."""
    third = tuple(layer("0.00000001", "2025-08-01", "2026-12-01", f"{share}") for share in ("1/3",) * 3)
    later = tuple(PAID for PAID in third)
    change = one(
        Component("i", Decimal(1), Decimal(0), None, None, later), at=utc("2025-07-01T00:00"), ends_at=ENDS
    )

    assert list(same(change).lines) == [-1]
    assert sum((paid.share for paid in later), Fraction(0)) == 1
