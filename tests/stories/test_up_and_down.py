"""Prices over several changes: options, nothing to pay, the carry, and nobody ever earns by going up and down."""

from __future__ import annotations

import random
from datetime import timedelta
from decimal import Decimal

import pytest

from prorata.catalog.values import book
from prorata.changes import states
from prorata.changes.models import Change
from prorata.credit.models import Purse
from prorata.invoices.models import CreditNote, CreditNoteLine, Invoice, Layer, Unwinding
from prorata.recognition.models import Opening
from prorata.services.models import Service
from support.books import assert_books_hold
from support.world import World

ONE_HOUR, ONE_DAY = timedelta(hours=1), timedelta(days=1)


def done(world: World, service: Service, **wanted: int | str) -> Change:
    """A change, paid by card as far as credit does not cover it, and worked off."""
    change = world.change(service, **wanted)
    if change.status == states.AWAITING_PAYMENT:
        world.pay(change)
    world.work()
    return world.reread(change)


# --- options, untaxed, in dollars -----------------------------------------------------------------------------


def test_an_untaxed_option_costs_the_published_price(world: World) -> None:
    """1C1G 65 to 2C4G 218 USD on 15 August with an end of 1 December: 153 x 106/30 x 0.80 = 432.48."""
    world.open("2026-06-01T08:00+09:00")
    cvm = world.cvm_01()
    world.at("2026-08-15T10:00+09:00")

    change = done(world, cvm, instance_type="2c4g")

    assert change.status == states.APPLIED
    assert world.measured(cvm) == world.reread(cvm).configuration == {"instance_type": "2c4g"}
    assert world.hypervisor.restarts(cvm.external_id) == 1
    invoice = Invoice.objects.get()
    assert (invoice.net_minor, invoice.tax_minor, invoice.gross_minor, invoice.currency) == (
        43_248,
        0,
        43_248,
        "USD",
    )
    assert invoice.lines.get().text == "Instance type 1C1G to 2C4G"
    assert world.ledger("USD") == {"gateway/sandbox/clearing": 43_248, "revenue/deferred": -43_248}
    layer = Layer.objects.get(origin=change.origin)
    assert (layer.low, layer.high, layer.low_price, layer.high_price) == ("1c1g", "2c4g", 65, 218)
    assert (layer.amount, layer.tax) == (Decimal("432.48"), 0)


def test_an_option_taken_back_gives_at_most_what_was_paid_for_it(world: World) -> None:
    """The worked example. Up on 1 September, 3 months left: 153 x 3 x 0.80 = 367.20. Down on the 2nd the formula says
    453.90; the layer holds 367.20 for 91 days, 89 are left: 359.13."""
    world.open("2026-06-01T08:00+09:00")
    cvm = world.cvm_01()
    world.at("2026-09-01T10:00+09:00")
    assert done(world, cvm, instance_type="2c4g").gross_minor == 36_720
    world.at("2026-09-02T10:00+09:00")

    change = done(world, cvm, instance_type="1c1g")

    assert (change.gross_minor, change.status) == (-35_913, states.APPLIED)
    assert change.quote.figures["lines"][0]["capped"] is True
    assert change.quote.figures["back_today_minor"] == 45_390, "going back today costs the rate of today"
    assert world.credit("USD") == 35_913
    assert world.measured(cvm) == {"instance_type": "1c1g"}
    assert world.ledger("USD") == {
        "gateway/sandbox/clearing": 36_720, "purse/1": -35_913, "revenue/deferred": -807,
    }  # fmt: skip
    assert world.ledger("JPY") == {}
    unwound = Unwinding.objects.get()
    assert (unwound.layer.origin, unwound.top_price, unwound.left_price) == (
        Invoice.objects.get().origin,
        218,
        65,
    )


def test_an_option_two_steps_up_comes_down_one_step_by_its_own_share(world: World) -> None:
    """65 to 420 on 1 September: 355 x 3 x 0.80 = 852.00. The next day 89 of 91 days are left, 833.27 in all. Down to 218
    is 202 of 355 of it, 474.145: 474.15; down to 65 the rest, 359.13, of which the carry holds back the cent."""
    world.open("2026-06-01T08:00+09:00")
    cvm = world.cvm_01()
    world.at("2026-09-01T10:00+09:00")
    assert done(world, cvm, instance_type="4c8g").gross_minor == 85_200
    world.at("2026-09-02T10:00+09:00")
    assert done(world, cvm, instance_type="2c4g").gross_minor == -47_415
    assert done(world, cvm, instance_type="1c1g").gross_minor == -35_912
    assert world.credit("USD") == 83_327


# --- nothing to pay -------------------------------------------------------------------------------------------


def test_a_change_that_costs_exactly_nothing_needs_no_invoice(world: World) -> None:
    """Backups 7 to 6 (300 a month) and snapshots 2 to 4 (300 a month). The term was paid at twice the price, so the cap
    does not bite, and the two lines cancel out to the unit."""
    world.open("2026-06-01T08:00+09:00")
    web = world.service(paid=68_376)
    world.at("2026-08-15T14:02+09:00")

    change = world.change(web, backups=6, snapshots=4)

    assert (change.gross_minor, change.invoice, change.status) == (0, None, states.APPLYING)
    assert [line["net_minor"] for line in change.quote.figures["lines"]] == [-848, 848]
    world.work()
    assert world.reread(change).status == states.APPLIED
    assert (
        world.measured(web) | {"backups": 6, "snapshots": 4}
        == world.measured(web)
        == world.reread(web).configuration
    )
    assert (world.ledger(), world.log()) == ({}, [])
    assert not CreditNote.objects.exists()
    layer = Layer.objects.get(origin=change.origin)
    assert (layer.component, layer.amount) == ("snapshots", 848), "it stands for what the backups brought"


