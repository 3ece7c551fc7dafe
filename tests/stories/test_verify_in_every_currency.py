"""What a service may give back is counted in the minor units of its own currency, of which not all have two digits
(2026-11-26)."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from prorata.catalog.models import PriceBook, Rate, ResourceType
from prorata.invoices.models import CreditNote
from prorata.services.models import Service
from support.corruption import found_after
from support.database import TestDatabase
from support.world import World


def box(world: World, currency: str, *, monthly: str, paid: int) -> Service:
    """Memory 4 at so much a month, paid for six months; the story goes on two weeks later."""
    world.open("2026-06-01T08:00+09:00", tax="0")
    begin = world.clock.now() - timedelta(days=1)
    product = world.product("box", "BOX", begin, Decimal(0))
    kind = ResourceType.objects.create(product=product, code="memory", name="Memory", minimum=1, maximum=9)
    book = PriceBook.objects.create(product=product, currency=currency, starts_at=begin)
    Rate.objects.create(price_book=book, resource_type=kind, monthly=Decimal(monthly))
    service = world.service({"memory": 4}, paid=paid, name="box-01", currency=currency, product=product)
    world.at("2026-06-15T08:00+09:00")
    return service


@pytest.mark.parametrize(
    ("currency", "monthly", "paid"),
    [("OMR", "10", 240_000), ("TND", "10", 240_000), ("USD", "10", 24_000), ("VND", "100000", 2_400_000)],
)
def test_what_came_back_is_within_what_was_paid(
    world: World, database: TestDatabase, currency: str, monthly: str, paid: int
) -> None:
    """More than a third of it came back: no finding, which the end of the story looks for; one unit more than was paid is
    one."""
    service = box(world, currency, monthly=monthly, paid=paid)
    world.change(service, memory=2)
    world.work()
    note = CreditNote.objects.get()
    assert paid // 3 < note.gross_minor < paid // 2

    for gross, named in ((paid, []), (paid + 1, [f"services_service {service.pk}"])):
        found = found_after(
            database,
            f"UPDATE invoices_creditnote SET gross_minor = {gross}, net_minor = {gross}, cash_minor = {gross}",
        )
        assert [one.place for one in found if one.promise == "not-more-than-paid"] == named
