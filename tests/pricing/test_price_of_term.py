"""What a whole term costs: by hand, and what holds for any prices, discounts and months."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.random_books import rate, schedule
from pricing.sizes import examples
from pricing.worked import PUBLISHED, SHANGHAI
from prorata.pricing.change import Price
from prorata.pricing.errors import BadInput
from prorata.pricing.renewal import renewal_minor
from prorata.pricing.tax import TaxRule, document
from prorata.pricing.term import layers_of_term, price_of_term
from prorata.pricing.terms import add_months, follow_on, original_day
from prorata.pricing.tiers import Schedule

RANDOM = st.randoms(use_true_random=False)
START = datetime(2026, 6, 1, 8, tzinfo=SHANGHAI)


def term(
    monthly: dict[str, str], months: int, currency: str = "USD", live: Schedule | None = PUBLISHED
) -> Price:
    ends = datetime.combine(add_months(START.date(), months), START.time(), SHANGHAI)
    return price_of_term(
        starts_at=START, ends_at=ends, zone=SHANGHAI, months=months, currency=currency, schedule=live,
        monthly=[(name, Decimal(price), "") for name, price in monthly.items()],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("months", "total"), [(1, 6_500), (2, 13_000), (3, 15_600), (6, 27_300), (12, 54_600)]
)
def test_one_component_costs_its_months_at_the_discount_of_so_many(months: int, total: int) -> None:
    """65 a month: 20 % off from three months on, 30 % from six."""
    assert term({"instance": "65"}, months).total == total


def test_the_discount_is_that_of_the_months_sold_whatever_the_dates() -> None:
    """Twelve months on ten days: nobody sells that, but a calendar must not take a discount from what was sold."""
    ends = datetime(2026, 6, 11, 8, tzinfo=SHANGHAI)
    price = price_of_term(
        starts_at=START, ends_at=ends, zone=SHANGHAI, months=12, currency="USD", schedule=PUBLISHED,
        monthly=[("instance", Decimal(65), "")],
    )  # fmt: skip
    assert (price.total, price.lines[0].exact, price.lines[0].new_factor) == (
        54_600,
        Decimal(546),
        Fraction(7, 10),
    )


def test_the_total_is_rounded_once_and_the_lines_add_up() -> None:
    """3 x 0.335 x 0.80 is 0.804 each: three lines of 0.80 and 0.41 too little together, so two show a cent more."""
    price = term({"a": "0.335", "b": "0.335", "c": "0.335"}, 3)
    assert [line.exact for line in price.lines] == [Decimal("0.80400000")] * 3
    assert (price.total, [line.amount for line in price.lines]) == (241, [81, 80, 80])
    assert price.carry_out == 0


def test_a_layer_is_what_its_line_was_charged() -> None:
    price = term({"a": "0.335", "b": "0.335", "c": "0.335"}, 3)
    paper = document(price, TaxRule(Decimal("0.10")))
    assert (paper.net, paper.tax, paper.gross) == (241, 24, 265)
    layers = layers_of_term(price, paper, gifted_minor=100)
    assert [(one.amount, one.tax, one.gifted) for one in layers] == [
        (Decimal("0.81"), Decimal("0.08"), Decimal("0.34")), (Decimal("0.80"), Decimal("0.08"), Decimal("0.33")),
        (Decimal("0.80"), Decimal("0.08"), Decimal("0.33")),
    ]  # fmt: skip


def test_what_costs_nothing_has_no_layer() -> None:
    price = term({"a": "0", "b": "10"}, 1)
    assert [one.name for one in layers_of_term(price, document(price, TaxRule(Decimal(0))))] == ["b"]
    assert term({}, 12).total == 0


def test_a_term_has_months() -> None:
    with pytest.raises(BadInput, match="a term is sold for 1 month or more, not 0"):
        term({"a": "1"}, 0)


@examples(200, 50_000)
@given(RANDOM, st.integers(1, 120), st.sampled_from((("JPY", 0), ("USD", 2), ("KWD", 3))), st.booleans())
def test_it_is_the_renewal_that_customers_are_shown(
    rng: Random, months: int, money: tuple[str, int], included: bool
) -> None:
    """Whatever lines do below the last decimal, the total is that of `renewal_minor`; layers hold what was paid, exactly."""
    currency, digits = money
    live = schedule(rng)
    prices = {str(n): rate(rng, digits) * rng.randint(0, 8) for n in range(rng.randint(1, 5))}
    price = term({name: str(one) for name, one in prices.items()}, months, currency, live)
    assert price.total == renewal_minor(sum(prices.values(), Decimal(0)), months, live, currency)
    assert sum(line.amount for line in price.lines) == price.total
    assert all(abs(line.amount - line.formula * 10**digits) < 1 for line in price.lines)
    paper = document(price, TaxRule(Decimal(rng.choice((0, 8, 10, 77))) / 100, included))
    gifted = rng.randint(0, paper.gross)
    layers = layers_of_term(price, paper, gifted_minor=gifted)
    unit = 10**digits
    assert sum((Fraction(one.amount) for one in layers), Fraction(0)) * unit == price.total
    assert sum((Fraction(one.tax) for one in layers), Fraction(0)) * unit == paper.tax
    assert sum((Fraction(one.gifted) for one in layers), Fraction(0)) * unit == gifted


@given(st.dates(date(2020, 1, 1), date(2090, 12, 31)), st.lists(st.integers(1, 24), min_size=1, max_size=6))
def test_terms_in_a_row_end_where_one_of_all_their_months_would(start: date, lengths: list[int]) -> None:
    """Never 31, 28, 28: the day is that of the first beginning, where the month has it."""
    end, day = start, start.day
    for months in lengths:
        end = follow_on(end, months, day)
    assert end == add_months(start, sum(lengths))


@pytest.mark.parametrize(
    ("starts", "ends", "day"),
    [
        ("2026-01-31", "2026-02-28", 31), ("2026-11-30", "2027-02-28", 30), ("2026-01-28", "2026-02-28", 28),
        ("2026-08-15", "2026-12-01", 1), ("2026-01-15", "2026-03-31", 31), ("2026-06-01", "2026-12-01", 1),
    ],
)  # fmt: skip
def test_the_original_day_of_a_service_that_was_adopted(starts: str, ends: str, day: int) -> None:
    assert original_day(date.fromisoformat(starts), date.fromisoformat(ends)) == day