# --- the carry ------------------------------------------------------------------------------------------------


def test_small_changes_stay_within_one_unit_of_the_exact_sum(world: World) -> None:
    """One snapshot more each day, 150 x 0.80 a month, term until 20 January: 3 months and 15, 14, 13 of 31 days left.
    Exact 418.06451613 + 414.19354839 + 410.32258065 = 1,242.58064517; charged 418, 414 and 411."""
    world.open("2026-07-20T08:00+09:00")
    web = world.service(paid=34_188)
    charged, carried = [], []
    for day, snapshots in (("05", 3), ("06", 4), ("07", 5)):
        world.at(f"2026-10-{day}T10:00+09:00")
        charged.append(done(world, web, snapshots=snapshots).invoice.net_minor)
        carried.append(world.reread(web).carry)
    assert charged == [418, 414, 411]
    assert carried == [Decimal("0.06451613"), Decimal("0.25806452"), Decimal("-0.41935483")]


def test_a_cancelled_change_leaves_the_carry_alone(world: World) -> None:
    world.open("2026-07-20T08:00+09:00")
    web = world.service(paid=34_188)
    world.at("2026-10-05T10:00+09:00")
    change = world.change(web, snapshots=3)
    world.wait(minutes=66)
    assert world.reread(change).status == states.EXPIRED
    assert world.reread(web).carry == 0


# --- never a profit -------------------------------------------------------------------------------------------


def test_up_and_down_at_one_instant_costs_at_most_the_day(world: World) -> None:
    """Up for 5,596 and down at once: 107 of 108 days come back, and nothing more however often it is done."""
    web = world.web_01("2026-08-15T14:02+09:00")
    paid = back = 0
    for _ in range(3):
        paid += done(world, web, memory=8).gross_minor
        back -= done(world, web, memory=4).gross_minor
    assert paid == 3 * 5_596
    assert back == 3 * 5_544
    assert back < paid


@pytest.mark.parametrize("seed", [1, *(pytest.param(n, marks=pytest.mark.prove) for n in range(2, 10))])
def test_no_sequence_of_changes_gives_back_more_than_was_paid(world: World, seed: int) -> None:
    """Fifteen random changes with gifts in between; after each one the books hold and nobody has earned anything. Every day
    is recognised: deferred revenue is never below nothing by more than roundings, and is nothing when the term is over."""
    chance = random.Random(seed)
    world.open("2026-06-01T08:00+09:00")
    web = world.service(paid=34_188)
    steps = {"cpu": [1, 2, 3, 4, 6], "memory": [1, 2, 4, 8, 12], "backups": range(15), "snapshots": range(11)}
    applied = gifts = 0
    while applied < 15:
        world.clock.forward(chance.choice([ONE_HOUR, ONE_DAY, 9 * ONE_DAY]))
        world.recognise()
        if Opening.objects.exists():  # it comes in the first night
            assert world.ledger().get("revenue/deferred", 0) <= CreditNoteLine.objects.count()
        if chance.random() < 0.4:
            amount = chance.randrange(1, 4_000)
            world.gift(amount, until="2027-06-01T00:00+09:00")
            gifts += amount
        wanted = {code: chance.choice(list(stops)) for code, stops in steps.items() if chance.random() < 0.5}
        if all(web.configuration[code] == value for code, value in wanted.items()):
            continue
        change = done(world, web, **wanted)
        web = world.reread(web)
        applied += 1
        assert change.status == states.APPLIED
        assert world.measured(web) == web.configuration
        assert_books_hold()
        assert_no_profit(world, web, gifts)
    assert CreditNote.objects.count() >= 2, "the sequence went down as well as up"
    world.at("2026-12-02T00:17+09:00")
    world.recognise()
    ledger = world.ledger()
    invoiced = sum(Invoice.objects.filter(status="paid").values_list("net_minor", flat=True))
    given = sum(CreditNote.objects.values_list("net_minor", flat=True))
    assert ledger["revenue/earned/bestnet-cloud"] == -(31_080 + invoiced - given)
    assert "revenue/deferred" not in ledger


def assert_no_profit(world: World, web: Service, gifts: int) -> None:
    """Cash out is at most cash in, gifted credit never exceeds what was given, and layers stand for what runs."""
    cash_in = 34_188 + sum(Invoice.objects.filter(status="paid").values_list("received_minor", flat=True))
    account = sum(Purse.objects.filter(kind="account").values_list("balance_minor", flat=True))
    gifted = sum(Purse.objects.filter(kind="gifted").values_list("balance_minor", flat=True))
    assert account <= cash_in
    assert 0 <= gifted <= gifts
    assert abs(world.reread(web).carry) <= Decimal("0.5")
    values = book(Layer.objects.first().price_book_id)
    for code, value in world.reread(web).configuration.items():
        standing = sum(
            min((u.left_price for u in layer.unwindings.all()), default=layer.high_price) - layer.low_price
            for layer in Layer.objects.filter(component=code).prefetch_related("unwindings")
        )
        assert standing == values.monthly(code, value), code
