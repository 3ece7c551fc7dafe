"""Tax numbers by country: what is right is brought to one form, what is wrong is refused in one sentence."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from stdnum import get_cc_module

from prorata.customers.models import Customer
from prorata.customers.tax_numbers import ELSEWHERE, EU, WrongTaxNumber, normal_tax_number
from prorata.invoices.models import Seller
from support.forms import problems, send, words


@pytest.mark.parametrize(
    ("country", "typed", "kept"),
    [
        ("DE", " de 136,695 976 ", "DE136695976"),
        ("DE", "136695976", "DE136695976"),
        ("AT", "U13585627", "ATU13585627"),
        ("GR", "GR 094259216", "EL094259216"),
        ("FR", "Fr 40 303 265 045", "FR40303265045"),
        ("GB", "980 7806 84", "GB980780684"),
        ("CH", "CHE-107.787.577 IVA", "CHE107787577IVA"),
        ("NO", "NO 995 525 828 MVA", "995525828MVA"),
        ("AU", "83 914 571 673", "83914571673"),
        ("CN", "91110000600037341L", "91110000600037341L"),
        ("JP", "t5835678256246", "T5835678256246"),
        ("JP", "T 1234 5678 9012 3", "T1234567890123"),  # a sole proprietor's: no check digit is published
        ("JP", "5-8356-7825-6246", "5835678256246"),
        ("US", " 12-3456789 ", "12-3456789"),  # not known here: kept as typed
        ("", "anything", "anything"),
        ("DE", "  ", ""),
    ],
)
def test_a_right_number_has_one_form(country: str, typed: str, kept: str) -> None:
    assert normal_tax_number(typed, country) == kept
    assert normal_tax_number(kept, country) == kept, "and saving it again changes nothing"


@pytest.mark.parametrize(
    ("country", "typed", "why"),
    [
        ("DE", "136695977", "a digit is mistyped."),
        ("DE", "12345", "it is too short or too long."),
        ("DE", "ATU13585627", "its letters and digits are not arranged like that."),
        ("JP", "T123456789012", "it is too short or too long."),
        ("JP", "T12345678901AB", "its letters and digits are not arranged like that."),
        ("JP", "1234567890123", "a digit is mistyped."),
        ("AU", "99 999 999 999", "a digit is mistyped."),
    ],
)
def test_a_wrong_number_is_one_clear_sentence(country: str, typed: str, why: str) -> None:
    with pytest.raises(WrongTaxNumber) as wrong:
        normal_tax_number(typed, country)
    assert str(wrong.value) == (
        f"{typed} is not a tax number of {country}: {why} Correct it, or leave it empty."
    )


def test_every_country_of_the_map_is_known_to_the_library() -> None:
    for country in EU:
        assert get_cc_module(country.lower(), "vat") is not None, country
    for country, name in ELSEWHERE.items():
        assert get_cc_module(country.lower(), name) is not None, country
    assert len(EU) == 27


CUSTOMER = {
    "name": "Blumen Krause", "email": "office@example.com", "country": "de", "tax_number": "136 695 976",
    "person_name": "Eva Krause", "person_email": "eva@example.com", "role": "owner", "sign_in": "password",
    "first_password": "blue-heron-42",
}  # fmt: skip


def test_the_customers_form_keeps_the_number_in_one_form(staff: Client) -> None:
    answer = send(staff, reverse("admin:customers_customer_add"), **CUSTOMER)
    assert answer.status_code == 302, problems(answer)
    customer = Customer.objects.get()
    assert (customer.country, customer.tax_number) == ("DE", "DE136695976")
    address = reverse("admin:customers_customer_change", args=[customer.pk])
    wrong = send(staff, address, tax_number="DE136695977")
    assert "DE136695977 is not a tax number of DE: a digit is mistyped." in words(wrong)
    assert send(staff, address, country="UK", tax_number="").status_code == 200, "GB is meant"
    assert send(staff, address, country="US", tax_number="12-3456789").status_code == 302
    customer.refresh_from_db()
    assert (customer.country, customer.tax_number) == ("US", "12-3456789")


def test_the_sellers_form_asks_for_the_country_of_a_number(staff: Client) -> None:
    facts = {"name": "Bestnet", "code": "bestnet", "zone": "Asia/Tokyo", "tax_number": "T5835678256246"}
    without = send(staff, reverse("admin:invoices_seller_add"), **facts)
    assert "Write the country, so that the tax number can be checked." in words(without)
    made = send(staff, reverse("admin:invoices_seller_add"), **facts, country="jp")
    assert made.status_code == 302, problems(made)
    seller = Seller.objects.get()
    assert (seller.country, seller.tax_number) == ("JP", "T5835678256246")
