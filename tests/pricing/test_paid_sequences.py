"""No sequence of changes ever returns more, gross, than was paid.

`random_books.play` lives a random life of a service under one of the rules: purchases and renewals, changes
up, down and mixed, partly delivered or not at all, price lists and taxes that move, gifts, tax in the prices
or on top. After every event it checks what `PaidService.check` lists: more was never returned than paid,
gifts never more than gifts, the layers never stand for more than was kept, and every rounding is in the
carry.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.paid_service import Book, PaidService
from pricing.random_books import play, service
from pricing.sizes import PROVING, examples, sized
from pricing.worked import PUBLISHED, SHANGHAI
from prorata.pricing.rules import RULES
from prorata.pricing.tax import TaxRule

RANDOM = st.randoms(use_true_random=False)


@examples(120, 20_000)
@given(RANDOM, st.integers(1, 8))
def test_no_sequence_returns_more_than_was_paid(rng: Random, events: int) -> None:
    play(rng, events)


@pytest.mark.parametrize("block", range(100 if PROVING else 1))
@pytest.mark.parametrize(("lives", "events"), [(8_000, 2), (2_000, 9)])
def test_nor_does_any_of_ten_thousand_plain_ones(lives: int, events: int, block: int) -> None:
    """Plain seeds, many more of them than can be drawn one figure at a time: a million in the long form."""
    lives = sized(lives)
    for seed in range(block * lives, (block + 1) * lives):
        try:
            play(Random(seed), events)
        except AssertionError as broken:
            raise AssertionError(f"seed {seed}: {broken}") from broken


@examples(100, 20_000)
@given(RANDOM)
def test_up_and_down_again_at_one_instant_is_never_a_gain(rng: Random) -> None:
    lived = service(rng)
    at = lived.ends_at - timedelta(minutes=rng.randint(1, 100 * 1440))
    before, values = lived.paid - lived.returned, dict(lived.values)
    lived.change(at, {name: value + rng.randint(0, 3) for name, value in values.items()}, [], Fraction(0))
    lived.change(at, values, [], Fraction(0))
    lived.check()

    assert lived.paid - lived.returned >= before


def _published(tax: str, included: bool) -> PaidService:
    book = Book({"cpu": Decimal(153)}, PUBLISHED, PUBLISHED, TaxRule(Decimal(tax), included))
    return PaidService("USD", SHANGHAI, book, _at("2025-12-01T08:00"), {"cpu": 0})


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("tax", "included", "paid", "back"), [("0", False, 36720, 35913), ("0.10", False, 40392, 39504)]
)
def test_the_edge_of_a_tier_is_no_gain(tax: str, included: bool, paid: int, back: int) -> None:
    """Up on 1 September at 20 per cent off, down on the 2nd at none: without the cap it would give 453.90."""
    lived = _published(tax, included)
    lived.change(_at("2025-09-01"), {"cpu": 1}, [], Fraction(0))
    lived.change(_at("2025-09-02"), {"cpu": 0}, [], Fraction(0))
    lived.check()

    assert (lived.paid, lived.returned) == (paid, back)


def test_ping_pong_between_two_days_only_costs() -> None:
    lived = _published("0.10", True)
    for day in range(1, 29):
        lived.change(_at(f"2025-09-{day:02}"), {"cpu": day % 2}, [], Fraction(1, 2))
        lived.check()

    assert lived.returned < lived.paid
    assert lived.gifted_returned < lived.gifted_paid


def test_a_renewal_paid_ahead_returns_whole_and_no_more() -> None:
    lived = _published("0.10", False)
    lived.values["cpu"] = 2
    lived.prepay(_at("2025-12-01T08:00"), _at("2026-03-01T08:00"), Fraction(1, 3))
    paid = lived.paid
    lived.change(_at("2025-11-01"), {"cpu": 0}, [], Fraction(0))
    lived.check()

    assert paid == 80784  # 2 x 153 x 3 months x 0.80 = 734.40, and 10 per cent
    assert lived.returned == paid
    assert lived.gifted_returned == lived.gifted_paid == 26928


def test_a_life_is_the_same_from_the_same_seed() -> None:
    assert play(Random(7), 12) == play(Random(7), 12)


def test_lives_reach_every_corner() -> None:
    """The sample is no use if it never credits, never gifts, never fails in part."""
    lives = [play(Random(seed), 12) for seed in range(200)]

    assert sum(life.returned > 0 for life in lives) > 100
    assert sum(life.gifted_returned > 0 for life in lives) > 50
    assert sum(life.partly for life in lives) > 50
    assert {life.currency for life in lives} == {"JPY", "USD", "KWD"}
    assert {life.rule for life in lives} == set(RULES)
    assert {life.credit for life in lives} == {"capped", "rebuy", "none"}
    assert sum(life.settled for life in lives) > 20
    assert sum(life.renewals > 0 for life in lives) > 20
    assert {life.period_months for life in lives} == {None, 1, 3, 12}
    assert {life.book.tax.included for life in lives} == {True, False}
    assert any(layer.starts > date(2027, 1, 1) for life in lives for layer in life.layers)
