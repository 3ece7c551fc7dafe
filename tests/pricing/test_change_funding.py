"""Who paid what: new layers, credit by purse, reversals and the carry they leave."""

from __future__ import annotations

from decimal import Decimal

import pytest

from pricing.worked import component, layer, mock, price, yen
from prorata.pricing.change import BadInput
from prorata.pricing.funding import NewLayer, Returned, _shortened, fund
from prorata.pricing.tax import DocumentLine, TaxRule, document

JAPANESE = TaxRule(Decimal("0.10"), included=False, rounding="down")
UNTAXED = TaxRule(Decimal(0))


def _layer(name: str, amount: str, tax: str, gifted: str) -> NewLayer:
    return NewLayer(name, Decimal(amount), Decimal(tax), Decimal(gifted))


def test_a_growing_line_leaves_a_layer_with_its_tax_and_its_part_of_the_gift() -> None:
    change = mock()
    funding = fund(change, document(change, JAPANESE), gifted_minor=1000)

    assert funding.layers == (
        _layer("cpu", "3392", "339", "400"),
        _layer("memory", "5088", "509", "600"),
    )
    assert funding.returned == Returned(0, 0)


def test_a_reversed_line_gives_back_its_gross_gifted_to_gifted() -> None:
    change = mock()
    funding = fund(change, document(change, JAPANESE), gifted_minor=1000)

    assert funding.reversal({"memory"}) == Returned(cash_minor=4997, gifted_minor=600)
    assert funding.reversal({"memory"}).lines == (DocumentLine("memory", 5088, 509, 5597),)


def test_reversing_every_line_gives_back_exactly_what_was_paid() -> None:
    change = mock()
    funding = fund(change, document(change, JAPANESE), gifted_minor=1001)

    assert funding.reversal({"cpu", "memory", "backups"}) == Returned(5896, 1001)
    assert funding.carry_after({"cpu", "memory", "backups"}) == 0


def test_growth_reversed_after_its_reductions_gives_back_what_those_brought() -> None:
    """Backups were reduced, nothing grew: 6,897 paid and 2,431 of the backups come back."""
    change = mock()
    funding = fund(change, document(change, JAPANESE), gifted_minor=0)

    assert funding.reversal({"cpu", "memory"}) == Returned(6897 + 2431, 0)
    assert funding.carry_after({"cpu", "memory"}) == Decimal("-0.16393443")


def test_the_carry_of_a_partly_delivered_change_is_that_of_the_lines_kept() -> None:
    change = yen("10.4", "10.4")
    funding = fund(change, document(change, UNTAXED))

    assert [line.amount for line in change.lines] == [11, 10]
    assert funding.carry_after() == Decimal("-0.2")
    assert funding.carry_after({"line 1"}) == Decimal("0.4")
    assert funding.carry_after({"line 2"}) == Decimal("-0.6")


def test_a_credit_goes_to_the_purses_that_paid() -> None:
    """Of 1,000 yen with 100 of tax, 440 were a gift; half of it returns."""
    down = price(
        "2025-09-15",
        "2025-10-15",
        component(
            "i",
            "1000",
            "0",
            (layer("1000", "2025-09-16", "2025-10-15", "1/2", tax="100", gifted="440"),),
            None,
        ),
        currency="JPY",
    )
    funding = fund(down, document(down, JAPANESE))

    assert funding.returned == Returned(cash_minor=330, gifted_minor=220)
    assert funding.layers == ()


def test_a_gift_rounds_down() -> None:
    down = price(
        "2025-09-15",
        "2025-10-15",
        component("i", "10", "0", (layer("10", "2025-09-16", "2025-10-15", gifted="0.99"),), None),
        currency="JPY",
    )
    assert fund(down, document(down, UNTAXED)).returned == Returned(10, 0)


def test_a_gift_moves_with_the_value_it_paid_for() -> None:
    """Down and up for nothing: the gifted part of the old component now stands in the new one."""
    swap = price(
        "2025-09-15",
        "2025-10-15",
        component("up", "0", "100", (), None),
        component("down", "100", "0", (layer("100", "2025-09-16", "2025-10-15", gifted="60"),), None),
        currency="JPY",
    )
    funding = fund(swap, document(swap, UNTAXED))

    assert funding.layers == (_layer("up", "100", "0", "60"),)
    assert funding.reversal({"up"}) == Returned(40, 60)
    assert funding.reversal({"up", "down"}) == Returned(0, 0)


