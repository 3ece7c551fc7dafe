"""The worked numbers in docs/pricing are run: every `quote` block must give the `answer` block that follows it."""

from __future__ import annotations

import io
import json
import re
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from pricing.worked import PUBLISHED
from prorata.pricing.quote_command import main
from prorata.pricing.rebuy import rebuy_credit
from prorata.pricing.renewal import renewal_minor

FOLDER = Path(__file__).parents[2] / "docs" / "pricing"
PAGES = {
    "calendar-months.md": 7,
    "month-rules.md": 5,
    "period-rules.md": 4,
    "credit.md": 5,
    "rates.md": 2,
    "terms.md": 3,
    "known-mistakes.md": 0,
}
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def _blocks(page: str) -> list[tuple[str, str]]:
    return BLOCK.findall((FOLDER / page).read_text(encoding="utf-8"))


def _examples() -> list[Any]:
    found = []
    for page in PAGES:
        blocks = _blocks(page)
        quotes = [text for kind, text in blocks if kind == "quote"]
        answers = [text for kind, text in blocks if kind == "answer"]
        found += [
            pytest.param(quote, answer, id=f"{page}-{number}")
            for number, (quote, answer) in enumerate(zip(quotes, answers, strict=True), start=1)
        ]
    return found


@pytest.mark.parametrize(("quote", "answer"), _examples())
def test_the_page_says_what_the_command_says(quote: str, answer: str) -> None:
    stdout, stderr = io.StringIO(), io.StringIO()

    assert main(["-"], io.StringIO(quote), stdout, stderr) == 0, stderr.getvalue()
    said, promised = json.loads(stdout.getvalue()), json.loads(answer)
    assert {key: said[key] for key in promised} == promised


def test_every_page_is_run() -> None:
    elsewhere = {"vouchers.md", "rates.md"}  # run by test_docs_vouchers and test_docs_rates
    assert {page.name for page in FOLDER.glob("*.md")} == set(PAGES) | elsewhere


def test_the_sums_of_a_rebuy_on_the_page_are_those_of_the_function() -> None:
    sums = re.findall(r"^    (915\.92 .*) = (.*)$", (FOLDER / "credit.md").read_text("utf-8"), re.MULTILINE)

    assert len(sums) == 2
    for printed, credit in sums:
        paid, *used, anew = map(Fraction, printed.split(" − "))
        assert rebuy_credit(paid, sum(used, Fraction(0)), anew) == Fraction(credit)


def test_the_sums_of_a_term_on_the_page_are_what_it_costs() -> None:
    sums = re.findall(
        r"^    (\d+) × (\d+) × [\d.]+ = (\d+)$", (FOLDER / "terms.md").read_text("utf-8"), re.MULTILINE
    )

    assert len(sums) == 3
    for monthly, months, total in sums:
        assert renewal_minor(Decimal(monthly), int(months), PUBLISHED, "JPY") == int(total)


def test_the_page_of_known_mistakes_names_tests_that_exist_and_every_one_of_them() -> None:
    page, tests = (FOLDER / "known-mistakes.md").read_text("utf-8"), FOLDER.parents[1] / "tests"
    here = (tests / "pricing" / "test_known_mistakes.py").read_text("utf-8")
    files = {
        name: (FOLDER.parents[1] / name).read_text("utf-8") for name in re.findall(r"`(tests/\S+\.py)`", page)
    }
    named = re.findall(r"`(test_\w+)`", page)

    assert set(re.findall(r"^def (test_b\d+_\w+)", here, re.MULTILINE)) == {
        n for n in named if n.startswith("test_b")
    }
    assert all(any(f"def {name}(" in text for text in files.values()) for name in named)


@pytest.mark.parametrize(("page", "examples"), PAGES.items())
def test_no_example_is_overlooked(page: str, examples: int) -> None:
    kinds = [kind for kind, _ in _blocks(page)]

    assert kinds == ["quote", "answer"] * examples
    assert (FOLDER / page).read_text(encoding="utf-8").count("```") == 4 * examples
