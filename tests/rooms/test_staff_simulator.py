"""The desk's simulator: what it asks, what it shows, who sees whom, and how large it may get."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import Settings

from prorata import clock as business
from prorata.catalog.models import PriceBook, Product, Rate
from prorata.changes.simulate.outcome import Amounts, InCurrency, Party
from prorata.clock import HandClock
from prorata.customers.models import Customer, User
from prorata.staff import simulator_view
from prorata.staff.sidebar import navigation
from prorata.staff.simulator_tables import tables
from support.forms import form_of, problems, send, words
from support.sold import provider, services
from support.world import clear_caches

FILE = {
    "product": "turbo-host",
    "currency": "EUR",
    "rates": {"cpu": "12", "support": {"options": {"mail": "1"}}},
}


@pytest.fixture(autouse=True)
def _now(db: None, clock: HandClock) -> None:
    clear_caches()
    clock.move_to(datetime.fromisoformat("2026-06-01T08:00+00:00"))


@pytest.fixture
def page() -> str:
    return reverse("admin:catalog_pricebook_simulator")


def asked(staff: Client, page: str, product: Product, file: object = None, **typed: Any) -> HttpResponse:
    fields = {name: values[0] for name, values in form_of(staff.get(page)).items() if values}
    fields |= {"product": product.pk, "currency": "EUR", **typed}
    if file is not None:
        text = file if isinstance(file, bytes) else json.dumps(file).encode()
        fields["file"] = SimpleUploadedFile("book.json", text)
    return staff.post(page, fields)


def test_without_a_price_book_there_is_nothing_to_compare_with(staff: Client, page: str) -> None:
    said = words(staff.get(page))
    assert "There is no price book yet, so there is nothing to compare with. Add the first price book" in said
    assert "Compare" not in said.partition("price book yet")[2]


def test_without_services_there_is_nothing_to_compare(staff: Client, page: str) -> None:
    product = provider()
    said = words(asked(staff, page, product, per_cent="5"))
    assert "Nothing to compare: no active service and no change of last month is concerned." in said
    assert "Download as CSV" not in said


def test_a_percentage(staff: Client, page: str) -> None:
    """Threads 1, 2 and 3 at 10 a month are 60.00; 12.5 % more are 67.50. Ada has the first and the third."""
    product = provider()
    services(product, 3, customers=2)
    Customer.objects.filter(name="Customer 00000").update(name="Ada")
    answer = asked(staff, page, product, per_cent="12.5")
    said = words(answer)

    assert answer.status_code == 200, problems(answer)
    assert "EUR" in said
    assert (
        "Renewals 3 60.00 67.50 +7.50 Changes of last month 0 0.00 0.00 0.00 Together 3 60.00 67.50 +7.50"
        in said
    )
    assert "TURBO-HOST 3 60.00 67.50 +7.50" in said
    assert "Who would pay less Name Count Now Then Difference Nobody" in said
    assert (
        "Who would pay more Name Count Now Then Difference Ada 2 40.00 45.00 +5.00 Customer 00001 1 20.00 22.50 +2.50"
        in said
    )
    assert "style=" not in answer.content.decode().partition('id="answer"')[2].partition("</section>")[0]


def test_a_version_that_has_not_started(staff: Client, page: str) -> None:
    product = provider()
    services(product, 2)
    later = PriceBook.objects.create(
        product=product, currency="EUR", version=2, starts_at=business.now() + timedelta(days=90)
    )
    for rate in Rate.objects.filter(price_book__version=1):
        Rate.objects.create(
            price_book=later, resource_type=rate.resource_type, option=rate.option, monthly=rate.monthly + 5
        )
    answer = asked(staff, page, product, prices="version", version=later.pk)

    assert "Renewals 2 30.00 55.00 +25.00" in words(answer), problems(answer)


def test_campaigns_are_no_price_lists(staff: Client, page: str) -> None:
    product = provider()
    PriceBook.objects.create(
        product=product, currency="CHF", campaign=True, starts_at=business.now(), ends_at=business.now() + timedelta(days=9)
    )  # fmt: skip
    body = staff.get(page).content.decode()
    assert "TURBO-HOST EUR v1" in body
    assert "TURBO-HOST CHF" not in body


def test_a_file_and_the_same_again_without_it(staff: Client, page: str) -> None:
    product = provider()
    services(product, 2)
    answer = asked(staff, page, product, FILE, prices="file")
    assert "Renewals 2 30.00 38.00 +8.00" in words(answer), problems(answer)
    assert "book.json is kept: without another file it is used again." in words(answer)

    fields = {name: values[0] for name, values in form_of(answer).items() if values and name != "csv"}
    assert "Renewals 2 30.00 38.00 +8.00" in words(staff.post(page, fields | {"rule": "calendar-sum"}))


def test_a_rule_alone(staff: Client, page: str) -> None:
    product = provider()
    services(product, 1)
    said = words(asked(staff, page, product, prices="same", rule="average-months"))
    assert "Renewals 1 10.00 10.00 0.00" in said


@pytest.mark.parametrize(
    ("typed", "file", "problem"),
    [
        ({"prices": "same"}, None, "Choose another rule, or other prices: else nothing is different."),
        ({"per_cent": ""}, None, "Say by how many per cent."),
        ({"per_cent": "-101"}, None, "Prices cannot fall by more than 100 per cent."),
        ({"per_cent": "ten"}, None, "Enter a number."),
        ({"prices": "version"}, None, "Choose a version of TURBO-HOST in EUR."),
        ({"prices": "file"}, None, "Choose a file."),
        ({"prices": "file"}, b"{", "book.json: the input is not one JSON object: Expecting property name"),
        ({"prices": "file"}, b"\xff\xfe", "The file is not UTF-8 text: save it as UTF-8."),
        ({"prices": "file"}, b" " * 1_000_001, "The file is larger than 1 MB: a price book is a page of text."),
        ({"prices": "file"}, FILE | {"product": "x"}, "book.json: product 'x' is not sold here: use turbo-host."),
        ({"prices": "file"}, FILE | {"currency": "USD"}, "book.json has prices in USD: choose that currency"),
        ({"prices": "file"}, FILE | {"rates": {"cpu": "1"}}, "book.json has no price for support mail, which service-00000"),
        ({"currency": "GBP"}, None, "Select a valid choice."),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_said_in_words(
    typed: dict[str, str], file: Any, problem: str, staff: Client, page: str
) -> None:
    product = provider()
    services(product, 1)
    answer = asked(staff, page, product, file, **typed)

    assert answer.status_code == 200
    assert problem in words(answer)
    assert 'id="answer"' not in answer.content.decode()


def test_the_csv_has_every_product_and_customer(staff: Client, page: str) -> None:
    product = provider()
    services(product, 120, customers=60)
    Customer.objects.filter(name="Customer 00007").update(name="=HYPERLINK(1)")
    answer = asked(staff, page, product, per_cent="10")
    assert "The 50 of 60 customers whose amounts change most. All of them are in the CSV." in words(answer)
    kept = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', answer.content.decode()))
    sheet = staff.post(page, kept | {"csv": "1"})

    assert sheet["Content-Type"] == "text/csv; charset=utf-8"
    assert sheet["Content-Disposition"] == 'attachment; filename="simulation-2026-06-01.csv"'
    rows = list(csv.DictReader(io.StringIO(sheet.content.decode("utf-8-sig"))))
    assert [row["Kind"] for row in rows] == ["Product", *["Customer"] * 60]
    assert (
        sum(Decimal(row["Together now"]) for row in rows[1:])
        == Decimal(rows[0]["Together now"])
        == Decimal("5400.00")
    )
    assert rows[0]["Renewals then"] == "5940.00"
    assert [row["Name"] for row in rows if "HYPERLINK" in row["Name"]] == ["'=HYPERLINK(1)"]


def test_customers_are_for_those_who_may_see_customers(page: str) -> None:
    product = provider()
    services(product, 2)
    client = Client()
    seller = User.objects.create_user("seller@example.com", "a-long-password", is_staff=True)
    client.force_login(seller)
    assert client.get(page).status_code == 403

    seller.user_permissions.add(Permission.objects.get(codename="view_pricebook"))
    said = words(asked(client, page, product, per_cent="10"))
    assert "TURBO-HOST 2 30.00 33.00 +3.00" in said
    assert "Customers are shown to staff who may see customers." in said
    assert "Customer 0000" not in said
    sheet = asked(client, page, product, per_cent="10", csv="1").content.decode()
    assert ",Product," in sheet
    assert ",Customer," not in sheet


def test_ten_thousand_services_cost_no_more_statements_than_one(staff: Client, page: str) -> None:
    product = provider()
    services(product, 1)

    def statements() -> int:
        clear_caches()
        with CaptureQueriesContext(connection) as captured:
            answer = asked(staff, page, product, per_cent="10")
        assert answer.status_code == 200
        return len(captured)

    few = statements()
    services(product, 9_999, customers=1)
    assert statements() == few


def test_more_services_than_a_page_can_answer(
    staff: Client, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulator_view, "MOST_SERVICES", 2)
    product = provider()
    services(product, 3)
    said = words(asked(staff, page, product, per_cent="10"))
    assert "More than 2 services are too many for a page. Type: prorata simulate --help" in said


def test_it_stands_in_the_sidebar_under_catalog(rf: RequestFactory, staff: Client, page: str) -> None:
    """And only it is marked there, not the price books whose address its own begins with."""

    def marked(address: str) -> list[str]:
        request = rf.get(address)
        request.user = User.objects.get(email="ken@example.com")
        catalog = next(group for group in navigation(request) if group["title"] == "Catalog")
        assert "Simulator" in [item["title"] for item in catalog["items"]]
        return [str(item["title"]) for item in catalog["items"] if item["active"]]

    assert marked(page) == ["Simulator"]
    assert marked(reverse("admin:catalog_pricebook_changelist")) == ["Price books"]


def test_bars_begin_at_zero_and_credits_go_the_other_way() -> None:
    """300 now and -100 then: four hundredths of the chart, a quarter of it left of zero."""
    amounts = Amounts(1, 30_000, -10_000)
    party = Party(1, "Ada", Amounts(), amounts)
    shown = tables(InCurrency("EUR", Amounts(), amounts, (party,), (party,)))

    assert shown.zero == 250
    assert [(bar.x, bar.width) for bar in shown.sums[1].bars] == [(250, 750), (0, 250)]
    assert [(bar.x, bar.width) for bar in shown.sums[0].bars] == [(250, 0), (250, 0)]
    assert (shown.less[0].difference, shown.less[0].sign, shown.more) == ("-400.00", "less", ())


def test_nothing_is_drawn_where_everything_is_nothing() -> None:
    shown = tables(InCurrency("JPY", Amounts(1), Amounts(), (), ()))
    assert [(bar.x, bar.width) for line in shown.sums for bar in line.bars] == [(0, 0)] * 6


def test_reading_the_page_needs_no_seller(staff: Client, page: str, settings: Settings) -> None:
    assert staff.get(page).status_code == 200


def test_the_usual_form_is_sent_as_it_stands(staff: Client, page: str) -> None:
    product = provider()
    services(product, 1)
    assert "Renewals 1 10.00 9.50 -0.50" in words(send(staff, page, product=product.pk, per_cent="-5"))
