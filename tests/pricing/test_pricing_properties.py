"""What holds for every price under every rule: sums, order, carry."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from random import Random
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from pricing.drawn import Drawn
from pricing.random_books import FIRST, NAMES, gifted
from pricing.sizes import examples
from prorata.pricing.change import Component
from prorata.pricing.explain import plain_english, steps
from prorata.pricing.funding import fund
from prorata.pricing.money import half_up
from prorata.pricing.tax import document

RANDOM = st.randoms(use_true_random=False)


@examples(250, 100_000)
@given(RANDOM)
def test_lines_add_up_to_every_total(rng: Random) -> None:
    drawn = Drawn(rng)
    price = drawn.price([drawn.component(name) for name in NAMES[: rng.randint(0, 5)]])
    paper = document(price, drawn.book.tax)
    funding = fund(price, paper, gifted_minor=int(max(paper.gross, 0) * gifted(rng)))
    unit = 10**drawn.digits

    assert sum(line.amount for line in price.lines) == price.total
    assert sum(Fraction(line.exact) for line in price.lines) == Fraction(price.exact)
    assert Fraction(price.exact) + Fraction(price.carry_in) == Fraction(price.total, unit) + Fraction(
        price.carry_out
    )
    for what in ("net", "tax", "gross"):
        assert sum(getattr(line, what) for line in paper.lines) == getattr(paper, what)
    assert all(line.net + line.tax == line.gross for line in paper.lines)
    assert price.total == (paper.gross if drawn.book.tax.included else paper.net)
    assert funding.returned.total_minor == max(-paper.gross, 0)
    assert funding.returned.cash_minor >= 0
    everything = funding.reversal({line.name for line in price.lines})
    assert everything.total_minor == max(paper.gross, 0)
    for layer in funding.layers:
        assert layer.tax >= 0
        assert 0 <= layer.gifted <= layer.amount + layer.tax + Decimal(1).scaleb(-drawn.digits)


@examples(250, 100_000)
@given(RANDOM)
def test_a_price_is_rounded_to_minor_units_once(rng: Random) -> None:
    """Only the sum, carry included; before that each line is kept to 8 decimals, and nothing else is rounded."""
    drawn = Drawn(rng)
    price = drawn.price([drawn.component(name) for name in NAMES[: rng.randint(1, 5)]])
    counted = [line.formula if line.cap is None else max(line.formula, -line.cap) for line in price.lines]

    assert [Fraction(line.exact) * 10**8 for line in price.lines] == [
        round(exact * 10**8) for exact in counted
    ]
    unrounded = sum((Fraction(line.exact) for line in price.lines), Fraction(drawn.carry)) * 10**drawn.digits
    assert price.total == half_up(unrounded)
    assert abs(Fraction(price.carry_out)) * 10**drawn.digits <= Fraction(1, 2)
    assert all(abs(line.amount - Fraction(line.exact) * 10**drawn.digits) < 2 for line in price.lines)


@examples(250, 100_000)
@given(RANDOM)
def test_a_line_is_never_below_its_cap(rng: Random) -> None:
    drawn = Drawn(rng)
    line = drawn.price([drawn.component("i")]).lines[0]

    assert line.cap is not None
    assert Fraction(line.exact) >= -line.cap - Fraction(1, 2 * 10**8)
    assert Fraction(line.exact) >= line.formula - Fraction(1, 2 * 10**8)


@examples(250, 100_000)
@given(RANDOM)
def test_a_credit_returns_no_more_tax_and_gifts_than_its_layers_bore(rng: Random) -> None:
    drawn = Drawn(rng)
    price = drawn.price([drawn.component(name) for name in NAMES[: rng.randint(1, 5)]])
    paper = document(price, drawn.book.tax)
    back = fund(price, paper).returned
    if paper.gross >= 0:
        return
    taken = [
        (layer, layer.fraction(price.time_left.day))
        for line in price.lines
        if line.exact < 0
        for layer in line.component.layers or ()
    ]
    unit = 10**drawn.digits

    assert -paper.tax <= sum((Fraction(layer.tax) * part for layer, part in taken), Fraction(0)) * unit
    assert (
        back.gifted_minor <= sum((Fraction(layer.gifted) * part for layer, part in taken), Fraction(0)) * unit
    )


@examples(250, 100_000)
@given(RANDOM)
def test_two_independent_changes_cost_the_same_in_either_order(rng: Random) -> None:
    """At one instant, on different components, before tax: exactly the same in sum, unless their exact sum
    with the carry ends on half a minor unit, which either order may round its own way; then they differ by
    that one unit. One change of both costs what one of the orders costs."""
    drawn = Drawn(rng)
    one, other = drawn.component("one"), drawn.component("other")

    def in_turn(first: Component, second: Component) -> tuple[int, Fraction]:
        begun = drawn.price([first])
        ended = drawn.price([second], begun.carry_out)
        exact = Fraction(begun.exact) + Fraction(ended.exact) + Fraction(drawn.carry)
        return begun.total + ended.total, exact * 10**drawn.digits

    forth, exact = in_turn(one, other)
    back, _ = in_turn(other, one)
    at_once = drawn.price([one, other]).total

    if (exact * 2).denominator == 1 and exact.denominator == 2:
        assert abs(forth - back) <= 1
        assert abs(at_once - forth) <= 1
    else:
        assert forth == back == at_once == half_up(exact)


def test_the_order_matters_by_one_yen_when_half_a_yen_is_left() -> None:
    def in_turn(*amounts: tuple[str, str]) -> int:
        drawn = Drawn(Random(1))
        drawn.at, drawn.ends_at = FIRST, FIRST + timedelta(days=31)
        drawn.zone, drawn.currency, drawn.rule = ZoneInfo("UTC"), "JPY", "calendar-months"
        carry, total = Decimal(0), 0
        for old, new in amounts:
            price = drawn.price([Component("i", Decimal(old), Decimal(new))], carry)
            carry, total = price.carry_out, total + price.total
        return total

    assert in_turn(("0.5", "0"), ("0", "1")) == 1
    assert in_turn(("0", "1"), ("0.5", "0")) == 0


@examples(250, 100_000)
@given(RANDOM)
def test_the_tax_of_two_upgrades_differs_by_at_most_one_unit_by_their_order(rng: Random) -> None:
    """Tax is rounded once per document, and two changes are two documents."""
    drawn = Drawn(rng)
    one, other = drawn.growing("one"), drawn.growing("other")

    def in_turn(first: Component, second: Component) -> tuple[int, int]:
        begun = drawn.price([first])
        ended = drawn.price([second], begun.carry_out)
        papers = [document(price, drawn.book.tax) for price in (begun, ended)]
        return begun.total + ended.total, sum(paper.tax for paper in papers if paper.gross > 0)

    (forth, tax_forth), (back, tax_back) = in_turn(one, other), in_turn(other, one)
    if forth == back:
        assert abs(tax_forth - tax_back) <= 1


@examples(60, 5_000)
@given(RANDOM, st.integers(1, 40))
def test_the_carry_keeps_any_number_of_changes_within_half_a_unit_of_the_exact_sum(
    rng: Random, count: int
) -> None:
    drawn = Drawn(rng)
    carry, exact, charged = Decimal(0), Fraction(0), 0
    for _ in range(count):
        price = drawn.price([drawn.component(name) for name in NAMES[: rng.randint(1, 3)]], carry)
        carry, exact, charged = price.carry_out, exact + Fraction(price.exact), charged + price.total

    assert abs(exact * 10**drawn.digits - charged) <= Fraction(1, 2)


@examples(150, 20_000)
@given(RANDOM)
def test_every_price_explains_itself(rng: Random) -> None:
    drawn = Drawn(rng)
    price = drawn.price([drawn.component(name) for name in NAMES[: rng.randint(0, 5)]])
    tax = drawn.book.tax

    for step in steps(price, document=document(price, tax), tax=tax):
        assert plain_english(step).count("\n") == 0


@examples(150, 20_000)
@given(RANDOM)
def test_a_price_is_a_function_of_its_inputs_alone(rng: Random) -> None:
    drawn = Drawn(rng)
    components = [drawn.component(name) for name in NAMES[: rng.randint(0, 5)]]

    assert drawn.price(components) == drawn.price(components)
