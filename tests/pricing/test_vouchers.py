"""A voucher is a discount before tax: how much it takes off, over which lines, and what that means for a
later credit, a reversal and the carry. A minimum charge is the same in the other direction."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.paid_service import Book, PaidService
from pricing.random_books import play
from pricing.sizes import examples
from pricing.test_paid_sequences import _at
from pricing.worked import PUBLISHED, SHANGHAI, component, layer, price, yen
from prorata.pricing.charge import charge
from prorata.pricing.errors import BadInput
from prorata.pricing.funding import fund
from prorata.pricing.tax import Document, TaxRule, document
from prorata.pricing.voucher import NotForThis, Voucher

ADDED = TaxRule(Decimal("0.10"), rounding="down")
INCLUDED = TaxRule(Decimal("0.10"), included=True, rounding="down")


def _lines(paper: Document) -> list[tuple[int, int, int]]:
    return [(line.net, line.tax, line.gross) for line in paper.lines]


# --- how much


def test_an_amount_comes_off_before_tax() -> None:
    """6,932 yen, 2,000 off: 4,932, and 10 per cent of that, rounded down."""
    paper = document(yen("6932"), ADDED, voucher=Voucher("SUMMER", amount=2000))

    assert (paper.net, paper.tax, paper.gross) == (4932, 493, 5425)
    assert paper.charge.discount_minor == 2000


def test_where_prices_include_tax_it_comes_off_the_gross() -> None:
    paper = document(yen("6600"), INCLUDED, voucher=Voucher("SUMMER", amount=1100))

    assert (paper.net, paper.tax, paper.gross) == (5000, 500, 5500)


def test_a_part_is_rounded_half_up_once() -> None:
    """15 per cent of 1,010 is 151.5."""
    assert charge(yen("700", "310"), voucher=Voucher("P", off=Decimal("0.15"))).discounts == (105, 47)
    assert charge(yen("1010"), voucher=Voucher("P", off=Decimal("0.15"), at_most=100)).discounts == (100,)


def test_what_is_more_than_is_to_be_paid_is_lost() -> None:
    paper = document(yen("300", "50"), ADDED, voucher=Voucher("BIG", amount=5000))

    assert _lines(paper) == [(0, 0, 0), (0, 0, 0)]
    assert paper.charge.discounts == (300, 50)


def test_it_is_spread_by_largest_remainder_over_the_lines_in_its_scope() -> None:
    """100 over 333, 333 and 334: 33.3, 33.3 and 33.4."""
    three = yen("333", "333", "334")

    assert charge(three, voucher=Voucher("V", amount=100)).discounts == (33, 33, 34)
    only = Voucher("V", amount=100, scope=frozenset({"line 1", "line 3"}))
    assert charge(three, voucher=only).discounts == (50, 0, 50)


def test_reductions_pay_first_and_get_no_discount() -> None:
    """500 up, 200 down: 300 are to be paid, and half of those come off the line that grows."""
    charged = charge(yen("500", "-200"), voucher=Voucher("V", off=Decimal("0.5")))

    assert (charged.discounts, charged.amounts, charged.total) == ((150, 0), (350, -200), 150)


@pytest.mark.parametrize(
    ("amounts", "voucher", "why"),
    [
        (("-200",), Voucher("V", amount=1), "nothing_to_pay"),
        (("200", "-200"), Voucher("V", amount=1), "nothing_to_pay"),
        (("200",), Voucher("V", amount=1, scope=frozenset({"other"})), "out_of_scope"),
        (("200",), Voucher("V", amount=1, minimum_spend=201), "minimum_spend"),
        (("300", "-200"), Voucher("V", amount=1, minimum_spend=101), "minimum_spend"),
        (("4",), Voucher("V", off=Decimal("0.1")), "too_small"),
    ],
)
def test_where_it_does_not_fit_it_says_why(amounts: tuple[str, ...], voucher: Voucher, why: str) -> None:
    with pytest.raises(NotForThis) as refused:
        charge(yen(*amounts), voucher=voucher)
    assert refused.value.why == why


def test_the_minimum_spend_itself_is_enough() -> None:
    assert charge(yen("200"), voucher=Voucher("V", amount=5, minimum_spend=200)).discount_minor == 5


@pytest.mark.parametrize(
    ("off", "said"),
    [
        ({}, "either an amount or a part"),
        ({"amount": 5, "off": Decimal("0.1")}, "either an amount or a part"),
        ({"amount": 0}, "must be above 0, not 0"),
        ({"off": Decimal("1.01")}, "at most 1"),
        ({"off": Decimal(0)}, "above 0"),
        ({"off": Decimal("NaN")}, "above 0"),
        ({"amount": 5, "minimum_spend": -1}, "must not be negative"),
        ({"off": Decimal("0.1"), "at_most": 0}, "must not be negative"),
    ],
)
def test_a_voucher_that_makes_no_sense_is_refused(off: dict[str, object], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        Voucher("V", **off)  # type: ignore[arg-type]


# --- a minimum charge


def test_a_minimum_charge_raises_only_what_is_too_small() -> None:
    assert charge(yen("30", "10"), minimum=100).amounts == (75, 25)
    assert charge(yen("100"), minimum=100).amounts == (100,)
    assert charge(yen("-30"), minimum=100).amounts == (-30,)
    assert charge(yen("30", "-30"), minimum=100).amounts == (30, -30)


def test_a_voucher_is_taken_from_the_minimum_charge() -> None:
    paper = document(yen("30"), ADDED, minimum=100, voucher=Voucher("V", amount=60))

    assert (paper.net, paper.tax, paper.gross) == (40, 4, 44)
    assert (paper.charge.raise_minor, paper.charge.discount_minor) == (70, 60)


def test_a_minimum_charge_is_not_negative() -> None:
    with pytest.raises(BadInput, match="must be 0 or more, not -1"):
        charge(yen("30"), minimum=-1)


# --- what comes back later


def _service(tax: TaxRule, minimum: int = 0) -> PaidService:
    book = Book({"cpu": Decimal(153)}, PUBLISHED, PUBLISHED, tax, minimum)
    return PaidService("USD", SHANGHAI, book, _at("2025-12-01T08:00"), {"cpu": 0})


def test_a_discount_never_comes_back_as_credit() -> None:
    """367.20 less 100 is 267.20, 293.92 with tax. A day later 89 of 91 days are left: 261.33 and its tax, 26.13."""
    lived = _service(ADDED)
    lived.change(_at("2025-09-01"), {"cpu": 1}, [], Fraction(0), Voucher("V", amount=10000))
    lived.check()
    assert lived.paid == 29392
    lived.change(_at("2025-09-02"), {"cpu": 0}, [], Fraction(0))
    lived.check()

    assert lived.returned == 26133 + 2613


def test_what_a_voucher_paid_whole_gives_nothing_back() -> None:
    lived = _service(ADDED)
    lived.change(_at("2025-09-01"), {"cpu": 1}, [], Fraction(0), Voucher("V", off=Decimal(1)))
    lived.change(_at("2025-09-01"), {"cpu": 0}, [], Fraction(0))
    lived.check()

    assert (lived.paid, lived.returned) == (0, 0)


def test_a_voucher_on_a_growth_that_a_reduction_pays_for_leaves_the_value_of_the_reduction() -> None:
    """800 up and 300 down; the voucher pays the 500 that are left. Only what the 300 brought comes back."""
    up = price(
        "2025-09-15",
        "2025-10-15",
        component("a", "0", "800", (), None),
        component("b", "300", "0", (layer("300", "2025-09-16", "2025-10-15", tax="30"),), None),
        currency="JPY",
    )
    paper = document(up, ADDED, voucher=Voucher("V", amount=500))
    funding = fund(up, paper)

    assert (paper.net, paper.gross) == (0, 0)
    assert [(made.name, made.amount, made.tax) for made in funding.layers] == [
        ("a", Decimal(300), Decimal(30))
    ]
    assert funding.returned.total_minor == 0


def test_a_line_that_fails_gives_back_what_was_paid_for_it_less_its_discount() -> None:
    up = yen("600", "300")
    paper = document(up, ADDED, voucher=Voucher("V", amount=300))
    funding = fund(up, paper)

    assert _lines(paper) == [(400, 40, 440), (200, 20, 220)]
    assert funding.reversal({"line 1"}).total_minor == 440
    assert funding.reversal({"line 1", "line 2"}).total_minor == 660


def test_the_rest_of_a_voucher_is_not_carried_to_the_next_change() -> None:
    """0.4 are owed from before and 0.3 are due: together 1 yen, which the voucher pays. The 0.3 it was rounded
    up by are its unused rest: what was owed before is still owed, and nothing more."""
    up = yen("0.3", carry="0.4")
    funding = fund(up, document(up, ADDED, voucher=Voucher("V", amount=1)))

    assert up.carry_out == Decimal("-0.3")
    assert funding.carry_after() == Decimal("0.4")
    assert funding.layers[0].amount == 0


def test_a_charge_raised_to_the_minimum_comes_back_only_by_the_formula() -> None:
    """153 x 91 days at 3 months is 367.20 and was raised to 500: the formula of the next day gives 453.90, the layer
    holds 500 x 89/91."""
    lived = _service(TaxRule(Decimal(0)), minimum=50000)
    lived.change(_at("2025-09-01"), {"cpu": 1}, [], Fraction(0))
    lived.change(_at("2025-09-02"), {"cpu": 0}, [], Fraction(0))
    lived.check()

    assert (lived.paid, lived.returned) == (50000, 45390)


def test_lives_use_vouchers_and_minimum_charges() -> None:
    """The random sequences are no proof if they never meet either."""
    from random import Random

    lives = [play(Random(seed), 12) for seed in range(60)]

    assert sum(life.vouchers for life in lives) > 60
    assert sum(life.raises for life in lives) > 20


@examples(100, 5_000)
@given(st.integers(0, 10**6), st.integers(1, 10**6), st.lists(st.integers(1, 10**5), min_size=1, max_size=5))
def test_discounts_add_up_and_no_line_goes_below_zero(minimum: int, amount: int, amounts: list[int]) -> None:
    charged = charge(yen(*map(str, amounts)), minimum=minimum, voucher=Voucher("V", amount=amount))

    assert charged.total == max(max(sum(amounts), minimum) - amount, 0)
    assert sum(charged.amounts) == charged.total
    assert all(line >= 0 for line in charged.amounts)
