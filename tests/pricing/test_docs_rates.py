"""The worked numbers of docs/pricing/rates.md are those of the code."""

from __future__ import annotations

import json
import re
from decimal import Decimal

import pytest

from pricing.test_docs import FOLDER
from prorata.pricing.rates import Rate, rate_from_json

PAGE = (FOLDER / "rates.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| (one price|tiered|volume) \| (.+?) \| (.+) = (\d+) \|$", re.MULTILINE)


def _rate(form: str, written: str) -> Rate:
    """The rate as a file has it: `10`, or `up to 4 = 10, above = 8`."""
    if form == "one price":
        return rate_from_json(written.strip("`"))
    first, rest = re.fullmatch(r"up to (\d+) = (\d+), above = (\d+)", written).groups()[:2], written[-1]
    return rate_from_json({form: [{"up_to": int(first[0]), "unit": first[1]}, {"unit": rest}]})


@pytest.mark.parametrize(("form", "written", "sum_of", "costs"), ROW.findall(PAGE))
def test_the_table_says_what_six_cost(form: str, written: str, sum_of: str, costs: str) -> None:
    products = [[int(n) for n in part.split(" × ")] for part in sum_of.split(" + ")]

    assert _rate(form, written).monthly(6) == Decimal(costs) == sum(a * b for a, b in products)


def test_every_form_with_a_sum_is_in_the_table() -> None:
    assert [row[0] for row in ROW.findall(PAGE)] == ["one price", "tiered", "volume"]


def test_the_fee_and_the_band_that_costs_less() -> None:
    with_fee = {"tiered": [{"up_to": 4, "unit": "10"}, {"unit": "8", "flat": "5"}]}
    cheaper = rate_from_json({"volume": [{"up_to": 9, "unit": "10"}, {"unit": "8"}]})

    assert "4 × 10 + 2 × 8 + 5 = 61" in PAGE
    assert rate_from_json(with_fee).monthly(6) == 61
    assert "nine are 90 and ten are 80" in PAGE
    assert [cheaper.monthly(n) for n in (9, 10)] == [90, 80]


def test_the_forms_of_a_file_are_read() -> None:
    line = next(part for part in PAGE.split("## In files")[1].split("\n\n") if part.strip()).replace(
        "\n", " "
    )
    forms = [text for text in re.findall(r"`(.+?)`", line) if "..." not in text]

    assert len(forms) == 4
    for text in forms:
        rate_from_json(json.loads(text))
