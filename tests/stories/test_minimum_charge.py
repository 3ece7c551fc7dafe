"""A price book's minimum charge: the least that a change that costs something is charged."""

from __future__ import annotations

from decimal import Decimal

import pytest

from prorata.catalog.models import PriceBook
from prorata.catalog.values import forget
from prorata.changes.inputs import replay
from prorata.invoices.models import CreditNote, InvoiceLine, Layer
from prorata.services.models import Service
from support.portal import part, person, text
from support.world import World


@pytest.fixture
def web(world: World) -> Service:
    """web-01, under a price list that charges 500 yen at least."""
    web = world.web_01("2026-08-15T14:02+09:00")
    PriceBook.objects.filter(product=world.cloud).update(minimum_charge_minor=500)
    forget()
    return web


def test_a_small_change_is_raised_to_the_minimum(world: World, web: Service) -> None:
    """One snapshot more: 150 x 106/30 x 0.80 = 424, raised to 500, and 50 tax."""
    quote = world.quote(web, snapshots=3)
    assert (quote.net_minor, quote.tax_minor, quote.gross_minor) == (500, 50, 550)
    assert replay(quote.inputs)[1].gross == 550
    change = world.submit(quote)
    line = InvoiceLine.objects.get()
    assert (line.net_minor, line.raised_minor, line.price_minor(False)) == (500, 76, 424)
    world.pay(change)
    world.work()

    assert Layer.objects.get(origin=change.origin).amount == 500
    assert world.reread(web).carry == 0


def test_it_comes_back_only_by_the_formula(world: World, web: Service) -> None:
    """The next day: 150 x (3 + 15/30) x 0.80 = 420 by the formula, and the layer of 500 would give 500 x 106/108."""
    world.pay(world.change(web, snapshots=3))
    world.work()
    world.at("2026-08-16T10:00+09:00")
    world.change(web, snapshots=2)
    world.work()

    note = CreditNote.objects.get()
    assert (note.net_minor, note.tax_minor) == (420, 42)


def test_what_costs_more_and_what_gives_credit_are_left_alone(world: World, web: Service) -> None:
    assert world.quote(web, memory=8).net_minor == 5_088
    assert world.quote(web, backups=4).net_minor == -2_210


def test_a_mixed_change_counts_as_a_whole(world: World, web: Service) -> None:
    """Two snapshots more are 848, a backup less gives 736.72 of what was paid: 111.28 are charged as 500."""
    quote = world.quote(web, snapshots=4, backups=6)
    assert (quote.net_minor, quote.figures["raised_minor"]) == (500, 389)
    assert [line["net_minor"] for line in quote.figures["lines"]] == [-737, 1_237]


def test_a_voucher_is_taken_off_afterwards(world: World, web: Service) -> None:
    world.voucher(off=Decimal("0.5"))
    quote = world.quote(web, voucher="SUMMER", snapshots=3)
    assert (quote.net_minor, quote.figures["raised_minor"], quote.figures["discount_minor"]) == (250, 76, 250)


def test_going_back_today_names_it_too(world: World, web: Service) -> None:
    assert world.quote(web, snapshots=1).figures["back_today_minor"] == 550


def test_it_is_told_before_the_customer_starts_and_explained(world: World, web: Service) -> None:
    world.measure(web)
    aiko = person(world.owner)
    for page in (f"/services/{web.pk}/resources", f"/services/{web.pk}/change"):
        assert "A change that costs something costs at least ¥500, before tax." in text(aiko.get(page))
    page = aiko.post(
        f"/services/{web.pk}/estimate",
        {"cpu": "2", "memory": "4", "disk": "100", "backups": "7", "snapshots": "3"},
    )
    assert part(page, "total") == "¥550"
    assert "Minimum charge less than it is not charged +¥76" in text(page)
    assert "Minimum charge 500" in text(page)
