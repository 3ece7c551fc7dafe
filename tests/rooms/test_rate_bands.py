"""Prices in bands: what staff write, what the tables hold, and what PostgreSQL refuses below them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from psycopg.errors import CheckViolation, UniqueViolation

from prorata.catalog.models import PriceBook, Product, Rate, RateBand, ResourceType
from prorata.catalog.values import book, forget
from prorata.clock import HandClock
from prorata.invoices.models import Seller
from prorata.pricing.rates import Band, OptionPrices, Tiered, UnitPrice, Volume
from support.attacks import Attack, Connection, attack, copy, everybody, refused, refused_at_commit
from support.forms import problems, send, words

__all__ = ["attack"]
NOW = datetime(2026, 6, 1, 8, tzinfo=UTC)
TIERED = "up to 4 = 10\nup to 8 = 9.50 + 5\nabove = 8"
VOLUME = "Up to 9: 10\nabove: 9"
BANDS = (Band(4, Decimal(10)), Band(8, Decimal("9.5"), Decimal(5)), Band(None, Decimal(8)))


@pytest.fixture
def product(db: None, clock: HandClock) -> Product:
    clock.move_to(NOW)
    forget()
    Seller.objects.create(code="s", name="Seller", zone="Asia/Tokyo")
    made = Product.objects.create(code="box", name="Box")
    for position, (code, unit) in enumerate((("cpu", "cores"), ("disk", "GB"))):
        ResourceType.objects.create(
            product=made, code=code, name=code.title(), unit=unit, minimum=1, maximum=16, position=position
        )
    return made


def add(staff: Client, product: Product, **typed: str) -> tuple[str, PriceBook | None]:
    """Send a book with these prices for cpu; disk costs 2. What the page says, and the book if one was made."""
    cpu, disk = product.resource_types.all()
    own = {f"{name}_{cpu.pk}": text for name, text in typed.items()}
    address = f"{reverse('admin:catalog_pricebook_add')}?product={product.pk}"
    answer = send(staff, address, currency="USD", **{f"rate_{disk.pk}": "2"}, **own)
    made = PriceBook.objects.first() if answer.status_code == 302 else None
    return problems(answer) if answer.status_code == 200 else "", made


def test_bands_are_written_one_a_line(staff: Client, product: Product) -> None:
    said, made = add(staff, product, rate=TIERED, form="tiered", hourly="0.02")
    assert made, said
    assert book(made.pk).rates == {"cpu": Tiered(BANDS, Decimal("0.02")), "disk": UnitPrice(Decimal(2))}
    assert book(made.pk).hourly("cpu", 6) == Decimal("0.12")
    assert book(made.pk).hourly("disk", 6) is None
    shown = words(staff.get(reverse("admin:catalog_pricebook_change", args=[made.pk])))
    for line in ("Tiered: each unit at the price of its own band", "up to 8 = 9.5 + 5", "above = 8", "0.02"):
        assert line in shown


def test_a_new_version_begins_with_the_bands_of_the_old(staff: Client, product: Product) -> None:
    said, old = add(staff, product, rate=VOLUME, form="volume")
    assert old, said
    address = reverse("admin:catalog_pricebook_new_version", args=[old.pk])
    answer = send(staff, address, starts_at="2026-07-01T00:00:00")
    assert answer.status_code == 302, problems(answer)
    new = PriceBook.objects.get(version=2)
    assert book(new.pk).rates == book(old.pk).rates
    assert isinstance(book(new.pk).rates["cpu"], Volume)


def test_a_book_to_come_changes_its_form(staff: Client, product: Product) -> None:
    cpu, disk = product.resource_types.all()
    address = f"{reverse('admin:catalog_pricebook_add')}?product={product.pk}"
    typed = {f"rate_{cpu.pk}": TIERED, f"form_{cpu.pk}": "tiered", f"rate_{disk.pk}": "2"}
    send(staff, address, currency="USD", starts_at="2026-07-01T00:00:00", **typed)
    made = PriceBook.objects.get()
    edit = reverse("admin:catalog_pricebook_change", args=[made.pk])
    assert send(staff, edit, **{f"rate_{cpu.pk}": "7", f"form_{cpu.pk}": "unit"}).status_code == 302
    assert book(made.pk).rates["cpu"] == UnitPrice(Decimal(7))
    assert not RateBand.objects.exists()


@pytest.mark.parametrize(
    ("form", "text", "says"),
    [
        ("unit", TIERED, "Write one price, or choose how its bands are counted: tiered or volume."),
        ("unit", "above = 8", "Write one price, or choose how its bands are counted: tiered or volume."),
        ("unit", "ten", "Enter a number."),
        ("tiered", "10", "“10” is not a band. Write one a line: up to 4 = 10, and last: above = 8."),
        ("tiered", "up to 0 = 10\nabove = 8", "“up to 0 = 10” is not a band."),
        ("tiered", "up to 4 = 10", "The last band must be open: end with a line such as above = 8."),
        ("tiered", "above = 8\nup to 4 = 10", "The last band must be open"),
        ("tiered", "above = 8\nabove = 10", "Each band goes further than the one before it"),
        ("tiered", "up to 4 = 10\nup to 4 = 9\nabove = 8", "Each band goes further than the one before it"),
        ("tiered", "above = 0.123456789", "no more than 8 decimal places"),
        (
            "volume", "up to 9 = 10\nabove = 8",
            "More would cost less: 9 cores are 90 a month, but 10 cores are 80. Raise the price of the later band",
        ),
    ],
)  # fmt: skip
def test_a_mistake_in_bands_is_one_clear_line(
    staff: Client, product: Product, form: str, text: str, says: str
) -> None:
    said, made = add(staff, product, rate=text, form=form)
    assert says in said
    assert made is None
    assert not Rate.objects.exists()


def test_what_is_not_sold_between_two_bands_does_not_matter(staff: Client, product: Product) -> None:
    product.resource_types.filter(code="cpu").update(steps=[1, 2, 4, 8, 16])
    said, made = add(staff, product, rate="up to 9 = 10\nabove = 8", form="volume")
    assert made, said  # 8 are 80, 16 are 128


def test_new_values_may_not_make_an_old_book_fall(staff: Client, product: Product) -> None:
    product.resource_types.filter(code="cpu").update(steps=[1, 2, 4, 8, 16])
    add(staff, product, rate="up to 9 = 10\nabove = 8", form="volume")
    address = reverse("admin:catalog_product_change", args=[product.pk])
    answer = send(staff, address, **{"resource_types-0-steps": "1, 2, 4, 9, 10, 16"})
    assert "Box USD v1: More would cost less: 9 cores are 90 a month, but 10 cores are 80." in words(answer)
    assert product.resource_types.get(code="cpu").steps == [1, 2, 4, 8, 16]
    assert send(staff, address, **{"resource_types-0-steps": "1, 2, 4, 9, 12"}).status_code == 302


def test_options_may_have_an_hourly_price(staff: Client, product: Product) -> None:
    kind = ResourceType.objects.create(product=product, code="vm", name="VM", kind="option", position=9)
    option = kind.options.create(code="2C4G", name="2C4G")
    cpu, disk, _vm = product.resource_types.all()
    prices = {f"rate_{cpu.pk}": "1", f"rate_{disk.pk}": "2", f"rate_{kind.pk}_{option.pk}": "65"}
    address = f"{reverse('admin:catalog_pricebook_add')}?product={product.pk}"
    answer = send(staff, address, currency="USD", **prices, **{f"hourly_{kind.pk}_{option.pk}": "0.11"})
    assert answer.status_code == 302, problems(answer)
    found = book(PriceBook.objects.get().pk)
    assert found.rates["vm"] == OptionPrices({"2C4G": Decimal(65)}, {"2C4G": Decimal("0.11")})
    assert found.hourly("vm", "2C4G") == Decimal("0.11")


# --- below the models ---


@pytest.fixture
def tiered(transactional_db: None) -> Rate:
    product = Product.objects.create(code="box", name="Box")
    kind = ResourceType.objects.create(product=product, code="cpu", name="CPU", minimum=1, maximum=16)
    prices = PriceBook.objects.create(product=product, currency="USD", starts_at=NOW - timedelta(days=1))
    return _tiered(prices, kind)


def _tiered(prices: PriceBook, kind: ResourceType) -> Rate:
    with transaction.atomic():
        rate = Rate.objects.create(price_book=prices, resource_type=kind, form="tiered")
        # Whatever the order of the rows, the bands rise.
        for up_to, unit in ((None, 8), (8, 9), (4, 10)):
            RateBand.objects.create(rate=rate, up_to=up_to, unit=unit)
    return rate


def test_bands_rise_whatever_the_order_of_their_rows(tiered: Rate) -> None:
    rate = book(tiered.price_book_id).rates["cpu"]
    assert rate == Tiered((Band(4, Decimal(10)), Band(8, Decimal(9)), Band(None, Decimal(8))))


@pytest.mark.parametrize(
    ("statement", "error", "says"),
    [
        ("UPDATE catalog_rateband SET up_to = 8 WHERE up_to = 4", UniqueViolation, "band_end_once"),
        ("UPDATE catalog_rateband SET up_to = NULL WHERE up_to = 4", UniqueViolation, "band_end_once"),
        ("UPDATE catalog_rateband SET up_to = 0 WHERE up_to = 4", CheckViolation, "band_holds_something"),
        ("UPDATE catalog_rateband SET unit = -1", CheckViolation, "band_not_negative"),
        ("UPDATE catalog_rateband SET flat = -1", CheckViolation, "band_not_negative"),
        ("UPDATE catalog_rate SET monthly = 1", CheckViolation, "rate_has_one_form"),
        ("UPDATE catalog_rate SET form = 'unit'", CheckViolation, "rate_has_one_form"),
        ("UPDATE catalog_rate SET form = 'steps'", CheckViolation, "rate_has_one_form"),
        ("UPDATE catalog_rate SET hourly = -1", CheckViolation, "rate_hour_not_negative"),
    ],
)  # fmt: skip
def test_impossible_bands_are_refused_by_the_tables(
    attack: Attack, tiered: Rate, statement: str, error: type[Exception], says: str
) -> None:
    for sql in everybody(attack):
        refused(sql, error, statement, (), says)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM catalog_rateband WHERE up_to IS NULL",
        "DELETE FROM catalog_rateband",
        "UPDATE catalog_rateband SET up_to = 12 WHERE up_to IS NULL",
        "UPDATE catalog_rate SET form = 'unit', monthly = 1",
        "UPDATE catalog_rate SET form = 'volume', monthly = NULL WHERE form = 'unit'",
        "UPDATE catalog_rateband SET rate_id = (SELECT max(id) FROM catalog_rate) WHERE up_to IS NULL",
    ],
)
def test_an_incomplete_rate_does_not_pass_the_commit(attack: Attack, tiered: Rate, statement: str) -> None:
    for sql in everybody(attack):
        copy(sql, "catalog_resourcetype", code="disk")
        copy(
            sql, "catalog_rate", form="unit", monthly=1, resource_type_id=_newest(sql, "catalog_resourcetype")
        )
        sql.execute(statement)  # type: ignore[arg-type]
        refused_at_commit(sql, CheckViolation, "needs one open band")


def _newest(sql: Connection, table: str) -> int:
    row = sql.execute(f"SELECT max(id) FROM {table}").fetchone()  # type: ignore[arg-type]
    assert row
    return int(row[0])
