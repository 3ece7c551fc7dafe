"""A product is sold by any of the six rules: each is clicked through, up by card and down to credit, worked by hand.

web-01 is bought on 1 June at 08:00 for six months. On 15 August at 14:02 memory goes from 4 to 8 (1,800 a month, 20 % off
from three whole months, 30 % from six); on 20 September at 10:00 it goes back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from prorata.catalog.models import (
    DiscountSchedule,
    DiscountTier,
    Option,
    PriceBook,
    Product,
    Rate,
    ResourceType,
)
from prorata.changes import states
from prorata.changes.adopt import adopt
from prorata.changes.models import Change, Quote
from prorata.clock import HandClock, set_clock
from prorata.invoices.models import CreditNote, Layer
from prorata.services.models import Service
from support.portal import hidden, part, person, text
from support.world import World


@dataclass(frozen=True)
class Told:
    """`time` and `line` are sentences of the page; up is (net, tax), down what comes back, net and tax."""

    rule: str
    time: str
    line: str
    up: tuple[int, int]
    exact: str
    down: tuple[int, int]


TOLD = [
    # 3 months to 15 November, then 16 days of November's 30: 1,440 x 106/30.
    Told("calendar-months", "3 + 16/30 = 106/30 months", "× 106/30 × 0.80", (5_088, 508), "5088", (3_345, 333)),
    # 108 days are 108 x 12/365 months: 1,440 x 1296/365. Back: 5,112.99 x 71/108 = 3,361.32.
    Told(
        "average-months", "108 ÷ (365/12) = 1296/365 months", "× 1296/365 × 0.80", (5_113, 511), "5112.98630137",
        (3_361, 335),
    ),
    # 107 days, 17 hours and 58 minutes are 2,586 hours begun: 1,440 x 2586/720.
    Told("thirty-day-months", "2586 ÷ 720 = 2586/720 months", "× 2586/720 × 0.80", (5_172, 517), "5172", (3_400, 339)),
    # 16 to 31 August, then September to November whole: 1,440 x 109/31.
    Told("calendar-sum", "16/31 + 3 = 109/31 months", "× 109/31 × 0.80", (5_063, 506), "5063.22580645", (3_328, 332)),
    # 108 of the 183 days of six months, three whole months left: 1,440 x 648/183.
    Told(
        "period-days", "108/183 × 6 months = 648/183 months", "× 648/183 × 0.80", (5_099, 509), "5099.01639344",
        (3_352, 334),
    ),
    # 9,309,480 of 15,811,200 seconds: 1,440 x 6 x that.
    Told(
        "period-seconds", "9309480/15811200 × 6 months = 55856880/15811200 months", "× 55856880/15811200 × 0.80",
        (5_087, 508), "5087.14754098", (3_344, 333),
    ),
]  # fmt: skip


@pytest.mark.parametrize("told", TOLD, ids=lambda told: told.rule)
def test_up_by_card_and_down_to_credit(world: World, told: Told) -> None:
    """What comes back is what the layer holds: what was paid x 71/108, 20 September being used; its tax likewise."""
    web = world.web_01("2026-08-15T14:02+09:00")
    Product.objects.filter(pk=world.cloud.pk).update(rule=told.rule)
    aiko = person(world.owner)
    net, tax = told.up

    page = aiko.post(f"/services/{web.pk}/estimate", {"memory": "8"})
    assert part(page, "total") == f"¥{net + tax:,}"
    assert told.time in text(page)
    assert told.line in text(page)

    sent = aiko.post(f"/services/{web.pk}/change", {"memory": "8", "do": "continue"})
    quote = Quote.objects.get()
    assert (quote.rule, quote.net_minor, quote.tax_minor) == (told.rule, net, tax)
    assert quote.figures["lines"][0]["exact"] == f"{Decimal(told.exact):.8f}"
    review = aiko.get(sent["Location"])
    assert part(review, "submit") == f"Submit and pay ¥{net + tax:,}"
    assert told.time in text(review)

    form = {"method": "card", "restart": "us", "shown_due_minor": hidden(review, "shown_due_minor")}
    aiko.post(f"{sent['Location']}/submit", form)
    change = Change.objects.get()
    world.pay(change)
    world.work()
    assert world.reread(change).status == states.APPLIED
    assert world.measured(web)["memory"] == 8
    layer = Layer.objects.get(origin=change.origin)
    assert (layer.amount, layer.tax) == (Decimal(told.exact), tax)

    world.at("2026-09-20T10:00+09:00")
    back, returned = told.down
    aiko.get(f"/services/{web.pk}/change")  # the machine is measured
    page = aiko.post(f"/services/{web.pk}/estimate", {"memory": "4"})
    assert part(page, "total") == f"¥{back + returned:,}"
    assert f"at most what you paid: {Decimal(told.exact):,} × 71/108 days" in text(page)
    again = world.change(web, memory=4)
    world.work()
    assert world.reread(again).status == states.APPLIED
    assert world.measured(web)["memory"] == 4
    note = CreditNote.objects.get()
    assert (note.net_minor, note.tax_minor) == (back, returned)
    assert world.credit() == back + returned


@pytest.mark.parametrize("rule", [told.rule for told in TOLD])
def test_on_the_last_day_it_has_a_price_in_words(world: World, rule: str) -> None:
    """One day under the first two and by days, the hours and seconds left, and nothing where the day does not count."""
    web = world.web_01("2026-12-01T07:00+09:00")
    Product.objects.filter(pk=world.cloud.pk).update(rule=rule)
    words, total = {
        "calendar-months": ("1 Dec, the last day 1 of 31 days", 63),  # 1,800/31 = 58.06, tax 5.8
        "average-months": ("1 ÷ (365/12) = 12/365 months", 64),  # 1,800 x 12/365 = 59.18, tax 5.9
        "thirty-day-months": ("1 ÷ 720 = 1/720 months", 3),  # 2.50
        "calendar-sum": ("After 1 Dec no day is left", 0),
        "period-days": (
            "1 Dec, the last day 1 of the 183 days of your term",
            64,
        ),  # 1,800 x 6/183 = 59.02, tax 5.9
        "period-seconds": (
            "3,600 of the 15,811,200 seconds of your term",
            2,
        ),  # 1,800 x 6 x 3600/15811200 = 2.46
    }[rule]
    page = person(world.owner).post(f"/services/{web.pk}/estimate", {"memory": "8"})
    assert words in text(page)
    if total:
        assert part(page, "total") == f"¥{total}"
    else:
        assert "Nothing to pay and no credit." in text(page)
        change = world.change(web, memory=8)
        world.work()
        assert (world.reread(change).status, change.invoice) == (states.APPLIED, None)
        assert world.measured(web)["memory"] == 8


def test_where_reductions_give_nothing_back_the_page_says_so(world: World) -> None:
    """Nothing comes back, and going back today would cost 900 x 106/30 x 0.80 = 2,544, tax 254."""
    web = world.web_01("2026-08-15T14:02+09:00")
    Product.objects.filter(pk=world.cloud.pk).update(credit_model="none")
    aiko = person(world.owner)
    aiko.get(f"/services/{web.pk}/change")  # the machine is measured
    page = text(aiko.post(f"/services/{web.pk}/estimate", {"backups": "4"}))
    assert "Nothing to pay and no credit." in page
    assert "a reduction gives nothing back" in page
    assert "Going back today (Backup generations 7) would cost ¥2,798." in page

    change = world.change(web, backups=4)
    world.work()
    assert (world.reread(change).status, change.gross_minor) == (states.APPLIED, 0)
    assert (world.measured(web)["backups"], world.credit()) == (4, 0)


def test_seconds_are_counted_from_the_whole_second_that_is_printed(world: World) -> None:
    """A clock knows more digits than anybody reads: 14:02:07 is 9,309,473 seconds before the end."""
    web = world.web_01("2026-08-15T14:02:07.654321+09:00")
    Product.objects.filter(pk=world.cloud.pk).update(rule="period-seconds")
    page = text(person(world.owner).post(f"/services/{web.pk}/estimate", {"memory": "8"}))
    assert "15 Aug 2026, 14:02:07 JST" in page
    assert "9,309,473 of the 15,811,200 seconds of your term" in page
    assert world.quote(web, memory=8).inputs["at"] == "2026-08-15T05:02:07+00:00"


# --- published examples, from a price book ------------------------------------------------------------------

ZONE = ZoneInfo("Asia/Tokyo")


def sold(
    world: World, rule: str, old: str, new: str, *, at: str, starts: str, ends: str, months: int = 12,
    currency: str = "USD", tier: tuple[int, str] | None = None, paid: int = 0, credit: str = "capped",
    hourly: str | None = None,
) -> Service:  # fmt: skip
    """A service of a product of two options at monthly prices, adopted just before `at`; times of Tokyo."""
    start, instant, end = (datetime.fromisoformat(text).replace(tzinfo=ZONE) for text in (starts, at, ends))
    world.clock = HandClock(instant)  # years before the day on which tests begin
    set_clock(world.clock)
    world.open(instant.isoformat())
    product = Product.objects.create(code="published", name="Published", rule=rule, credit_model=credit)
    kind = ResourceType.objects.create(product=product, code="instance_type", name="Plan", kind="option")
    book = PriceBook.objects.create(product=product, currency=currency, starts_at=start)
    for position, (code, monthly) in enumerate((("old", old), ("new", new))):
        option = Option.objects.create(resource_type=kind, code=code, name=code, position=position)
        hour = Decimal(hourly) if hourly and code == "old" else None
        Rate.objects.create(
            price_book=book, resource_type=kind, option=option, monthly=Decimal(monthly), hourly=hour
        )
    if tier:
        schedule = DiscountSchedule.objects.create(product=product, starts_at=start)
        DiscountTier.objects.create(schedule=schedule, months=tier[0], off=Decimal(tier[1]))
    world.hypervisor.create_host("tokyo-1")
    options = {"instance_type": {"grow": "live", "shrink": "live", "options": ["old", "new"]}}
    machine = world.hypervisor.create_machine(
        {"instance_type": "old"}, id="vm-1", host="tokyo-1", components=options
    )
    return adopt(
        customer=world.customer, product=product, name="plan", driver="sandbox", external_id=machine, term_starts_at=start,
        term_ends_at=end, term_months=months, configuration={"instance_type": "old"}, paid_minor=paid, currency=currency,
        staff=None,
    )  # fmt: skip


PUBLISHED = {
    "W01": (
        "calendar-months", "65", "218", 43_248,
        {"at": "2025-08-15T10:00", "starts": "2024-12-01", "ends": "2025-12-01T08:00", "tier": (3, "0.20")},
    ),
    "W02": (
        "average-months", "65", "218", 108_007,
        {
            "at": "2017-05-01T10:00", "starts": "2017-01-01", "ends": "2017-12-31", "currency": "CNY",
            "tier": (6, "0.12"),
        },
    ),
    "W08": (
        "thirty-day-months", "120", "300", 93_840,
        {"at": "2025-06-01", "starts": "2024-12-02", "ends": "2025-12-02", "tier": (6, "0.15")},
    ),
    "W09": (
        "thirty-day-months", "7200", "14400", 12_000,
        {"at": "2025-06-01", "starts": "2025-01-01", "ends": "2025-07-21", "currency": "JPY"},
    ),
    "W15": (
        "calendar-sum", "170", "1600", 136_542,
        {"at": "2023-03-20T09:00", "starts": "2022-04-19", "ends": "2023-04-19"},
    ),
    "W17": ("calendar-sum", "470", "534", 3_200, {"at": "2025-06-15T12:00", "starts": "2025-01-01", "ends": "2025-07-01"}),
    # A year at 50 is 4.16666667 a month in a price book; so is the published figure.
    "W42": (
        "period-days", "4.16666667", "8.33333333", 3_562,
        {"at": "2025-04-16T12:00", "starts": "2025-01-01", "ends": "2026-01-01"},
    ),
    "W48": (
        "period-seconds", "10", "20", 500,
        {"at": "2025-09-16", "starts": "2025-09-01", "ends": "2025-10-01", "months": 1},
    ),
    "W50": (
        "period-seconds", "5", "20", 1_450,
        {"at": "2025-09-02", "starts": "2025-09-01", "ends": "2025-10-01", "months": 1},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_published_example_comes_out_of_a_price_book(world: World, name: str) -> None:
    rule, old, new, minor, facts = PUBLISHED[name]
    service = sold(world, rule, old, new, **facts)  # type: ignore[arg-type]

    quote = world.quote(service, instance_type="new")
    assert (quote.rule, quote.gross_minor) == (rule, minor)


# --- what is left after buying anew ---------------------------------------------------------------------------

LEFT = {
    # 915.92 - 2 x 102 - 60 x 10 x 0.88
    "W28": (
        "calendar-months", 18_392, "102 × 2 whole months × 1.00",
        {"at": "2025-03-01T09:00", "starts": "2025-01-01", "ends": "2026-01-01"},
    ),
    # 915.92 - 3 x 102 - 72 x 0.32 - 60 x 270/30 x 0.88
    "W30": (
        "thirty-day-months", 11_168, "0.32 × 72 hours",
        {"at": "2025-04-04", "starts": "2025-01-01", "ends": "2025-12-30", "hourly": "0.32"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LEFT)
def test_the_published_rebuys_come_out_of_a_price_book(world: World, name: str) -> None:
    rule, minor, words, facts = LEFT[name]
    service = sold(
        world,
        rule,
        "102",
        "60",
        paid=91_592,
        credit="rebuy",
        tier=(6, "0.12"),
        **facts,  # type: ignore[arg-type]
    )
    page = text(person(world.owner).post(f"/services/{service.pk}/estimate", {"instance_type": "new"}))
    assert words in page
    assert "so at most this comes back in all" in page

    change = world.change(service, instance_type="new")
    assert (change.quote.credit_model, change.gross_minor) == ("rebuy", -minor)
    world.work()
    assert world.reread(change).status == states.APPLIED
    assert world.credit("USD") == minor


def test_a_large_reduction_of_what_was_bought_for_six_months(world: World) -> None:
    """31,080 were paid before tax. Used since 1 June: 2 months and 14 days of 7,400, at list 14,800 + 3,453.33. The new
    configuration, 1,450 a month, costs 1,450 x 106/30 x 0.80 = 4,098.67. Left are 8,728, and their tax of 872."""
    web = world.web_01("2026-08-15T14:02+09:00")
    Product.objects.filter(pk=world.cloud.pk).update(credit_model="rebuy")
    change = world.change(web, cpu=1, memory=1, disk=20, backups=0, snapshots=0)
    world.work()
    assert world.reread(change).status == states.APPLIED
    note = CreditNote.objects.get()
    assert (note.net_minor, note.tax_minor, note.gross_minor, world.credit()) == (8_728, 872, 9_600, 9_600)


def test_a_small_reduction_leaves_nothing_and_says_why(world: World) -> None:
    """6,500 x 106/30 x 0.80 = 18,373.33 for the new configuration: with what was used that is more than was paid."""
    web = world.web_01("2026-08-15T14:02+09:00")
    Product.objects.filter(pk=world.cloud.pk).update(credit_model="rebuy")
    aiko = person(world.owner)
    aiko.get(f"/services/{web.pk}/change")  # the machine is measured
    page = text(aiko.post(f"/services/{web.pk}/estimate", {"backups": "4"}))
    assert "Nothing to pay and no credit." in page
    assert "paid in cash for what you have 31,080.00" in page
    assert "used since 1 Jun 2026: 7,400 × 2 whole months × 1.00 −14,800.00" in page
    assert "nothing is left, so nothing comes back 0.00" in page
    assert "Backup generations, instead of −2,210.16393443 0.00" in page


def test_what_stands_and_what_was_paid_in_cash(world: World) -> None:
    """Gifts are no cash; an increase is used from its own day on; what a reduction took back does not stand."""
    web = world.web_01("2026-08-15T14:02+09:00")
    Product.objects.filter(pk=world.cloud.pk).update(credit_model="rebuy")

    def stands(**wanted: int) -> tuple[str, list[tuple[str, str]]]:
        world.measure(web)
        rebuy = world.quote(world.reread(web), **wanted).inputs["rebuy"]
        return rebuy["paid"], [(b["since"], b["monthly"]) for b in rebuy["bought"]]

    june = ("2026-06-01", "7400.00000000")
    assert stands(backups=4) == ("31080.00000000", [june])
    world.gift(5_596, until="2026-12-31T00:00+09:00")
    world.change(web, memory=8)
    world.work()
    assert stands(backups=4) == ("31080.00000000", [june, ("2026-08-15", "1800.00000000")])
    world.pay(world.change(world.reread(web), cpu=4))  # 1,200 x 106/30 x 0.80 = 3,392
    world.work()
    assert stands(backups=4) == ("34472.00000000", [june, ("2026-08-15", "3000.00000000")])
    world.change(world.reread(web), backups=4)  # 3 of 7, for which 3,780 of 8,820 were paid
    world.work()
    assert stands(memory=4) == (
        "30692.00000000", [("2026-06-01", "6500.00000000"), ("2026-08-15", "3000.00000000")],
    )  # fmt: skip
