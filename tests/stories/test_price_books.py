"""Which price book counts: by its start to the second, per currency, with its own basis of tax and its own decimals."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from prorata.catalog.models import DiscountSchedule, DiscountTier, PriceBook, Product, Rate, ResourceType
from prorata.changes import states
from prorata.changes.estimate import estimate
from prorata.changes.situation import situation
from prorata.invoices.models import CreditNote, Invoice
from prorata.services.models import Service
from support.forms import words
from support.world import World

NOON = datetime.fromisoformat("2026-09-01T12:00+09:00")
SECOND = timedelta(seconds=1)


def dearer(world: World, starts_at: datetime, times: str = "2", **other: object) -> PriceBook:
    """Version 2 of the cloud's JPY prices."""
    old = PriceBook.objects.get(product=world.cloud, currency="JPY", version=1)
    book = PriceBook.objects.create(
        product=world.cloud, currency="JPY", version=2, starts_at=starts_at, **other
    )
    for rate in old.rates.all():
        assert rate.monthly is not None
        Rate.objects.create(
            price_book=book, resource_type=rate.resource_type, monthly=rate.monthly * Decimal(times)
        )
    return book


def due(service: Service) -> int:
    """What 4 to 8 GB of memory cost now, before tax: 1,800 x 3 x 0.80 = 4,320 under the first book."""
    return estimate(situation(Service.objects.get(pk=service.pk)), {"memory": 8}).document.net


def test_a_book_counts_from_its_very_second(world: World) -> None:
    web = world.web_01("2026-09-01T11:59:59+09:00")
    dearer(world, NOON)
    assert due(web) == 4_320
    world.clock.forward(SECOND)
    assert due(web) == 8_640


def test_a_book_of_tomorrow_does_not_matter_today(world: World) -> None:
    web = world.web_01("2026-09-01T12:00+09:00")
    dearer(world, NOON + timedelta(days=1))
    assert due(web) == 4_320
    world.pay(world.change(web, memory=8))
    world.work()
    assert Invoice.objects.get().net_minor == 4_320


def test_a_quote_keeps_its_price_until_it_expires(world: World) -> None:
    """The book changes ten minutes after the quote: for twenty more its price is paid, then the new one is told."""
    web = world.web_01("2026-09-01T11:50+09:00")
    dearer(world, NOON)
    quote, late = world.quote(web, memory=8), world.quote(web, memory=8)
    world.at("2026-09-01T12:19:59+09:00")
    assert due(web) == 8_640
    change = world.submit(quote)
    world.pay(change)
    world.work()
    assert world.reread(change).status == states.APPLIED
    assert Invoice.objects.get().net_minor == 4_320
    world.at("2026-09-01T12:20+09:00")
    with world.refusing("This price was valid until"):
        world.submit(late)
    # What was paid is priced by the book it was quoted under; the difference upwards by the new one.
    assert world.quote(web, memory=12).net_minor == 8_640


def test_a_schedule_counts_from_its_very_second(world: World) -> None:
    web = world.web_01("2026-09-01T11:59:59+09:00")
    new = DiscountSchedule.objects.create(product=world.cloud, version=2, starts_at=NOON)
    DiscountTier.objects.create(schedule=new, months=3, off=Decimal("0.50"))
    quote = world.quote(web, memory=8)
    assert due(web) == 4_320
    world.clock.forward(SECOND)
    assert due(web) == 2_700
    assert world.submit(quote).gross_minor == 4_752


def test_two_currencies_of_one_product_have_their_own_books(world: World) -> None:
    """JPY before tax, and EUR with tax in the price, from a book that is newer and does not touch the other."""
    web = world.web_01("2026-09-01T12:00+09:00")
    book = PriceBook.objects.create(
        product=world.cloud, currency="EUR", starts_at=NOON - timedelta(days=90), tax_included=True
    )
    for kind in world.cloud.resource_types.all():
        Rate.objects.create(price_book=book, resource_type=kind, monthly=Decimal("3.30"))
    euro = world.service({**web.configuration}, paid=10_000, months=3, name="eu-01", currency="EUR")
    yen, cents = estimate(situation(web), {"memory": 8}), estimate(situation(euro), {"memory": 8})
    assert (yen.document.net, yen.document.tax, yen.document.gross) == (4_320, 432, 4_752)
    # 13.20 x 3 x 0.80 = 31.68 with tax; of it 2.88 are tax.
    assert (cents.document.net, cents.document.tax, cents.document.gross) == (2_880, 288, 3_168)
    world.pay(world.change(euro, memory=8))
    world.work()
    assert world.ledger("EUR") == {
        "gateway/sandbox/clearing": 3_168, "revenue/deferred": -2_880, "tax/0.1": -288,
    }  # fmt: skip
    assert world.ledger("JPY") == {}


# --- a book whose basis of tax is another than the one before ---


