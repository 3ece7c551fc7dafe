"""Bought in a campaign, changed by the public list: what was really paid only caps what comes back."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from prorata.catalog.models import PriceBook, Rate
from prorata.catalog.values import live_book
from prorata.changes import states
from prorata.changes.adopt import CannotAdopt, adopt
from prorata.changes.estimate import estimate
from prorata.changes.situation import situation
from prorata.customers.models import User
from prorata.invoices.models import CreditNote, Layer
from prorata.services.models import Service
from support.forms import problems, send, words
from support.world import WEB, World

JUNE = datetime.fromisoformat("2026-06-01T08:00+09:00")


def campaign(world: World, part: str = "0.5", **other: str) -> PriceBook:
    """Everything at half price, or a resource at a price of its own, from 25 May to 30 June."""
    public = PriceBook.objects.public().get(product=world.cloud)
    book = PriceBook.objects.create(
        product=world.cloud, currency="JPY", version=2, campaign=True, starts_at=JUNE - timedelta(days=7),
        ends_at=JUNE + timedelta(days=29),
    )  # fmt: skip
    for rate in public.rates.select_related("resource_type"):
        assert rate.monthly is not None
        price = Decimal(other.get(rate.resource_type.code, rate.monthly * Decimal(part)))
        Rate.objects.create(price_book=book, resource_type=rate.resource_type, monthly=price)
    return book


def bought(world: World, book: PriceBook, paid: int) -> Service:
    machine = world.hypervisor.create_machine(dict(WEB), host="tokyo-1", usage={"memory": "0", "disk": "0"})
    return adopt(
        customer=world.customer, product=world.cloud, name="web-09", driver="sandbox", external_id=machine,
        term_starts_at=JUNE, term_ends_at=datetime.fromisoformat("2026-12-01T08:00+09:00"), term_months=6,
        configuration=dict(WEB), paid_minor=paid, currency="JPY", staff=None, bought_at=book.pk,
    )  # fmt: skip


@pytest.fixture
def web(world: World) -> Service:
    """web-09 for six months at half of 34,188: 17,094 were paid, 15,540 of it before tax, for memory 3,780."""
    world.open("2026-06-01T08:00+09:00")
    world.hypervisor.create_host("tokyo-1")
    return bought(world, campaign(world), 17_094)


def test_a_campaign_is_never_the_public_list(world: World, web: Service) -> None:
    """It is the newest book by far, and has started; prices and renewal are the public ones all the same."""
    for day in (JUNE, JUNE + timedelta(days=5), JUNE + timedelta(days=60)):
        assert live_book(world.cloud, "JPY", day).version == 1
    world.at("2026-08-15T14:02+09:00")
    found = estimate(situation(web), {"memory": 8})
    assert (found.monthly_before, found.monthly_after) == (7_400, 9_200)
    assert found.renewal_after_minor == 38_640  # 9,200 x 6 x 0.70


def test_bought_at_half_price_upgraded_at_the_public_difference_and_reduced(
    world: World, web: Service
) -> None:
    """15 August: (3,600 - 1,800) x 106/30 x 0.80 = 5,088 as for everybody. The next day memory goes from 8 to 2 GB: the
    formula says 2,700 x 3.5 x 0.80 = 7,560. What was paid and is unused: all of the upgrade, 5,088 x 106/108 = 4,993.78,
    and half of the 3,780 of the campaign, 1,890 x 106/183 = 1,094.75: together 6,088.53."""
    world.at("2026-08-15T14:02+09:00")
    up = world.change(web, memory=8)
    assert up.gross_minor == 5_596
    world.pay(up)
    world.work()
    world.at("2026-08-16T14:02+09:00")
    down = world.change(web, memory=2)
    world.work()
    assert world.reread(down).status == states.APPLIED
    note = CreditNote.objects.get()
    assert (note.net_minor, note.tax_minor, note.gross_minor) == (6_089, 608, 6_697)
    assert world.credit() == 6_697
    assert world.reread(web).carry == Decimal("0.46812386")
    # Everything else back to the least that is sold: never more than was paid for it all.
    world.change(web, cpu=1, disk=20, backups=0, snapshots=0, memory=1)
    world.work()
    assert world.credit() <= 17_094 + 5_596


def test_the_opening_layers_are_those_of_the_campaign(world: World, web: Service) -> None:
    layers = {
        one.component: (one.high_price, one.amount, one.tax) for one in Layer.objects.filter(service=web)
    }
    assert layers["memory"] == (900, 3_780, 378)
    assert sum(amount for _price, amount, _tax in layers.values()) == 15_540


def test_what_was_free_in_the_campaign_gives_nothing_back(world: World) -> None:
    """Memory cost nothing, the rest its ordinary price: 25,872 were paid for it, and none of it for memory."""
    world.open("2026-06-01T08:00+09:00")
    world.hypervisor.create_host("tokyo-1")
    web = bought(world, campaign(world, "1", memory="0"), 25_872)
    world.at("2026-08-15T14:02+09:00")
    down = world.change(web, memory=2)
    world.work()
    assert world.reread(down).status == states.APPLIED
    assert (down.gross_minor, world.credit()) == (0, 0)


def test_a_campaign_of_another_product_or_currency_is_refused(world: World) -> None:
    world.open("2026-06-01T08:00+09:00")
    world.hypervisor.create_host("tokyo-1")
    other = PriceBook.objects.get(product=world.vm)
    with pytest.raises(CannotAdopt, match="is not one of BESTNET-CLOUD in JPY"):
        bought(world, other, 100)
    dollars = campaign(world)
    PriceBook.objects.filter(pk=dollars.pk).update(currency="USD")
    with pytest.raises(CannotAdopt, match="is not one of BESTNET-CLOUD in JPY"):
        bought(world, dollars, 100)


# --- in the desk ---


def staff(world: World) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("ken@example.com", "a-long-password", name="Ken"))
    return client


def test_staff_adopt_what_was_bought_in_a_campaign(world: World) -> None:
    world.open("2026-06-01T08:00+09:00")
    world.hypervisor.create_host("tokyo-1")
    world.hypervisor.create_machine(dict(WEB), id="vm-9", host="tokyo-1", usage={"memory": "0", "disk": "0"})
    book, desk = campaign(world), staff(world)
    address = reverse("admin:services_service_adopt") + (
        f"?customer={world.customer.pk}&product={world.cloud.pk}&currency=JPY&driver=sandbox&external_id=vm-9"
    )
    page = desk.get(address)
    assert "the public price list of today" in words(page)
    assert "campaign v2, 2026-05-25 to 2026-06-30" in words(page)
    typed = {
        "name": "web-09", "term_starts_at": "2026-06-01T08:00:00", "term_ends_at": "2026-12-01T08:00:00",
        "term_months": "6", "paid": "17,094",
    }  # fmt: skip
    answer = send(desk, address, price_book=book.pk, **typed)
    assert answer.status_code == 302, problems(answer)
    assert Layer.objects.get(component="memory").price_book_id == book.pk


def test_staff_write_a_campaign(world: World) -> None:
    world.open("2026-06-01T08:00+09:00")
    desk, public = staff(world), PriceBook.objects.get(product=world.cloud)
    address = f"{reverse('admin:catalog_pricebook_add')}?from={public.pk}"
    past = "2026-05-25T00:00:00"
    for typed, says in (
        ({"campaign": "on", "starts_at": past}, "A campaign ends. Say when."),
        ({"campaign": "on", "starts_at": past, "ends_at": past}, "The campaign ends after it starts."),
        ({"ends_at": "2026-07-01T00:00:00"}, "A public price list counts until the next one starts."),
        ({"starts_at": past}, "The prices of the past stand."),
    ):
        assert says in words(send(desk, address, **typed)), typed
    answer = send(desk, address, campaign="on", starts_at=past, ends_at="2026-07-01T00:00:00")
    assert answer.status_code == 302, problems(answer)
    made = PriceBook.objects.get(campaign=True)
    assert made.version == 2
    assert live_book(world.cloud, "JPY", world.clock.now()).id == public.pk
    shown = words(desk.get(reverse("admin:catalog_pricebook_change", args=[made.pk])))
    assert "Campaign" in shown
    # A public book may start with it: they are not of one kind.
    assert send(desk, address, starts_at="2026-07-01T00:00:00").status_code == 302
