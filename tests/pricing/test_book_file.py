"""A price book as a JSON file: what it says, what it leaves as it is, and one line for what cannot be read."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from prorata.pricing.book_file import read_books
from prorata.pricing.errors import BadInput
from prorata.pricing.tiers import Schedule, Tier

BOOK = {"product": "cloud-vm", "currency": "USD", "rates": {"cpu": "12.50"}}


def test_a_book_says_its_rates_and_no_more_than_it_was_given() -> None:
    (book,) = read_books(json.dumps(BOOK))

    assert (book.product, book.currency, book.tax_included) == ("cloud-vm", "USD", False)
    assert list(book.rates) == ["cpu"]
    assert book.rates["cpu"].monthly(2) == Decimal(25)
    assert (book.schedule, book.keeps_discounts) == (None, True)


def test_discounts_replace_those_in_force_and_an_empty_list_ends_them() -> None:
    (given,) = read_books(json.dumps(BOOK | {"discounts": [{"months": 3, "off": "0.20"}]}))
    (ended,) = read_books(json.dumps(BOOK | {"discounts": [], "tax_included": True}))

    assert (given.schedule, given.keeps_discounts) == (Schedule((Tier(3, Decimal("0.20")),)), False)
    assert (ended.schedule, ended.keeps_discounts, ended.tax_included) == (None, False, True)


@pytest.mark.parametrize(
    ("currency", "said", "minor"), [("USD", "5.25", 525), ("JPY", "500", 500), ("KWD", "0.125", 125)]
)
def test_a_minimum_charge_is_kept_in_minor_units(currency: str, said: str, minor: int) -> None:
    (book,) = read_books(json.dumps(BOOK | {"currency": currency, "minimum_charge": said}))

    assert book.minimum_charge_minor == minor


def test_a_minimum_charge_that_is_not_given_stays() -> None:
    (book,) = read_books(json.dumps(BOOK))

    assert book.minimum_charge_minor is None


def test_a_list_holds_several_books() -> None:
    books = read_books(json.dumps([BOOK, BOOK | {"product": "vps", "currency": "JPY"}]))

    assert [(book.product, book.currency) for book in books] == [("cloud-vm", "USD"), ("vps", "JPY")]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ([], "the list is empty: give one price book or more"),
        (5, "the input must be a JSON object, not 5"),
        ([BOOK, BOOK | {"tax_included": 1}], "[1].tax_included must be true or false, not 1"),
        (BOOK | {"currency": "XXX"}, "unknown currency 'XXX': use an ISO 4217 code such as USD, JPY or KWD"),
        (BOOK | {"rates": {}}, 'rates must be rates by resource, such as {"cpu": "12.50"}, not {}'),
        (BOOK | {"rates": ["1"]}, 'rates must be rates by resource, such as {"cpu": "12.50"}, not ["1"]'),
        (BOOK | {"minimum_charge": "5.255"}, 'minimum_charge must have at most 2 decimals, not "5.255"'),
        (BOOK | {"minimum_charge": "-5"}, 'minimum_charge must be 0 or more, not "-5"'),
        ({"product": "vps"}, "currency is missing: add it"),
        (
            BOOK | {"price": "1"},
            "price is not a known key: use product, currency, tax_included, minimum_charge, rates, discounts",
        ),
    ],
)
def test_a_book_that_cannot_be_read_is_one_line(wrong: object, said: str) -> None:
    with pytest.raises(BadInput) as refused:
        read_books(json.dumps(wrong))

    assert str(refused.value) == said


def test_a_mistake_inside_a_rate_names_its_place() -> None:
    with pytest.raises(BadInput, match=r"^rates\.cpu\.tiered\[0\]"):
        read_books(json.dumps(BOOK | {"rates": {"cpu": {"tiered": [{"unit": "-1"}]}}}))
