"""Submit looks at everything again under the lock: whose quote, how old, what has happened since, who may pay."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.http import Http404

from prorata.catalog.models import DiscountSchedule, DiscountTier, PriceBook, Rate
from prorata.changes import states
from prorata.changes.cancel import cancel
from prorata.changes.estimate import estimate
from prorata.changes.inputs import replay
from prorata.changes.models import Change, SecurityEvent
from prorata.changes.refusals import Refused, words
from prorata.changes.situation import situation
from prorata.changes.submit import submit
from prorata.customers.models import Membership, User
from prorata.invoices.models import Invoice, Layer
from prorata.payments.checkout import start_checkout
from prorata.provisioning.silence import fell_silent
from prorata.services.models import Service
from support.world import World

GAP = "\u00a0"


@pytest.fixture
def web(world: World) -> Service:
    return world.web_01("2026-08-15T14:02+09:00")


def member(world: World, role: str) -> User:
    person = User.objects.create_user(f"{role}@example.com", "a-long-password", name=role)
    Membership.objects.create(customer=world.customer, user=person, role=role)
    return person


# --- what has happened since ----------------------------------------------------------------------------------


def test_a_quote_submitted_twice_is_one_change_with_one_invoice(world: World, web: Service) -> None:
    quote = world.quote(web, memory=8)
    first = world.submit(quote)
    with world.unchanged():
        assert world.submit(quote) == first
    world.pay(first)
    world.work()
    with world.unchanged():
        assert world.submit(quote) == first
    assert (Change.objects.count(), Invoice.objects.count()) == (1, 1)


def test_a_downgrade_submitted_twice_gives_its_credit_once(world: World, web: Service) -> None:
    quote = world.quote(web, backups=4)
    first = world.submit(quote)
    assert world.submit(quote) == first
    world.work()
    assert world.submit(quote) == first
    world.work()
    assert world.log() == [("reduced", 2_431, 2_431)]


def test_a_service_has_one_open_change(world: World, web: Service) -> None:
    """Two tabs: the second is told which change is open, by estimate, quote and submit alike."""
    second = world.quote(web, cpu=4)
    first = world.change(web, memory=8)
    said = f"Change {first.reference} of this service is still open. Finish or cancel it first."
    with world.refusing(said):
        world.submit(second)
    with world.refusing(said):
        world.quote(web, cpu=4)
    with world.refusing(said):
        estimate(situation(web), {"cpu": 4})

    cancel(world.owner, first.reference)
    assert world.submit(second).status == states.AWAITING_PAYMENT


def test_a_price_is_good_for_half_an_hour(world: World, web: Service) -> None:
    quote, late = world.quote(web, memory=8), world.quote(web, cpu=4)
    world.at("2026-08-15T14:31:59+09:00")
    change = world.submit(quote)
    cancel(world.owner, change.reference)

    world.at("2026-08-15T14:32+09:00")
    with world.refusing("This price was valid until 14:32\u00a0JST. Renew the price to go on."):
        world.submit(late)


def test_a_service_that_changed_since_the_quote_asks_for_a_new_one(world: World, web: Service) -> None:
    old = world.quote(web, memory=8, cpu=4)
    world.change(web, backups=4)
    world.work()
    with world.refusing("The service changed since this price was made."):
        world.submit(old)


def test_a_service_that_is_not_active_cannot_be_changed(world: World, web: Service) -> None:
    quote = world.quote(web, memory=8)
    Service.objects.filter(pk=web.pk).update(
        status=Service.Status.SUSPENDED, status_reason="An invoice is overdue."
    )
    said = "Changes are possible when the service is Active. It is Suspended now. An invoice is overdue."
    with world.refusing(said):
        world.submit(quote)
    with world.refusing(said):
        world.quote(web, memory=8)
    with world.refusing(said):
        estimate(situation(world.reread(web)), {"memory": 8})
    Service.objects.filter(pk=web.pk).update(status=Service.Status.TERMINATED, status_reason="")
    with world.refusing("Changes are possible when the service is Active. It is Terminated now."):
        world.submit(quote)


def test_the_quoted_price_holds_though_prices_and_discounts_rise(world: World, web: Service) -> None:
    """Quoted at 450 and 20 % off; a minute later memory costs 900 and nothing is taken off. 5,596 is what is paid."""
    quote = world.quote(web, memory=8)
    world.at("2026-08-15T14:03+09:00")
    dearer(world)

    change = world.submit(quote)
    world.pay(change)
    world.work()

    assert world.reread(change).status == states.APPLIED
    assert Invoice.objects.get().gross_minor == 5_596
    layer = Layer.objects.get(origin=change.origin)
    assert (layer.price_book.version, layer.low_price, layer.high_price) == (1, 1_800, 3_600)
    assert world.quote(web, memory=12).net_minor == 12_720, "4 x 900 x 106/30, no discount any more"


def test_a_stored_quote_gives_the_same_figures_for_ever(world: World, web: Service) -> None:
    """Mixed, with layers and a carry; replayed after prices, discounts, tax and the service have changed."""
    world.change(web, backups=5)
    world.work()
    assert world.reread(web).carry != 0
    quote = world.quote(web, cpu=4, memory=8, backups=3, snapshots=1)
    before = quote.figures
    world.change(web, disk=120)
    dearer(world)
    world.cloud.tax_rate = Decimal("0.25")
    world.cloud.save()
    world.at("2026-10-15T14:03+09:00")

    price, paper = replay(world.reread(quote).inputs)

    assert (paper.net, paper.tax, paper.gross) == (
        before["net_minor"],
        before["tax_minor"],
        before["gross_minor"],
    )
    printed = [(x["code"], x["net_minor"], x["tax_minor"], x["gross_minor"]) for x in before["lines"]]
    assert [(x.name, x.net, x.tax, x.gross) for x in paper.lines] == printed
    assert [(x.name, str(x.exact), x.capped) for x in price.lines] == [
        (x["code"], x["exact"], x["capped"]) for x in before["lines"]
    ]
    assert (str(price.carry_in), str(price.carry_out)) == (before["carry_in"], before["carry_out"])
    assert str(price.time_left.months) == before["time_left"]["months"] == "53/15"


def dearer(world: World) -> None:
    """From now on everything costs twice as much, and length earns nothing."""
    now = world.clock.now()
    book = PriceBook.objects.create(product=world.cloud, currency="JPY", version=2, starts_at=now)
    for rate in Rate.objects.filter(price_book__product=world.cloud, price_book__version=1):
        Rate.objects.create(price_book=book, resource_type=rate.resource_type, monthly=rate.monthly * 2)
    schedule = DiscountSchedule.objects.create(product=world.cloud, version=2, starts_at=now)
    DiscountTier.objects.create(schedule=schedule, months=1, off=Decimal(0))


# --- whose quote, and who may ---------------------------------------------------------------------------------


def test_another_customers_quote_does_not_exist(world: World, web: Service) -> None:
    quote = world.quote(web, memory=8)
    _, stranger = world.new_customer("Mori Trading", "mori@example.com")
    with world.unchanged():
        for nobody in (stranger, User.objects.create_user("alone@example.com", "a-long-password")):
            with pytest.raises(Http404):
                world.submit(quote, by=nobody)
            with pytest.raises(Http404):
                world.quote(web, by=nobody, memory=8)
        with pytest.raises(Http404):
            submit(world.owner, "Q-0000-0000", shown_due_minor=0)
    change = world.submit(quote)
    with world.unchanged():
        with pytest.raises(Http404):
            cancel(stranger, change.reference)
        with pytest.raises(Http404):
            start_checkout(stranger, change.invoice, "card")


@pytest.mark.parametrize("amount", [-1, 5_597, 10**12])
def test_an_amount_that_was_never_quoted_changes_nothing_and_is_noted(
    world: World, web: Service, amount: int
) -> None:
    quote = world.quote(web, memory=8)
    with world.refusing("The amount sent is not the amount quoted."):
        world.submit(quote, shown_due_minor=amount)
    noted = SecurityEvent.objects.get()
    assert (noted.kind, noted.user, noted.about) == ("tampered_amount", world.owner, quote.reference)


def test_a_smaller_amount_than_is_due_buys_nothing(world: World, web: Service) -> None:
    quote = world.quote(web, memory=8)
    for amount in (0, 1, 5_595):
        with world.refusing("Your available credit changed since this page was made."):
            world.submit(quote, shown_due_minor=amount)


def test_something_due_needs_a_way_to_pay(world: World, web: Service) -> None:
    quote = world.quote(web, memory=8)
    for method in ("", "gold"):
        with world.refusing("Choose how you want to pay."):
            world.submit(quote, method=method)


def test_a_reader_sees_and_changes_nothing(world: World, web: Service) -> None:
    reader = member(world, "reader")
    quote = world.quote(web, memory=8)
    with world.unchanged():
        with pytest.raises(Http404):
            world.quote(web, by=reader, memory=8)
        with pytest.raises(Http404):
            world.submit(quote, by=reader)
    change = world.submit(quote)
    with world.unchanged():
        with pytest.raises(Http404):
            cancel(reader, change.reference)
        with pytest.raises(Http404):
            start_checkout(reader, change.invoice, "card")


def test_a_technician_chooses_and_somebody_else_pays(world: World, web: Service) -> None:
    """Also when credit would cover it: spending credit is paying."""
    technician, billing = member(world, "technical"), member(world, "billing")
    world.gift(9_000, until="2026-09-30T00:00+09:00")
    quote = world.quote(web, by=technician, memory=8)
    with world.refusing("You may choose a change, but not pay for it."):
        world.submit(quote, by=technician)
    with world.unchanged(), pytest.raises(Http404):
        world.submit(quote, by=billing)

    change = world.submit(quote, use_gifted=False)
    with world.unchanged(), pytest.raises(Http404):
        start_checkout(technician, change.invoice, "card")
    assert start_checkout(billing, change.invoice, "card").startswith("http")


def test_a_technician_may_reduce_by_himself(world: World, web: Service) -> None:
    technician = member(world, "technical")
    change = world.change(web, by=technician, backups=4)
    world.work()
    assert world.reread(change).status == states.APPLIED
    assert world.credit() == 2_431


def test_somebody_who_left_does_nothing_any_more(world: World, web: Service) -> None:
    quote = world.quote(web, memory=8)
    world.owner.is_active = False
    world.owner.save()
    with world.unchanged(), pytest.raises(Http404):
        world.submit(quote)


# --- room on the host -----------------------------------------------------------------------------------------


def test_room_that_another_customer_holds_cannot_be_sold_again(world: World) -> None:
    """12 GB on the host, 4 for each machine. Both may look at 8; the first to submit holds the room."""
    world.open("2026-06-01T08:00+09:00")
    web = world.service(paid=34_188, capacity={"memory": 12})
    mori, owner = world.new_customer("Mori Trading", "mori@example.com")
    other = world.service(paid=34_188, name="shop-01", customer=mori)
    world.at("2026-08-15T14:02+09:00")
    mine, theirs = world.quote(web, memory=8), world.quote(other, by=owner, memory=8)
    first = world.submit(mine)

    with world.refusing("The host has no room for more Memory now: another change took it."):
        world.submit(theirs, by=owner)
    with world.refusing("Memory cannot go above 4\u00a0GB on this host."):
        world.quote(other, by=owner, memory=6)

    cancel(world.owner, first.reference)
    assert world.submit(theirs, by=owner).status == states.AWAITING_PAYMENT


def test_room_that_was_just_used_is_not_sold_from_an_old_reading(world: World) -> None:
    """The first change is applied at 14:03; the second customer's machine was measured at 14:02, and is silent at Submit."""
    world.open("2026-06-01T08:00+09:00")
    web = world.service(paid=34_188, capacity={"memory": 12})
    mori, owner = world.new_customer("Mori Trading", "mori@example.com")
    other = world.service(paid=34_188, name="shop-01", customer=mori)
    world.at("2026-08-15T14:02+09:00")
    theirs = world.quote(other, by=owner, memory=8)
    world.at("2026-08-15T14:03+09:00")
    world.pay(world.change(web, memory=8))
    world.work()
    assert world.measured(web)["memory"] == 8

    fell_silent(other, "no answer")
    with world.refusing("The host has no room for more Memory now: another change took it."):
        world.submit(theirs, by=owner)
    world.measure(other)
    with world.refusing(f"Memory cannot go above 4{GAP}GB on this host."):
        world.submit(theirs, by=owner)


