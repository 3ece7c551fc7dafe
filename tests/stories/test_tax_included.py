"""A provider whose prices include tax: the rule runs on gross, and tax is taken out of it once."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from prorata.catalog.models import PriceBook, Product, Rate, ResourceType
from prorata.changes import states
from prorata.invoices.models import CreditNote, Invoice, Layer
from prorata.services.models import Service
from support.world import World


@pytest.fixture
def box(world: World) -> Service:
    """Memory at 4.90 EUR a month and slots at 0.10, 20 % VAT included; 4 GB and 10 slots paid for six months: 86.52."""
    world.open("2026-06-01T08:00+09:00", rounding="half_up")
    begin = world.clock.now() - timedelta(days=1)
    product: Product = world.product("eu-box", "EU-BOX", begin, Decimal("0.20"))
    book = PriceBook.objects.create(product=product, currency="EUR", starts_at=begin, tax_included=True)
    for position, (code, monthly) in enumerate((("memory", "4.90"), ("slots", "0.10"))):
        kind = ResourceType.objects.create(
            product=product, code=code, name=code.title(), minimum=1, maximum=50, position=position
        )
        Rate.objects.create(price_book=book, resource_type=kind, monthly=Decimal(monthly))
    return world.service(
        {"memory": 4, "slots": 10}, paid=8_652, name="box-01", currency="EUR", product=product
    )


def test_a_gross_price_is_paid_and_its_tax_shown(world: World, box: Service) -> None:
    """1 September: 19.60 x 3 x 0.80 = 47.04 gross; a sixth of it, 7.84, is tax."""
    world.at("2026-09-01T10:00+09:00")
    change = world.change(box, memory=8)
    world.pay(change)
    world.work()

    assert world.reread(change).status == states.APPLIED
    invoice = Invoice.objects.get()
    assert (invoice.net_minor, invoice.tax_minor, invoice.gross_minor) == (3_920, 784, 4_704)
    assert invoice.tax_included is True
    layer = Layer.objects.get(origin=change.origin)
    assert (layer.amount, layer.tax) == (Decimal("47.04"), Decimal("7.84")), (
        "the amount is gross, as the book is"
    )
    assert world.ledger("EUR") == {
        "gateway/sandbox/clearing": 4_704,
        "revenue/deferred": -3_920,
        "tax/0.2": -784,
    }


def test_a_gross_credit_gives_back_the_tax_its_layer_bore(world: World, box: Service) -> None:
    """The next day 89 of 91 days are left: 46.006 gross is 46.01; of the tax 7.84 x 89/91 = 7.66, rounded down."""
    world.at("2026-09-01T10:00+09:00")
    world.pay(world.change(box, memory=8))
    world.work()
    world.at("2026-09-02T10:00+09:00")

    world.change(box, memory=4)
    world.work()

    note = CreditNote.objects.get()
    assert (note.net_minor, note.tax_minor, note.gross_minor) == (3_835, 766, 4_601)
    assert world.credit("EUR") == 4_601
    assert world.measured(box) == {"memory": 4, "slots": 10}
    assert world.reread(box).carry == Decimal("0.00384615")


def test_an_opening_layer_bears_the_tax_that_was_in_its_price(world: World, box: Service) -> None:
    """86.52 gross was paid, 82.32 of it for memory: tax 13.72. Memory 4 to 2 on 1 September: half of it, 91 of 183 days
    less the day in progress is 90: 82.32 / 2 x 90/183 = 20.24; tax 6.86 x 90/183 = 3.37."""
    world.at("2026-09-01T10:00+09:00")
    change = world.change(box, memory=2)
    world.work()
    assert world.reread(change).status == states.APPLIED
    note = CreditNote.objects.get()
    assert (note.net_minor, note.tax_minor, note.gross_minor) == (1_687, 337, 2_024)


def test_a_gross_growth_that_is_refused_comes_back_whole(world: World, box: Service) -> None:
    world.at("2026-09-01T10:00+09:00")
    change = world.change(box, memory=8, slots=20)
    assert change.gross_minor == 4_944
    world.pay(change)
    world.hypervisor.change_component(box.external_id, "memory", refuses="no hot-plug on this machine")
    world.work()

    assert world.reread(change).status == states.PARTLY_APPLIED
    note = CreditNote.objects.get()
    assert (note.net_minor, note.tax_minor, note.gross_minor) == (3_920, 784, 4_704)
    assert world.credit("EUR") == 4_704
    assert world.ledger("EUR") == {
        "gateway/sandbox/clearing": 4_944, "purse/1": -4_704, "revenue/deferred": -200, "tax/0.2": -40,
    }  # fmt: skip
