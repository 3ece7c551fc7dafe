"""A product whose cores are tiered and whose slots are priced by volume."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from prorata.catalog.models import PriceBook, Product, Rate, RateBand, ResourceType
from prorata.catalog.values import forget
from prorata.changes import states
from prorata.changes.inputs import replay
from prorata.changes.situation import situation
from prorata.invoices.models import CreditNote, Invoice, Layer
from prorata.portal.offer import offer
from prorata.services.models import Service
from support.forms import words
from support.world import World

CORES = ((4, "10", "0"), (None, "8", "0"))
SLOTS = ((9, "1.00", "0"), (None, "0.90", "0"))


@pytest.fixture
def box(world: World) -> Service:
    """Two cores at 10 USD and 8 slots at 1 USD for six months, 30 % off: 117.60 was paid, 84 of it for the cores."""
    world.open("2026-06-01T08:00+09:00")
    begin = world.clock.now() - timedelta(days=1)
    product: Product = world.product("bands", "BANDS", begin, Decimal(0))
    book = PriceBook.objects.create(product=product, currency="USD", starts_at=begin)
    for position, (code, form, bands) in enumerate((("cores", "tiered", CORES), ("slots", "volume", SLOTS))):
        kind = ResourceType.objects.create(
            product=product,
            code=code,
            name=code.title(),
            unit_word=code[:-1],
            minimum=1,
            maximum=16,
            position=position,
        )
        with transaction.atomic():
            rate = Rate.objects.create(price_book=book, resource_type=kind, form=form)
            for up_to, unit, flat in bands:
                RateBand.objects.create(rate=rate, up_to=up_to, unit=Decimal(unit), flat=Decimal(flat))
    return world.service(
        {"cores": 2, "slots": 8}, paid=11_760, name="box-01", currency="USD", product=product
    )


def test_growing_into_the_next_band_and_back(world: World, box: Service) -> None:
    """1 September, 3.0 months, 20 % off: 2 to 6 cores are (56 - 20) x 3 x 0.80 = 86.40. The next day one core goes:
    the formula gives (48 - 56) x 89/30 = -23.73, the layer 86.40 x 89/91 x 8/36 = 18.78."""
    world.at("2026-09-01T10:00+09:00")
    quote = world.quote(box, cores=6)
    assert quote.gross_minor == 8_640
    assert replay(quote.inputs)[0].lines[0].component.new_made == "4 × 10 + 2 × 8"
    change = world.submit(quote)
    world.pay(change)
    world.work()
    assert world.reread(change).status == states.APPLIED
    layer = Layer.objects.get(origin=change.origin)
    assert (layer.low_price, layer.high_price, layer.amount) == (20, 56, Decimal("86.40"))
    assert quote.figures["renewal_after_minor"] == 26_880  # (56 + 8) x 6 x 0.70
    world.at("2026-09-02T10:00+09:00")
    back = world.change(box, cores=5)
    world.work()
    assert world.reread(back).status == states.APPLIED
    assert CreditNote.objects.get().gross_minor == 1_878
    assert world.credit("USD") == 1_878
    # All the way down to two: the rest of the layer, and nothing of what was paid in June for the first two.
    world.change(box, cores=2)
    world.work()
    assert world.credit("USD") == 8_450  # 86.40 x 89/91 = 84.501


def test_a_step_that_costs_nothing_is_made_without_an_invoice(world: World, box: Service) -> None:
    """Nine slots are 9.00 a month and ten are 9.00: from eight to nine something is due, from there to ten nothing."""
    world.at("2026-09-01T10:00+09:00")
    world.pay(world.change(box, slots=9))
    world.work()
    assert Invoice.objects.get().gross_minor == 240  # 1 x 3 x 0.80
    world.change(box, slots=10)
    world.work()
    assert Invoice.objects.count() == 1
    assert world.measured(box)["slots"] == 10
    assert world.credit("USD") == 0
    # Back to eight both steps return what was paid for them: 2.40 x 90/91.
    world.at("2026-09-02T10:00+09:00")
    world.change(box, slots=8)
    world.work()
    assert world.credit("USD") == 235  # 2.40 x 89/91 = 2.347


def test_the_page_says_how_a_price_is_made_up(world: World, box: Service) -> None:
    world.at("2026-09-01T10:00+09:00")
    cards = {card.code: card.rate for card in offer(situation(box), {})["cards"]}
    assert cards == {
        "cores": "$10.00 to $8.00 per core and month, by how many",
        "slots": "$1.00 to $0.90 per slot and month, by how many",
    }
    client = Client()
    client.force_login(world.owner)
    page = words(client.get(reverse("portal:change", args=[box.pk]), {"cores": "6"}))
    assert "Cores before: 2 × 1020 a month" in page, "label and figure stand in cells of their own"
    assert "Cores after: 4 × 10 + 2 × 856 a month" in page
    assert "Cores (56 − 20)" in page


def test_only_the_bands_that_can_be_reached_are_spoken_of(world: World, box: Service) -> None:
    box.product.resource_types.filter(code="cores").update(maximum=4)
    band = RateBand.objects.filter(rate__resource_type__code="slots", up_to=9)
    flat = band.get().flat
    band.update(flat=Decimal(2))
    forget()
    cards = {card.code: card.rate for card in offer(situation(box), {})["cards"]}
    assert cards["cores"] == "$10.00 per core and month"
    assert cards["slots"] == "$1.00 to $0.90 per slot and month, by how many, and a fee in some bands"
    # A book that was bought from is never edited, and verify would say so: the story puts it back.
    band.update(flat=flat)
    forget()