# --- the end of the term --------------------------------------------------------------------------------------


def test_on_the_last_day_one_day_is_charged(world: World, web: Service) -> None:
    """1 December, ends at 08:00: 1,800 x 1/31, no discount: 58.06 is 58, tax 5. Due and done before 08:00."""
    world.at("2026-12-01T07:30+09:00")
    change = world.change(web, memory=8)
    assert (change.invoice.net_minor, change.invoice.tax_minor) == (58, 5)
    assert change.deadline == datetime.fromisoformat("2026-12-01T08:00+09:00")
    world.pay(change)
    world.work()

    assert world.reread(change).status == states.APPLIED
    assert world.measured(web)["memory"] == 8
    assert world.reread(web).carry == Decimal("0.06451613")
    layer = Layer.objects.get(origin=change.origin)
    assert (layer.ends - layer.starts, layer.amount) == (timedelta(days=1), Decimal("58.06451613"))


def test_on_the_last_day_a_reduction_gives_nothing_back(world: World, web: Service) -> None:
    """The day in progress was charged whole: the change costs nothing and gives nothing."""
    world.at("2026-12-01T07:30+09:00")
    change = world.change(web, backups=4)
    assert (change.gross_minor, change.status) == (0, states.APPLYING)
    world.work()
    assert world.reread(change).status == states.APPLIED
    assert world.measured(web)["backups"] == 4
    assert (world.credit(), world.ledger()) == (0, {})


def test_after_the_term_nothing_can_be_changed(world: World, web: Service) -> None:
    world.at("2026-12-01T07:45+09:00")
    quote = world.quote(web, memory=8)
    assert quote.expires_at == web.term_ends_at
    world.at("2026-12-01T08:00+09:00")
    with pytest.raises(Refused) as caught:
        estimate(situation(web), {"memory": 8})
    assert words(caught.value.refusals[0]).startswith("The term of this service has ended.")
    with world.refusing("The term of this service has ended."):
        world.quote(web, memory=8)
    with world.refusing("This price was valid until 08:00\u00a0JST."):
        world.submit(quote)


def test_a_change_that_is_unpaid_when_the_term_ends_is_over_with_it(world: World, web: Service) -> None:
    world.at("2026-12-01T07:45+09:00")
    change = world.change(web, memory=8)
    world.wait(minutes=20)
    assert world.reread(change).status == states.EXPIRED
    assert (world.credit(), world.ledger()) == (0, {})
