"""A CSV file that opens in a spreadsheet as it was written."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prorata.spreadsheet import FORMULA, csv_lines


def read(rows: list[list[object]]) -> list[list[str]]:
    text = b"".join(csv_lines(rows)).decode("utf-8-sig")  # type: ignore[arg-type]
    return list(csv.reader(io.StringIO(text, newline="")))


@pytest.mark.parametrize("sign", [*FORMULA, "\t", "\r", "\n", " =", "\u00a0-"])
def test_a_text_that_looks_like_a_formula_is_marked_as_text(sign: str) -> None:
    assert read([[f"{sign}1+1"]]) == [[f"'{sign}1+1"]]


def test_numbers_stay_numbers_and_letters_stay_themselves() -> None:
    rows: list[list[object]] = [[-1500, Decimal("-0.10"), Decimal("1E+3"), None, "\u2212300", '田中, "x"\ny']]
    assert read(rows) == [["-1500", "-0.10", "1000", "", "\u2212300", '田中, "x"\ny']]
    assert b"".join(csv_lines([["a"], ["b"]])) == b"\xef\xbb\xbfa\r\nb\r\n"


@given(st.lists(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1), min_size=1))
def test_no_cell_begins_as_a_formula_and_nothing_is_lost(rows: list[list[str]]) -> None:
    found = read([list(row) for row in rows])
    assert len(found) == len(rows)
    for row, back in zip(rows, found, strict=True):
        assert [cell.removeprefix("'") for cell in back] == [cell.removeprefix("'") for cell in row]
        assert not any(cell.lstrip().startswith(FORMULA) for cell in back)
