"""Terms in dollars and euros, with tax in the price, with cents that rounding has to place, and where clocks change."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from prorata.catalog.models import DiscountSchedule, DiscountTier, PriceBook, Product, Rate, ResourceType
from prorata.changes.models import SoldTerm
from prorata.changes.terms.renew import renewal_offer
from prorata.changes.terms.sell import offer
from prorata.invoices.models import CreditNote, Invoice, Layer
from prorata.services.models import Service
from support.world import World

BOX: dict[str, int | str] = {"memory": 4, "slots": 10}


def box(world: World, *, included: bool, memory: str = "4.90", tax: str = "0.20") -> Product:
    """Memory at 4.90 EUR a month and slots at 0.10, 20 % VAT in the prices or on top of them."""
    begin = world.clock.now() - timedelta(days=1)
    product: Product = world.product("eu-box", "EU-BOX", begin, Decimal(tax))
    book = PriceBook.objects.create(product=product, currency="EUR", starts_at=begin, tax_included=included)
    for position, (code, monthly) in enumerate((("memory", memory), ("slots", "0.10"))):
        kind = ResourceType.objects.create(
            product=product, code=code, name=code.title(), minimum=0, maximum=50, position=position
        )
        Rate.objects.create(price_book=book, resource_type=kind, monthly=Decimal(monthly))
    return product


def bought(world: World, product: Product, *, months: int = 6, starts: str = "") -> SoldTerm:
    wanted = world.wanted(
        months=months, product=product, currency="EUR", name="box-01", configuration=BOX, starts=starts
    )
    return pay(world, world.sell(wanted))


def pay(world: World, term: SoldTerm) -> SoldTerm:
    world.pay(term)
    world.work()
    found: SoldTerm = world.reread(term)
    assert found.status == "paid"
    return found


def amounts(term: SoldTerm) -> list[tuple[str, Decimal, Decimal]]:
    rows = Layer.objects.filter(origin=term.origin).order_by("id")
    return [(one.component, one.amount, one.tax) for one in rows]


def test_tax_is_in_the_price(world: World) -> None:
    """20.60 a month, six months at 30 % off: 86.52, of it a sixth tax: 14.42. Memory 82.32 and slots 4.20, gross."""
    world.open("2026-06-01T08:00+09:00", rounding="half_up")
    term = bought(world, box(world, included=True))
    assert (term.net_minor, term.tax_minor, term.gross_minor) == (7_210, 1_442, 8_652)
    assert amounts(term) == [
        ("memory", Decimal("82.32"), Decimal("13.72")), ("slots", Decimal("4.20"), Decimal("0.70")),
    ]  # fmt: skip
    assert world.ledger("EUR") == {
        "gateway/sandbox/clearing": 8_652, "revenue/deferred": -7_210, "tax/0.2": -1_442,
    }  # fmt: skip

    world.at("2026-09-01T10:00+09:00")
    renewal = pay(world, world.renew(term.service, 6))
    assert (renewal.net_minor, renewal.tax_minor, renewal.gross_minor) == (7_210, 1_442, 8_652)
    world.change(term.service, memory=2)
    world.work()
    # Half of memory: of the first term 41.16 x 90/183 = 20.24, of the next 41.16 whole; tax 3.37 and 6.86.
    note = CreditNote.objects.get()
    assert (note.net_minor, note.tax_minor, note.gross_minor) == (5_117, 1_023, 6_140)


def test_tax_is_on_top(world: World) -> None:
    """86.52 and 17.30 of tax, 17.304 rounded."""
    world.open("2026-06-01T08:00+09:00", rounding="half_up")
    term = bought(world, box(world, included=False))
    assert (term.net_minor, term.tax_minor, term.gross_minor) == (8_652, 1_730, 10_382)
    assert amounts(term) == [
        ("memory", Decimal("82.32"), Decimal("16.46")), ("slots", Decimal("4.20"), Decimal("0.84")),
    ]  # fmt: skip


def test_what_is_rounded_away_is_not_given_back(world: World) -> None:
    """Memory at 0.251225 is 1.0049 a month and costs 1.00. A month is renewed ahead; taking all of it back on the first day
    gives 1.00 and 1.00 x 29/30, 1.97 together: with what was rounded away it would be 1.976, a cent more."""
    world.open("2026-06-01T08:00+09:00", rounding="half_up")
    product = box(world, included=False, memory="0.251225", tax="0")
    wanted = world.wanted(
        months=1, product=product, currency="EUR", name="box-01", configuration={"memory": 4, "slots": 0}
    )
    term = pay(world, world.sell(wanted))
    assert [(one.exact, one.net_minor) for one in term.invoice.lines.all()] == [(Decimal("1.0049"), 100)]
    pay(world, world.renew(term.service, 1))
    assert world.reread(term.service).carry == 0
    world.change(term.service, memory=0)
    world.work()
    assert CreditNote.objects.get().gross_minor == 197
    assert sum(Invoice.objects.values_list("gross_minor", flat=True)) == 200


def test_an_instance_in_dollars_is_renewed(world: World) -> None:
    """65 a month: six months at 30 % off are 273.00. On 1 August, with ten months to go, 2C4G is 153 x 10 x 0.70."""
    world.open("2026-06-01T08:00+09:00")
    cvm = world.cvm_01()
    world.at("2026-08-01T08:00+09:00")
    term = pay(world, world.renew(cvm, 6))
    assert (term.net_minor, term.gross_minor) == (27_300, 27_300)
    assert world.quote(cvm, instance_type="2c4g").net_minor == 107_100


def test_what_costs_nothing_is_active_at_once(world: World) -> None:
    world.open("2026-06-01T08:00+09:00")
    product = box(world, included=False)
    wanted = world.wanted(
        months=6, product=product, currency="EUR", name="box-01", configuration={"memory": 0, "slots": 0}
    )
    term = world.sell(wanted)
    assert (term.status, term.gross_minor, term.invoice) == ("paid", 0, None)
    assert world.reread(term.service).status == "active"
    assert not Layer.objects.exists()
    world.work()
    assert world.renew(term.service, 6).status == "paid"
    world.work()
    assert world.reread(term.service).term_ends_at == datetime.fromisoformat("2027-06-01T08:00+09:00")
    # Six slots to the end of both terms: twelve times 0.60 at 30 % off are 5.04, and the seller rounds tax of 1.008 down.
    change = world.change(term.service, slots=6)
    assert change.gross_minor == 604


@pytest.mark.parametrize("starts", ["2026-09-25T02:30", "2026-01-25T02:30"])
def test_the_clock_on_the_wall_is_kept(world: World, starts: str) -> None:
    """A seller in Berlin: 02:30 is 02:30 in winter and in summer, also after a term that ended in the hour that is not
    there (28 March 2027 at 02:30 is 03:30)."""
    world.open("2026-01-20T08:00+09:00")
    berlin = ZoneInfo("Europe/Berlin")
    world.seller.zone = str(berlin)
    world.seller.save()
    product = box(world, included=False)
    wanted = world.wanted(
        months=6, product=product, currency="EUR", name="box-01", configuration=BOX,
        starts=datetime.fromisoformat(starts).replace(tzinfo=berlin).isoformat(),
    )  # fmt: skip
    assert offer(wanted).ends_at.astimezone(berlin).strftime("%H:%M") == "02:30"


def test_an_hour_that_is_not_there_moves_no_later_end(world: World) -> None:
    world.open("2027-02-28T08:00+09:00")
    berlin = ZoneInfo("Europe/Berlin")
    world.seller.zone = str(berlin)
    world.seller.save()
    term = bought(world, box(world, included=False), months=1, starts="2027-02-28T02:30+01:00")
    ends = [term.ends_at.astimezone(berlin)]
    assert ends[0].strftime("%d %H:%M %Z") == "28 03:30 CEST", "at 02:30 there is no time on 28 March"
    for _month in range(2):
        ends.append(pay(world, world.renew(term.service, 1)).ends_at.astimezone(berlin))
    assert [one.strftime("%d %b %H:%M") for one in ends[1:]] == ["28 Apr 02:30", "28 May 02:30"]


def test_a_service_of_another_schedule_is_renewed_at_todays(world: World) -> None:
    """Discounts that are gone are gone: from July on nothing is off, so one month is one month."""
    world.open("2026-06-01T08:00+09:00", rounding="half_up")
    product = box(world, included=False)
    term = bought(world, product)
    july = datetime.fromisoformat("2026-07-01T00:00+09:00")
    schedule = DiscountSchedule.objects.create(product=product, starts_at=july, version=2)
    DiscountTier.objects.create(schedule=schedule, months=120, off=Decimal("0.5"))
    world.at("2026-07-01T00:00+09:00")
    service: Service = world.reread(term.service)
    assert renewal_offer(service, 6).price.total == 12_360
    assert renewal_offer(service, 120).price.total == 123_600
