"""Staff make what is sold, with the forms of the desk."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from django.test import Client
from django.urls import reverse

from prorata.catalog.models import DiscountSchedule, PriceBook, Product, Rate, ResourceType
from prorata.catalog.values import live_book, live_schedule
from prorata.clock import HandClock
from prorata.invoices.models import NumberSeries, Seller
from prorata.pricing.rates import OptionPrices, UnitPrice
from prorata.staff import rule_words
from support.forms import problems, send, words

PRODUCT = {
    "name": "Turbo host",
    "code": "turbo-host",
    "tax_rate": "8.5",
    "tax_label": "VAT",
    "resource_types-0-name": "Threads",
    "resource_types-0-code": "cpu",
    "resource_types-0-steps": "1, 2, 4, 8",
    "resource_types-0-unit_word": "thread",
    "resource_types-1-name": "Space",
    "resource_types-1-code": "disk",
    "resource_types-1-unit": "GB",
    "resource_types-1-minimum": "10",
    "resource_types-1-maximum": "100",
    "resource_types-1-step": "5",
    "resource_types-1-usage": "amount",
    "resource_types-1-reserve_percent": "10",
    "resource_types-2-name": "Support",
    "resource_types-2-code": "support",
    "resource_types-2-kind": "option",
    "resource_types-2-options_text": "mail = By mail\nphone = By phone, day and night",
}


@pytest.fixture(autouse=True)
def _now(clock: HandClock) -> None:
    clock.move_to(datetime.fromisoformat("2026-06-01T08:00+00:00"))


def made(staff: Client) -> Product:
    answer = send(staff, reverse("admin:catalog_product_add"), **PRODUCT)
    assert answer.status_code == 302, problems(answer)
    return Product.objects.get(code="turbo-host")


def priced(staff: Client, product: Product, **typed: str) -> PriceBook:
    threads, space, support = product.resource_types.all()
    mail, phone = support.options.all()
    rates = {
        f"rate_{threads.pk}": "1,234.5",
        f"rate_{space.pk}": "0.0525",
        f"rate_{support.pk}_{mail.pk}": "0",
        f"rate_{support.pk}_{phone.pk}": "99",
    }
    address = f"{reverse('admin:catalog_pricebook_add')}?product={product.pk}"
    answer = send(staff, address, currency="eur", **(rates | typed))
    assert answer.status_code == 302, problems(answer)
    return PriceBook.objects.filter(product=product).latest("version")


def test_a_product_with_three_resource_types(staff: Client) -> None:
    product = made(staff)
    assert (product.name, product.tax_rate, product.tax_label) == ("Turbo host", Decimal("0.085"), "VAT")
    threads, space, support = product.resource_types.all()
    assert (threads.stops(), threads.minimum, threads.maximum) == ([1, 2, 4, 8], 1, 8)
    assert (space.stops()[:2], space.stops()[-1], space.usage, space.reserve_percent) == (
        [10, 15],
        100,
        "amount",
        10,
    )
    assert support.kind == ResourceType.Kind.OPTION
    assert list(support.options.values_list("code", "name")) == [
        ("mail", "By mail"),
        ("phone", "By phone, day and night"),
    ]


def test_a_product_is_sold_by_the_default_rule_unless_another_is_chosen(staff: Client) -> None:
    product = made(staff)
    assert (product.rule, product.credit_model) == ("calendar-months", "capped")
    address = reverse("admin:catalog_product_change", args=[product.pk])
    page = words(staff.get(address))
    assert "Of each calendar month the days that are left in it." in page
    assert "sold by this" not in page, "nobody has it yet"

    answer = send(staff, address, rule="calendar-sum", credit_model="none")
    assert answer.status_code == 302, problems(answer)
    product.refresh_from_db()
    assert (product.rule, product.credit_model) == ("calendar-sum", "none")
    assert "Sum of calendar months" in words(staff.get(reverse("admin:catalog_product_changelist")))


def test_an_unknown_rule_is_refused(staff: Client) -> None:
    product = made(staff)
    address = reverse("admin:catalog_product_change", args=[product.pk])
    answer = send(staff, address, rule="backwards", credit_model="symmetric")
    assert "backwards is not one of the available choices" in problems(answer)
    assert "symmetric is not one of the available choices" in problems(answer)
    product.refresh_from_db()
    assert (product.rule, product.credit_model) == ("calendar-months", "capped")


@pytest.mark.parametrize(
    "said", [*rule_words.RULES.values(), rule_words.CREDIT_MODELS["capped"]], ids=lambda w: str(w.name)
)
def test_the_examples_of_the_form_can_be_worked_out(said: rule_words.Words) -> None:
    worked = re.search(r"(?:: )([^:]+) = ([\d,.]+)$", str(said.example))
    assert worked, said.example
    sum_ = re.sub(r"\d[\d.]*", lambda n: f"Fraction('{n[0]}')", worked[1].replace("×", "*").replace("−", "-"))
    assert set(re.sub(r"Fraction\('[\d.]+'\)", "", sum_)) <= set("()+-*/ ")
    result = eval(sum_, {"Fraction": Fraction})
    assert abs(result - Fraction(worked[2].replace(",", ""))) <= Fraction(1, 200)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"resource_types-0-steps": "1, two"}, "List whole numbers, e.g. 1, 2, 4, 8."),
        ({"resource_types-0-steps": "4, 2"}, "List each value once, smallest first."),
        ({"resource_types-1-minimum": "200"}, "The maximum is below the minimum."),
        ({"resource_types-0-steps": "1, 2, 2"}, "List each value once, smallest first."),
        (
            {"resource_types-1-maximum": "103"},
            "The maximum is not a whole number of steps above the minimum.",
        ),
        ({"resource_types-1-maximum": ""}, "A quantity needs a maximum above zero."),
        ({"resource_types-1-code": "Disk!"}, "Use small letters, digits and underscores"),
        ({"resource_types-1-code": "cpu"}, "Please correct the duplicate data for code"),
        ({"resource_types-2-options_text": ""}, "A choice needs options"),
        ({"resource_types-2-options_text": "a = A\na = B"}, "a stands there twice"),
        ({"resource_types-2-options_text": "= B"}, "is not an option. Write code = name"),
        ({"resource_types-0-options_text": "a = A"}, "A quantity has no options."),
        ({"tax_rate": "101"}, "less than or equal to 100"),
    ],
)
def test_a_mistake_in_a_product_is_one_clear_line(wrong: dict[str, str], says: str, staff: Client) -> None:
    answer = send(staff, reverse("admin:catalog_product_add"), **(PRODUCT | wrong))
    assert answer.status_code == 200
    assert says in words(answer)
    assert not Product.objects.exists()


def test_a_product_needs_a_resource_type(staff: Client) -> None:
    answer = send(staff, reverse("admin:catalog_product_add"), name="Empty", code="empty", tax_rate="0")
    assert "A product needs at least one resource type." in words(answer)


def test_a_price_book_asks_for_every_price_of_the_product(staff: Client) -> None:
    product = made(staff)
    book = priced(staff, product)
    assert (book.currency, book.version, book.starts_at.isoformat()) == (
        "EUR",
        1,
        "2026-06-01T08:00:00+00:00",
    )
    values = live_book(product, "EUR", book.starts_at)
    assert values.rates == {
        "cpu": UnitPrice(Decimal("1234.5")),
        "disk": UnitPrice(Decimal("0.0525")),
        "support": OptionPrices({"mail": Decimal(0), "phone": Decimal(99)}),
    }


def test_a_missing_or_strange_price_is_refused(staff: Client) -> None:
    product = made(staff)
    address = f"{reverse('admin:catalog_pricebook_add')}?product={product.pk}"
    assert "Write the monthly price; 0 if it costs nothing." in words(send(staff, address, currency="EUR"))
    first = f"rate_{product.resource_types.first().pk}"  # type: ignore[union-attr]
    assert "greater than or equal to 0" in words(send(staff, address, currency="EUR", **{first: "-1"}))
    assert "no more than 8 decimal places" in words(
        send(staff, address, currency="EUR", **{first: "0.123456789"})
    )
    assert "Unknown currency 'EUX': use an ISO 4217 code" in words(send(staff, address, currency="eux"))
    assert not PriceBook.objects.exists()
    assert not Rate.objects.exists()


def test_a_book_is_made_for_a_product_only(staff: Client) -> None:
    product = made(staff)
    shown = staff.get(reverse("admin:catalog_pricebook_add"))
    assert "for which product?" in words(shown)
    assert f"?product={product.pk}" in shown.content.decode()
    for nonsense in ("999", "x", "-1", "9" * 40, "١"):
        assert "for which product?" in words(
            staff.get(reverse("admin:catalog_pricebook_add"), {"product": nonsense})
        )


def test_a_started_book_cannot_be_edited(staff: Client) -> None:
    book = priced(staff, made(staff))
    address = reverse("admin:catalog_pricebook_change", args=[book.pk])
    before = list(book.rates.order_by("pk").values_list("pk", "monthly"))
    assert "Started: cannot be edited" in words(staff.get(address))
    rates = {f"rate_{rate.resource_type_id}": "1" for rate in book.rates.all()}
    answer = staff.post(address, {"currency": "USD", "starts_at": "", "_save": "Save", **rates})
    assert answer.status_code == 403
    book.refresh_from_db()
    assert (book.currency, list(book.rates.order_by("pk").values_list("pk", "monthly"))) == ("EUR", before)


def test_a_book_to_come_can_be_edited_until_it_starts(staff: Client, clock: HandClock) -> None:
    product = made(staff)
    book = priced(staff, product, starts_at="2026-07-01T00:00:00")
    address = reverse("admin:catalog_pricebook_change", args=[book.pk])
    threads = product.resource_types.get(code="cpu")
    assert send(staff, address, **{f"rate_{threads.pk}": "2000"}).status_code == 302
    assert book.rates.get(resource_type=threads).monthly == 2000
    clock.forward(timedelta(days=30))
    assert "Started: cannot be edited" in words(staff.get(address))


def test_a_new_version_is_copied_and_the_old_one_stands(staff: Client) -> None:
    product = made(staff)
    old = priced(staff, product)
    shown = staff.get(reverse("admin:catalog_pricebook_new_version", args=[old.pk]))
    assert shown.status_code == 302
    threads = product.resource_types.get(code="cpu")
    answer = send(staff, shown["Location"], starts_at="2026-07-01T00:00:00", **{f"rate_{threads.pk}": "1300"})
    assert answer.status_code == 302, problems(answer)
    new = PriceBook.objects.get(version=2)
    assert (new.currency, new.rates.get(resource_type=threads).monthly) == ("EUR", 1300)
    kept = (
        new.rates.exclude(resource_type=threads)
        .order_by("resource_type", "option")
        .values_list("monthly", flat=True)
    )
    assert list(kept) == [Decimal("0.0525"), Decimal(0), Decimal(99)]
    assert old.rates.get(resource_type=threads).monthly == Decimal("1234.5")


def test_a_minimum_charge_is_written_shown_and_copied(staff: Client) -> None:
    product = made(staff)
    book = priced(staff, product, minimum_charge="2.50")
    assert book.minimum_charge_minor == 250
    shown = words(staff.get(reverse("admin:catalog_pricebook_change", args=[book.pk])))
    assert "Minimum charge 2.50 EUR" in shown.replace("\u00a0", " ")
    copied = staff.get(reverse("admin:catalog_pricebook_new_version", args=[book.pk]))
    assert send(staff, copied["Location"], starts_at="2026-07-01T00:00:00").status_code == 302
    assert PriceBook.objects.get(version=2).minimum_charge_minor == 250


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("1.234", "EUR has 2 decimals"),
        ("much", "is not an amount"),
        ("-1", "A minimum charge is not below zero."),
    ],
)
def test_a_strange_minimum_charge_is_one_clear_line(typed: str, says: str, staff: Client) -> None:
    product = made(staff)
    priced(staff, product)
    address = f"{reverse('admin:catalog_pricebook_add')}?from={PriceBook.objects.get().pk}"
    answer = send(staff, address, minimum_charge=typed, starts_at="2026-07-01T00:00:00")
    assert answer.status_code == 200
    assert says in words(answer)
    assert PriceBook.objects.count() == 1


def test_the_prices_of_the_past_are_not_rewritten(staff: Client) -> None:
    product = made(staff)
    book = priced(
        staff, product, starts_at="2026-01-01T00:00:00"
    )  # the first may begin in the past: nothing was sold
    address = f"{reverse('admin:catalog_pricebook_add')}?from={book.pk}"
    assert "The prices of the past stand." in words(send(staff, address, starts_at="2026-05-31T00:00:00"))
    assert "Another price book starts at this very moment." in words(
        send(staff, address, starts_at="2026-01-01T00:00:00")
    )
    assert PriceBook.objects.count() == 1


def test_a_resource_type_with_a_price_cannot_be_removed(staff: Client) -> None:
    product = made(staff)
    priced(staff, product)
    address = reverse("admin:catalog_product_change", args=[product.pk])
    answer = send(staff, address, **{"resource_types-2-options_text": "mail = By mail"})
    assert "By phone, day and night has a price and cannot be removed." in words(answer)
    answer = send(staff, address, **{"resource_types-0-DELETE": "on"})
    assert answer.status_code == 200
    assert product.resource_types.count() == 3


def test_staff_hear_which_price_a_new_resource_lacks(staff: Client) -> None:
    product = made(staff)
    priced(staff, product)
    new = {
        f"resource_types-3-{key}": value
        for key, value in {"name": "Addresses", "code": "ips", "maximum": "4"}.items()
    }
    send(staff, reverse("admin:catalog_product_change", args=[product.pk]), **new)
    shown = staff.get(reverse("admin:catalog_product_change", args=[product.pk]))
    assert "Turbo host EUR v1 has no price for Addresses. Make a new version of it." in words(shown)


def test_a_schedule_with_tiers_in_per_cent(staff: Client) -> None:
    product = made(staff)
    address = f"{reverse('admin:catalog_discountschedule_add')}?product={product.pk}"
    tiers = {"tiers-0-months": "1", "tiers-0-off": "0", "tiers-1-months": "3", "tiers-1-off": "12.5"}
    answer = send(staff, address, **tiers)
    assert answer.status_code == 302, problems(answer)
    assert "1+: 0 %, 3+: 12.5 %" in words(staff.get(reverse("admin:catalog_discountschedule_changelist")))
    live = live_schedule(product, datetime.fromisoformat("2026-06-01T08:00+00:00"))
    assert live is not None
    assert [(tier.months, tier.off) for tier in live.schedule.tiers] == [
        (1, Decimal(0)),
        (3, Decimal("0.125")),
    ]


def test_a_mistake_in_a_schedule_is_one_clear_line(staff: Client) -> None:
    product = made(staff)
    address = f"{reverse('admin:catalog_discountschedule_add')}?product={product.pk}"
    assert "Write at least one tier" in words(send(staff, address))
    twice = {"tiers-0-months": "3", "tiers-0-off": "10", "tiers-1-months": "3", "tiers-1-off": "20"}
    assert "Please correct the duplicate" in words(send(staff, address, **twice))
    assert "less than or equal to 100" in words(
        send(staff, address, **{"tiers-0-months": "3", "tiers-0-off": "120"})
    )
    assert not DiscountSchedule.objects.exists()


def test_a_started_schedule_is_replaced_not_edited(staff: Client) -> None:
    product = made(staff)
    add = reverse("admin:catalog_discountschedule_add")
    tiers = {"tiers-0-months": "3", "tiers-0-off": "20", "tiers-1-months": "6", "tiers-1-off": "30"}
    send(staff, f"{add}?product={product.pk}", **tiers)
    first = DiscountSchedule.objects.get()
    address = reverse("admin:catalog_discountschedule_change", args=[first.pk])
    assert (
        staff.post(
            address, {"starts_at": "", "tiers-TOTAL_FORMS": "0", "tiers-INITIAL_FORMS": "0"}
        ).status_code
        == 403
    )
    answer = send(
        staff,
        f"{add}?from={first.pk}",
        **{
            "starts_at": "2026-07-01T00:00:00",
            "tiers-1-off": "35",
            "tiers-0-months": None,
            "tiers-0-off": None,
        },
    )
    assert answer.status_code == 302, problems(answer)
    second = DiscountSchedule.objects.get(version=2)
    assert list(second.tiers.values_list("months", "off")) == [(6, Decimal("0.35"))]
    assert list(first.tiers.values_list("months", "off")) == [(3, Decimal("0.2")), (6, Decimal("0.3"))]


def test_a_seller_with_its_two_series(staff: Client) -> None:
    answer = send(
        staff, reverse("admin:invoices_seller_add"), name="Bestnet", code="bestnet", zone="Asia/Tokyo"
    )
    assert answer.status_code == 302, problems(answer)
    assert sorted(NumberSeries.objects.values_list("kind", "prefix", "next_number")) == [
        ("credit_note", "CN-", 1),
        ("invoice", "INV-", 1),
    ]
    wrong = send(staff, reverse("admin:invoices_seller_add"), name="B", code="b", zone="Tokyo")
    assert "Use a zone name such as Asia/Tokyo" in words(wrong)


def test_numbers_never_go_back(staff: Client) -> None:
    send(staff, reverse("admin:invoices_seller_add"), name="Bestnet", code="bestnet", zone="Asia/Tokyo")
    NumberSeries.objects.update(next_number=7)
    address = reverse("admin:invoices_seller_change", args=[Seller.objects.get().pk])
    assert "the next one is 7 or later" in words(send(staff, address, **{"series-0-next_number": "6"}))
    assert send(staff, address, **{"series-0-next_number": "100"}).status_code == 302


def test_the_desk_speaks_the_sellers_time(staff: Client) -> None:
    send(staff, reverse("admin:invoices_seller_add"), name="Bestnet", code="bestnet", zone="Asia/Tokyo")
    book = priced(staff, made(staff), starts_at="2026-07-01T00:00:00")
    assert book.starts_at.isoformat() == "2026-06-30T15:00:00+00:00"
    shown = staff.get(reverse("admin:catalog_pricebook_change", args=[book.pk]))
    assert 'value="2026-07-01T00:00:00"' in shown.content.decode()