def test_what_was_paid_with_tax_comes_back_once_under_prices_without(world: World) -> None:
    """The book says gross until July, net from then on. 82.32 gross was paid for memory, 13.72 of it tax: half of it
    for 90 of 183 days is 16.87 and 3.37 of tax, as it would have been under the old book."""
    world.open("2026-06-01T08:00+09:00", rounding="half_up")
    begin = world.clock.now() - timedelta(days=1)
    product: Product = world.product("eu-box", "EU-BOX", begin, Decimal("0.20"))
    kinds = [
        ResourceType.objects.create(
            product=product, code=code, name=code.title(), minimum=1, maximum=50, position=n
        )
        for n, code in enumerate(("memory", "slots"))
    ]
    for version, (prices, included) in enumerate(
        ((("4.90", "0.10"), True), (("4.08333333", "0.08333333"), False))
    ):
        starts_at = begin + timedelta(days=40 * version)
        book = PriceBook.objects.create(
            product=product, currency="EUR", version=version + 1, starts_at=starts_at, tax_included=included
        )
        for kind, monthly in zip(kinds, prices, strict=True):
            Rate.objects.create(price_book=book, resource_type=kind, monthly=Decimal(monthly))
    box = world.service(
        {"memory": 4, "slots": 10}, paid=8_652, name="box-01", currency="EUR", product=product
    )
    world.at("2026-09-01T10:00+09:00")
    world.change(box, memory=2)
    world.work()
    note = CreditNote.objects.get()
    assert (note.net_minor, note.tax_minor, note.gross_minor) == (1_687, 337, 2_024)


def test_what_was_paid_before_tax_comes_back_with_it_under_prices_with_tax(world: World) -> None:
    """8,820 and 882 of tax were paid for seven backups. Three of them on 15 August: (8,820 + 882) x 107/183 x 3/7 =
    2,431.18 with tax, of which 882 x 107/183 x 3/7 = 221.02 are tax."""
    web = world.web_01("2026-08-15T14:02+09:00")
    dearer(world, NOON - timedelta(days=40), "1.1", tax_included=True)
    world.change(web, backups=4)
    world.work()
    note = CreditNote.objects.get()
    assert (note.net_minor, note.tax_minor, note.gross_minor) == (2_210, 221, 2_431)


# --- currencies of 0, 2 and 3 decimals, from the first estimate to the credit ---

STORY = {
    # currency: monthly price of a GB, paid with tax; upgrade net, tax; credit net, tax; how the amount is shown
    "JPY": ("450", 8_316, (3_240, 324), (1_056, 105), "¥3,564"),
    "USD": ("4.50", 8_316, (3_240, 324), (1_056, 105), "$35.64"),
    "KWD": ("1.350", 24_948, (9_720, 972), (3_169, 316), "KWD 10.692"),
}


@pytest.mark.parametrize("currency", STORY)
def test_a_whole_story_in_a_currency(world: World, currency: str) -> None:
    """1 September, 3.0 months, 20 % off: 4 to 7 GB. The next day one GB goes: a third of it for 89 of 91 days, in fils
    3.16879 and 0.31688 of tax (down)."""
    _monthly, paid, bought, credited, shown = STORY[currency]
    world.open("2026-06-01T08:00+09:00")
    begin = world.clock.now() - timedelta(days=1)
    product: Product = world.product("one", "ONE", begin, Decimal("0.10"))
    kind = ResourceType.objects.create(
        product=product, code="memory", name="Memory", unit="GB", minimum=1, maximum=16
    )
    for code, (rate, *_rest) in STORY.items():
        book = PriceBook.objects.create(product=product, currency=code, starts_at=begin)
        Rate.objects.create(price_book=book, resource_type=kind, monthly=Decimal(rate))
    one = world.service({"memory": 4}, paid=paid, name="one-01", currency=currency, product=product)

    world.at("2026-09-01T10:00+09:00")
    client = Client()
    client.force_login(world.owner)
    page = words(client.get(reverse("portal:change", args=[one.pk]), {"memory": "7"}))
    assert f"Due today{shown}" in page.replace("\u00a0", " ")
    change = world.change(one, memory=7)
    world.pay(change)
    world.work()
    assert world.reread(change).status == states.APPLIED
    invoice = Invoice.objects.get()
    assert (invoice.net_minor, invoice.tax_minor) == bought

    world.at("2026-09-02T10:00+09:00")
    world.change(one, memory=6)
    world.work()
    note = CreditNote.objects.get()
    assert (note.net_minor, note.tax_minor) == credited
    assert world.credit(currency) == sum(credited)
    assert world.measured(one) == {"memory": 6}
    # The credit pays for the way back up, and only the rest is due.
    again = world.change(one, memory=7)
    world.pay(again)
    world.work()
    assert world.reread(again).status == states.APPLIED
    assert world.credit(currency) == 0
    cash = sum(bought) + again.gross_minor - sum(credited)
    assert world.ledger(currency)["gateway/sandbox/clearing"] == cash
