"""What a process keeps of a product's types, price books and schedules: asked once, and never older than the product."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from prorata.catalog.models import (
    DiscountSchedule,
    DiscountTier,
    LinkedLimit,
    Option,
    PriceBook,
    Product,
    Rate,
    ResourceType,
)
from prorata.catalog.sold import live_book_id, live_schedule_id, types_of
from prorata.catalog.values import book, forget, schedule
from prorata.clock import HandClock

NOW = datetime(2026, 6, 1, 8, tzinfo=UTC)
# As another process, or somebody at the database, would do it; of the product "box".
CHANGES = {
    "the product": "UPDATE catalog_product SET tax_rate = 0.1 WHERE code = 'box'",
    "a type changed": "UPDATE catalog_resourcetype SET maximum = 32 WHERE code = 'cpu'",
    "a type gone": "DELETE FROM catalog_resourcetype WHERE code = 'spare'",
    "an option changed": "UPDATE catalog_option SET name = 'Larger' WHERE code = 'large'",
    "an option gone": "DELETE FROM catalog_option WHERE code = 'small'",
    "a link changed": "UPDATE catalog_linkedlimit SET minimum = 5",
    "a link gone": "DELETE FROM catalog_linkedlimit",
    "a book changed": "UPDATE catalog_pricebook SET starts_at = starts_at + interval '1 hour'",
    "a book gone": "DELETE FROM catalog_pricebook",
    "a schedule changed": "UPDATE catalog_discountschedule SET starts_at = starts_at + interval '1 hour'",
    "a schedule gone": "DELETE FROM catalog_discountschedule",
}


@pytest.fixture
def box(db: None) -> Product:
    made = Product.objects.create(code="box", name="Box")
    cpu, memory, _spare = (
        ResourceType.objects.create(product=made, code=code, name=code, minimum=1, maximum=16)
        for code in ("cpu", "memory", "spare")
    )
    size = ResourceType.objects.create(product=made, code="size", name="Size", kind="option")
    for code in ("small", "large"):
        Option.objects.create(resource_type=size, code=code, name=code)
    LinkedLimit.objects.create(product=made, resource_type=cpu, at_least=4, needs=memory, minimum=4)
    PriceBook.objects.create(product=made, currency="USD", starts_at=NOW)
    DiscountSchedule.objects.create(product=made, starts_at=NOW)
    return read("box")


def read(code: str) -> Product:
    return Product.objects.get(code=code)


def revision(code: str) -> UUID:
    return read(code).revision


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_gives_another_revision(box: Product, change: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(CHANGES[change])
        assert cursor.rowcount, "something was changed"
    assert revision("box") != box.revision


@pytest.mark.parametrize("make", [
    lambda box: ResourceType.objects.create(product=box, code="new", name="New"),
    lambda box: Option.objects.create(resource_type=box.resource_types.get(code="size"), code="new", name="New"),
    lambda box: PriceBook.objects.create(product=box, currency="EUR", starts_at=NOW),
    lambda box: DiscountSchedule.objects.create(product=box, version=2, starts_at=NOW + timedelta(days=1)),
])  # fmt: skip
def test_what_is_new_gives_another_revision(box: Product, make) -> None:  # type: ignore[no-untyped-def]
    make(box)
    assert revision("box") != box.revision


def test_a_stale_row_cannot_bring_a_revision_back(box: Product) -> None:
    """A form that was opened before saves every column of what it read."""
    ResourceType.objects.filter(code="cpu").update(maximum=32)
    between = revision("box")
    box.save()
    assert revision("box") not in (box.revision, between)


def test_another_product_keeps_its_own(box: Product) -> None:
    other = Product.objects.create(code="other", name="Other")
    ResourceType.objects.filter(product=box, code="cpu").update(maximum=32)
    assert revision("other") == other.revision


def test_the_same_revision_is_asked_once(box: Product) -> None:
    def ask() -> None:
        assert [kind.code for kind in types_of(box)] == ["cpu", "memory", "spare", "size"]
        assert types_of(box)[0].asks()[0].minimum == 4
        assert [option.code for option in types_of(box)[3].options.all()] == ["small", "large"]
        assert live_book_id(box, "USD", NOW)
        assert live_schedule_id(box, NOW)

    ask()
    with CaptureQueriesContext(connection) as again:
        ask()
    assert not again.captured_queries


def test_a_change_is_seen_at_once_and_its_rollback_too(box: Product) -> None:
    assert types_of(box)[0].maximum == 16
    with transaction.atomic():
        point = transaction.savepoint()
        ResourceType.objects.filter(code="cpu").update(maximum=32)
        assert types_of(read("box"))[0].maximum == 32
        transaction.savepoint_rollback(point)
    assert types_of(read("box"))[0].maximum == 16
    ResourceType.objects.filter(code="cpu").update(maximum=64)
    assert types_of(read("box"))[0].maximum == 64


def test_the_newest_that_has_begun_is_in_force(box: Product) -> None:
    second = PriceBook.objects.create(
        product=box, currency="USD", version=2, starts_at=NOW + timedelta(hours=1)
    )
    PriceBook.objects.create(product=box, currency="EUR", starts_at=NOW + timedelta(hours=2))
    PriceBook.objects.create(
        product=box, currency="USD", version=3, starts_at=NOW + timedelta(hours=1, minutes=30), campaign=True,
        ends_at=NOW + timedelta(days=9),
    )  # fmt: skip
    box = read("box")
    first = live_book_id(box, "USD", NOW)
    assert live_book_id(box, "USD", NOW - timedelta(microseconds=1)) is None
    assert first not in (None, second.pk)
    assert live_book_id(box, "USD", NOW + timedelta(hours=1)) == second.pk
    assert live_book_id(box, "USD", NOW + timedelta(days=1)) == second.pk, "a campaign is no price list"
    assert live_book_id(box, "EUR", NOW) is None


def test_prices_are_kept_when_no_host_edits_them_any_more(box: Product, clock: HandClock) -> None:
    """Whoever edits them may be another process, and the clock of its host a little late."""
    forget()
    cpu = ResourceType.objects.get(code="cpu")
    found = PriceBook.objects.get()
    rate = Rate.objects.create(price_book=found, resource_type=cpu, monthly=Decimal(600))
    tier = DiscountTier.objects.create(schedule=DiscountSchedule.objects.get(), months=1, off=Decimal("0.1"))

    def seen() -> tuple[Decimal, Decimal]:
        return book(found.pk).monthly("cpu", 1), schedule(tier.schedule_id).schedule.tiers[0].off

    assert seen() == (600, Decimal("0.1"))
    for later, (monthly, off) in enumerate([(500, "0.2"), (400, "0.3"), (300, "0.4")]):
        Rate.objects.filter(pk=rate.pk).update(monthly=monthly)
        DiscountTier.objects.filter(pk=tier.pk).update(off=Decimal(off))
        assert seen() == (monthly, Decimal(off))
        clock.move_to(NOW + timedelta(minutes=10 * later))
        assert seen() == (monthly, Decimal(off))
    clock.move_to(NOW + timedelta(hours=1))
    seen()
    with CaptureQueriesContext(connection) as asked:
        assert seen() == (300, Decimal("0.4"))
    assert len(asked) == 0
