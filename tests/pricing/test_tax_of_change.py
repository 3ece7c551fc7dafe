"""Tax once per document, and on the lines it adds up to."""

from __future__ import annotations

from decimal import Decimal

import pytest

from pricing.worked import component, layer, mock, price, yen
from prorata.pricing.change import BadInput
from prorata.pricing.tax import Document, DocumentLine, TaxRule, document

JAPANESE = TaxRule(Decimal("0.10"), included=False, rounding="down")


def _lines(paper: Document) -> list[tuple[int, int, int]]:
    return [(line.net, line.tax, line.gross) for line in paper.lines]


def test_the_sketch_is_taxed_once_on_6270() -> None:
    paper = document(mock(), JAPANESE)

    assert (paper.net, paper.tax, paper.gross) == (6270, 627, 6897)
    # Backups take back 221.02 of the 378 yen of tax they had borne; CPU and memory take that over.
    assert _lines(paper) == [(3392, 339, 3731), (5088, 509, 5597), (-2210, -221, -2431)]


@pytest.mark.parametrize(("rounding", "tax"), [("down", 1), ("half_up", 2), ("up", 2)])
def test_the_seller_says_how_tax_rounds(rounding: str, tax: int) -> None:
    assert document(yen("15"), TaxRule(Decimal("0.10"), False, rounding)).tax == tax


def test_half_up_rounds_a_small_tax_down_and_up_rounds_it_up() -> None:
    assert document(yen("14"), TaxRule(Decimal("0.10"), False, "half_up")).tax == 1
    assert document(yen("14"), TaxRule(Decimal("0.10"), False, "up")).tax == 2


def test_included_tax_is_taken_out_of_the_rounded_total() -> None:
    paper = document(yen("550", "550"), TaxRule(Decimal("0.10"), included=True))

    assert (paper.net, paper.tax, paper.gross) == (1000, 100, 1100)
    assert _lines(paper) == [(500, 50, 550), (500, 50, 550)]


def test_tax_is_rounded_once_not_per_line() -> None:
    paper = document(yen("5", "5", "5"), JAPANESE)

    assert paper.tax == 1
    assert _lines(paper) == [(5, 1, 6), (5, 0, 5), (5, 0, 5)]


def _reduction(tax: str, at: str = "2025-09-02") -> Document:
    """367.20 was paid for 91 days and is given back a day later; `tax` was charged on it."""
    down = price(
        at,
        "2025-12-01T08:00",
        component("i", "218", "65", (layer("367.20", "2025-09-01", "2025-12-01", tax=tax),)),
    )
    return document(down, TaxRule(Decimal("0.10"), included=False))


def test_a_credit_returns_the_same_share_of_the_tax_that_was_charged() -> None:
    paper = _reduction("36.72")

    assert (paper.net, paper.tax, paper.gross, paper.included) == (-35913, -3591, -39504, False)
    assert paper.lines == (DocumentLine("i", -35913, -3591, -39504),)


def test_where_no_tax_was_charged_none_returns() -> None:
    assert _reduction("0").tax == 0


def test_tax_returns_at_the_rate_of_its_day_not_of_today() -> None:
    assert _reduction("73.44").tax == -7182  # it was 20 per cent when it was paid


def test_where_less_than_the_cap_returns_the_tax_returns_in_the_same_part() -> None:
    """The formula gives 453.90 of 890 that could come back, so 453.90/890 of the unused tax."""
    down = price(
        "2025-09-02",
        "2025-12-01",
        component("i", "218", "65", (layer("910", "2025-09-01", "2025-12-01", tax="91"),)),
    )
    assert document(down, JAPANESE).tax == -4539


def test_dust_in_the_eighth_decimal_brings_no_tax_along() -> None:
    """0.6 of the last decimal is kept as one whole, which is more than the cap; its tax is 3 of 10 all the same."""
    down = price(
        "2025-09-08",
        "2025-10-08",
        component("i", "1", "0", (layer("0.00000002", "2025-09-02", "2025-09-12", tax="10"),), None),
        currency="JPY",
        carry="-0.49999999",
    )

    assert down.exact == Decimal("-0.00000001")
    assert (down.total, document(down, JAPANESE).tax) == (-1, -3)


def test_without_layers_the_rule_alone_taxes_a_credit() -> None:
    down = price("2025-09-02", "2025-12-01", component("i", "218", "65"))

    assert document(down, TaxRule(Decimal("0.10"), included=False)).tax == -4539


def test_a_change_that_costs_nothing_has_no_tax_but_moves_what_was_borne() -> None:
    swap = price(
        "2025-09-15",
        "2025-10-15",
        component("up", "0", "100", (), None),
        component("down", "100", "0", (layer("200", "2025-09-16", "2025-10-15", "1/2", tax="20"),), None),
    )
    paper = document(swap, TaxRule(Decimal("0.10"), included=False))

    assert (paper.net, paper.tax, paper.gross) == (0, 0, 0)
    assert _lines(paper) == [(10000, 1000, 11000), (-10000, -1000, -11000)]


def test_tax_that_has_no_line_to_leave_from_stays() -> None:
    """0.4 yen with 5 of tax is printed as 0, so there is nothing on the page its tax could be taken from."""
    change = price(
        "2025-09-15",
        "2025-10-15",
        component("up", "0", "1", (), None),
        component("down", "0.4", "0", (layer("0.4", "2025-09-16", "2025-10-15", tax="5"),), None),
        currency="JPY",
    )

    assert _lines(document(change, JAPANESE)) == [(1, 0, 1), (0, 0, 0)]


def test_a_unit_that_only_the_carry_charges_is_taxed() -> None:
    assert _lines(document(yen("0", carry="0.5"), TaxRule(Decimal("1.00")))) == [(1, 1, 2)]


def test_a_net_credit_moves_the_tax_of_what_grows() -> None:
    """100 returned, 40 of it taken over by what grows: 6 of the 10 of tax leave."""
    mixed = price(
        "2025-09-15",
        "2025-10-15",
        component("up", "0", "40", (), None),
        component("down", "100", "0", (layer("100", "2025-09-16", "2025-10-15", tax="10"),), None),
    )
    paper = document(mixed, TaxRule(Decimal("0.10"), included=False))

    assert (paper.net, paper.tax, paper.gross) == (-6000, -600, -6600)
    assert _lines(paper) == [(4000, 400, 4400), (-10000, -1000, -11000)]


@pytest.mark.parametrize(("rate", "rounding"), [("-0.1", "down"), ("NaN", "down"), ("0.1", "sideways")])
def test_impossible_tax_rules_are_refused(rate: str, rounding: str) -> None:
    with pytest.raises(BadInput):
        TaxRule(Decimal(rate), False, rounding)


def test_tax_on_what_only_the_carry_makes_due_stands_on_the_line_that_shows_it() -> None:
    """Neither line grows; half a yen of an earlier change makes one yen due, shown on the first."""
    kept = [component(name, "5", "5", (), None) for name in ("one", "other")]
    change = price("2025-09-15", "2025-10-15", *kept, currency="JPY", carry="0.5")

    assert _lines(document(change, TaxRule(Decimal(2)))) == [(1, 2, 3), (0, 0, 0)]