def test_a_net_credit_shares_the_gift_between_what_leaves_and_what_grows() -> None:
    mixed = price(
        "2025-09-15",
        "2025-10-15",
        component("up", "0", "40", (), None),
        component("down", "100", "0", (layer("100", "2025-09-16", "2025-10-15", gifted="50"),), None),
        currency="JPY",
    )
    funding = fund(mixed, document(mixed, UNTAXED))

    assert funding.returned == Returned(30, 30)
    assert funding.layers == (_layer("up", "40", "0", "20"),)


def test_roundings_on_the_page_never_give_back_more_than_was_brought() -> None:
    """Five reductions of 0.6 printed as 1 each would make 5 out of 3: the reversal stops at 3 and the carry
    keeps the rest."""
    change = yen("0.6", "0.6", "0.6", "0.6", "0.6", "-0.6", "-0.6", "-0.6", "-0.6", "-0.6")
    funding = fund(change, document(change, UNTAXED))
    growing = {f"line {number}" for number in range(1, 6)}

    assert [line.amount for line in change.lines] == [1, 1, 1, 1, 1, -1, -1, -1, -1, -1]
    assert funding.reversal(growing) == Returned(3, 0)
    assert sum(line.gross for line in funding.reversal(growing).lines) == 3
    assert funding.carry_after(growing) == 0  # 3 brought, 3 given back
    assert funding.reversal({"line 1"}) == Returned(1, 0)


def test_a_line_that_rounding_printed_below_zero_gives_nothing_back() -> None:
    """An earlier partial delivery left a carry of -0.9, which takes its unit from the smallest line."""
    change = yen("0.1", "5.2", carry="-0.9")
    funding = fund(change, document(change, UNTAXED))

    assert [line.amount for line in change.lines] == [-1, 5]
    assert funding.reversal({"line 1"}) == Returned(0, 0)
    assert funding.carry_after({"line 1"}) == Decimal("0.3")  # 5.2 - 0.9 is 4.3, and 4 were paid


def test_lines_that_fail_one_after_another_give_back_no_more_than_together() -> None:
    change = yen("0.6", "0.6", "0.6", "0.6", "0.6", "-0.6", "-0.6", "-0.6", "-0.6", "-0.6")
    funding = fund(change, document(change, UNTAXED))
    failed: set[str] = set()
    given = 0
    for number in range(1, 6):
        failed.add(f"line {number}")
        more = funding.reversal(failed).total_minor - given
        assert more >= 0
        given += more

    assert given == 3


def test_a_reduction_cannot_be_reversed_alone() -> None:
    change = mock()
    funding = fund(change, document(change, JAPANESE))

    with pytest.raises(ValueError, match="only be reversed together with the whole change"):
        funding.reversal({"backups"})
    with pytest.raises(ValueError, match="no such line in this change: disk"):
        funding.reversal({"disk"})
    assert funding.reversal(set()) == Returned(0, 0)


def test_a_gift_cannot_pay_more_than_is_due() -> None:
    change = mock()
    with pytest.raises(BadInput, match="between 0 and 6897 here, not 6898"):
        fund(change, document(change, JAPANESE), gifted_minor=6898)
    with pytest.raises(BadInput):
        fund(change, document(change, JAPANESE), gifted_minor=-1)


def test_a_reduction_priced_without_layers_cannot_be_funded() -> None:
    down = price("2025-09-02", "2025-12-01", component("i", "218", "65"))
    with pytest.raises(BadInput, match="without paid layers"):
        fund(down, document(down, UNTAXED))


def test_two_lines_of_one_name_cannot_be_funded() -> None:
    change = price("2025-09-02", "2025-12-01", component("i", "1", "2", ()), component("i", "1", "2", ()))
    with pytest.raises(BadInput, match="same name"):
        fund(change, document(change, UNTAXED))


@pytest.mark.parametrize("amounts", [(), ("-500",)])
def test_a_gift_pays_nothing_where_nothing_is_due(amounts: tuple[str, ...]) -> None:
    change = yen(*amounts)
    with pytest.raises(BadInput, match="between 0 and 0 here, not 1"):
        fund(change, document(change, UNTAXED), gifted_minor=1)


def test_what_is_kept_back_is_taken_from_the_largest_line_first() -> None:
    lines = (
        DocumentLine("small", 10, 1, 11),
        DocumentLine("large", 100, 10, 110),
        DocumentLine("below", -1, 0, -1),
    )

    assert _shortened(lines, 0) == lines
    assert _shortened(lines, 3) == (lines[0], DocumentLine("large", 97, 10, 107), lines[2])
    assert _shortened(lines, 112) == (
        DocumentLine("small", 8, 1, 9),
        DocumentLine("large", 0, 0, 0),
        lines[2],
    )
