"""Prepaid money is earned day by day, and the month's report is the ledger. Every amount is worked out by hand."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import transaction

from prorata.catalog.models import PriceBook, Rate, ResourceType
from prorata.changes.adopt import adopt
from prorata.changes.models import Change
from prorata.invoices.models import CreditNote, Invoice, InvoiceLine
from prorata.invoices.parties import parties
from prorata.invoices.settle import earned as earned_by
from prorata.ledger import accounts
from prorata.ledger.models import Account, Transfer
from prorata.ledger.post import post
from prorata.recognition import tasks
from prorata.recognition.by_day import Item
from prorata.recognition.models import Day, Opening, Recognised
from prorata.recognition.month import month_of
from prorata.recognition.report import Figures, Report, report
from prorata.services.models import Service
from support.world import WEB, ZONE, World

CLOUD, DEFERRED = "revenue/earned/bestnet-cloud", "revenue/deferred"


@pytest.fixture
def web(world: World) -> Service:
    """15 August 2026: web-01 runs since June and until December, and nothing was paid for it."""
    world.open("2026-06-01T08:00+09:00")
    web = world.service(paid=0)
    world.at("2026-08-15T14:02+09:00")
    return web


def bought(world: World, web: Service, **wanted: int) -> Change:
    change = world.change(web, **wanted)
    world.pay(change)
    world.work()
    return change


def night(world: World, day: str) -> None:
    """The first look at the books in the night after a day, as the worker takes it."""
    ends = datetime.fromisoformat(f"{day}T00:17").replace(tzinfo=ZONE) + timedelta(days=1)
    world.clock.move_to(ends)
    tasks.days(timestamp=0)


def nights(world: World, first: str, last: str) -> None:
    for n in range((date.fromisoformat(last) - date.fromisoformat(first)).days + 1):
        night(world, str(date.fromisoformat(first) + timedelta(days=n)))


def earned(first: str, last: str, account: str = f"{CLOUD}/JPY") -> int:
    rows = Recognised.objects.filter(account=account, day__day__gte=first, day__day__lte=last)
    return sum(rows.values_list("amount_minor", flat=True))


def each_day() -> dict[str, int]:
    return {str(row.day): row.amount_minor for row in Recognised.objects.order_by("id").select_related("day")}


def told(month: str) -> Report:
    found = report(month_of(month))
    assert found.ties
    return found


def figures(found: Report) -> Figures:
    (one,) = found.currencies
    (line,) = one.lines
    assert line.figures == one.documents == one.ledger
    return line.figures


def test_an_upgrade_is_earned_by_day_across_month_ends(world: World, web: Service) -> None:
    """3 + 16/30 months for 5,088, tax 508: 108 days of 47.11 each. 17 of them are in August: 800.89."""
    bought(world, web, memory=8)
    nights(world, "2026-08-15", "2026-08-18")
    assert each_day() == {"2026-08-15": 47, "2026-08-16": 47, "2026-08-17": 47, "2026-08-18": 47}
    nights(world, "2026-08-19", "2026-12-02")

    assert earned("2026-08-01", "2026-08-31") == 801
    assert earned("2026-09-01", "2026-09-30") == 1_413
    assert earned("2026-10-01", "2026-10-31") == 1_461
    assert earned("2026-11-01", "2026-11-30") == 1_413
    assert earned("2026-12-01", "2026-12-02") == 0, "the last day completed it"
    assert world.ledger() == {"gateway/sandbox/clearing": 5_596, CLOUD: -5_088, "tax/0.1": -508}
    assert set(each_day().values()) == {47, 48}

    assert figures(told("2026-08")) == Figures(invoiced=5_088, recognised=-801)
    assert figures(told("2026-09")) == Figures(opening=4_287, recognised=-1_413)
    assert figures(told("2026-10")) == Figures(opening=2_874, recognised=-1_461)
    assert figures(told("2026-11")) == Figures(opening=1_413, recognised=-1_413)
    assert not told("2026-07").currencies
    assert not told("2026-11").gaps
    assert [(gap.first, gap.last) for gap in told("2026-12").gaps] == [(date(2026, 8, 1), date(2026, 12, 2))]


def test_a_day_is_dated_within_itself_and_is_one_transfer(world: World, web: Service) -> None:
    bought(world, web, memory=8)
    night(world, "2026-08-15")
    moved = Transfer.objects.get(kind="recognised")
    assert moved.at == datetime.fromisoformat("2026-08-15T23:59:59.999999+09:00")
    assert (moved.origin, moved.actor) == ("recognition:2026-08-15", "system")
    assert {entry.account.code: entry.amount_minor for entry in moved.entries.select_related("account")} == {
        f"{DEFERRED}/JPY": 47, f"{CLOUD}/JPY": -47,
    }  # fmt: skip
    assert Account.objects.get(code=f"{CLOUD}/JPY").kind == "income"


def test_a_day_that_is_not_over_waits_and_one_that_is_done_is_done(world: World, web: Service) -> None:
    bought(world, web, memory=8)
    tasks.days(timestamp=0)
    world.at("2026-08-16T00:09:59+09:00")
    with world.unchanged():
        tasks.days(timestamp=0)
    assert not Day.objects.filter(day="2026-08-15").exists()
    night(world, "2026-08-15")
    with world.unchanged():
        tasks.days(timestamp=0)
    assert Day.objects.filter(day="2026-08-15").count() == 1


def test_missed_days_are_made_up_for_each_with_its_own_transfer(world: World, web: Service) -> None:
    """The worker stood still from 18 August to 12 September: the rows are those it would have written."""
    bought(world, web, memory=8)
    nights(world, "2026-08-15", "2026-08-17")
    night(world, "2026-09-12")
    item = Item(5_088, date(2026, 8, 15), date(2026, 12, 1))
    days = [item.starts + timedelta(days=n) for n in range(29)]
    assert each_day() == {str(day): item.through(day) - item.through(day - timedelta(days=1)) for day in days}
    assert figures(told("2026-08")) == Figures(invoiced=5_088, recognised=-801)


def test_what_earlier_months_would_have_earned_comes_on_the_first_of_this_month(
    world: World, web: Service
) -> None:
    """An installation that has sold for a month and begins to recognise: August is reported, and stays as it is.
    Two days of September more: 19 x 47.11 are 895.11."""
    bought(world, web, memory=8)
    night(world, "2026-09-02")
    assert each_day() == {"2026-09-01": 848, "2026-09-02": 47}
    assert figures(told("2026-08")) == Figures(invoiced=5_088)
    assert Day.objects.order_by("day")[0].day == date(2026, 9, 1)


@pytest.mark.parametrize("missed", [False, True])
def test_a_document_that_comes_late_is_caught_up(world: World, web: Service, missed: bool) -> None:
    """Quoted on the 15th for a period from the 15th on, paid on the 16th: two days at once, 94.22. It is the same where the
    night between was missed: on the 15th nobody knew of it."""
    world.at("2026-08-15T23:50+09:00")
    change = world.change(web, memory=8)
    if not missed:
        night(world, "2026-08-15")
    world.at("2026-08-16T00:20+09:00")
    world.pay(change)
    world.work()
    assert each_day() == {}
    night(world, "2026-08-16")
    assert each_day() == {"2026-08-16": 94}


def test_credit_given_before_anything_was_recognised_comes_right(world: World) -> None:
    """A version that knew of no days: 2,210 went out of deferred revenue in which nothing stood. The first run takes over
    the 31,080; through August 15,624.92 of it are earned, less 330.47 of the credit."""
    web = world.web_01("2026-08-15T14:02+09:00")
    world.change(web, backups=4)
    world.work()
    before = world.ledger()
    assert before == {"purse/1": -2_431, "revenue/deferred": 2_210, "tax/0.1": 221}
    old = set(Transfer.objects.values_list("pk", flat=True))
    night(world, "2026-08-31")
    assert world.ledger() == {
        "purse/1": -2_431, "tax/0.1": 221, "equity/adopted": 31_080, CLOUD: -15_295,
        "revenue/deferred": -(31_080 - 2_210 - 15_295),
    }  # fmt: skip
    assert Transfer.objects.filter(pk__in=old).count() == len(old) == 1
    assert not Transfer.objects.exclude(pk__in=old).exclude(kind__in=("taken_over", "recognised")).exists()


def test_a_downgrade_in_the_middle_takes_back_the_rest(world: World) -> None:
    """31,080 was paid elsewhere for 183 days. On 15 August, the 76th, backups go from 7 to 4: 2,210 come back for the 107
    days left. 12,907.54 are earned by then; through August 31,080 x 92/183 = 15,624.92 less 2,210 x 16/107 = 330.47."""
    web = world.web_01("2026-06-01T08:01+09:00")
    nights(world, "2026-06-01", "2026-08-14")
    opening = Opening.objects.get()
    assert (opening.amount_minor, opening.starts, opening.ends) == (
        31_080,
        date(2026, 6, 1),
        date(2026, 12, 1),
    )
    world.at("2026-08-15T14:02+09:00")
    world.change(web, backups=4)
    world.work()
    nights(world, "2026-08-15", "2026-12-01")

    assert earned("2026-06-01", "2026-08-15") == 12_908
    assert earned("2026-06-01", "2026-08-31") == 15_625 - 330
    assert earned("2026-06-01", "2026-11-30") == 31_080 - 2_210
    assert world.ledger() == {
        "equity/adopted": 31_080, CLOUD: -28_870, "purse/1": -2_431, "tax/0.1": 221,
    }, "deferred revenue has come to nothing, as everything was served"  # fmt: skip
    assert figures(told("2026-06")) == Figures(taken_over=31_080, recognised=-5_095)
    assert figures(told("2026-08")) == Figures(opening=20_720, credited=-2_210, recognised=-4_935)


def test_a_service_adopted_in_the_middle_of_its_term_brings_the_rest_of_it(world: World) -> None:
    """Adopted on 1 September, three of its six months over: of 31,080 for 183 days, 92 of which were served elsewhere,
    15,455.08 are left for 91 days. 30 of them are in September."""
    world.open("2026-09-01T08:00+09:00")
    world.hypervisor.create_host("tokyo-1")
    machine = world.hypervisor.create_machine(dict(WEB), id="vm-old", host="tokyo-1")
    adopt(
        customer=world.customer, product=world.cloud, name="old-01", driver="sandbox", external_id=machine,
        term_starts_at=datetime.fromisoformat("2026-06-01T08:00+09:00"),
        term_ends_at=datetime.fromisoformat("2026-12-01T08:00+09:00"), term_months=6, configuration=WEB,
        paid_minor=34_188, currency="JPY", staff=None,
    )  # fmt: skip
    night(world, "2026-09-30")
    opening = Opening.objects.get()
    assert (opening.amount_minor, opening.starts, opening.ends) == (
        15_455,
        date(2026, 9, 1),
        date(2026, 12, 1),
    )
    assert figures(told("2026-09")) == Figures(taken_over=15_455, recognised=-5_095)


def test_a_term_paid_ahead_waits_for_its_days_and_a_reduction_takes_its_part_of_each(world: World) -> None:
    """Renewed in August: 31,080 for 1 December to 1 June, 182 days. On 1 September backups go from 7 to 4: 3,780 were paid
    for them in each term, and 90 of the 183 days that run are unused: 1,859.02 and 3,780 come back, together 5,639."""
    web = world.web_01("2026-08-15T14:02+09:00")
    world.pay(world.renew(web, 6))
    world.work()
    night(world, "2026-08-31")
    assert earned("2026-08-01", "2026-08-31") == 15_625, (
        "183 days, 92 of them over, and nothing of the term to come"
    )
    world.at("2026-09-01T09:00+09:00")
    world.change(web, backups=4)
    world.work()
    assert CreditNote.objects.get().net_minor == 5_639

    night(world, "2026-11-30")
    assert earned("2026-08-01", "2026-09-30") == 20_720 - 599, "1,859 x 29/90 = 599.01"
    assert earned("2026-08-01", "2026-11-30") == 31_080 - 1_859
    night(world, "2026-12-31")
    # 858.46, 1,287.69, 1,430.77, 1,502.31 and 214.62 of the lines, 643.85 of the credit
    assert earned("2026-12-01", "2026-12-31") == 858 + 1_288 + 1_431 + 1_502 + 215 - 644
    night(world, "2027-06-01")
    assert earned("2026-08-01", "2027-06-01") == 2 * 31_080 - 5_639
    assert "revenue/deferred" not in world.ledger()


def test_what_was_not_delivered_is_nothing_on_every_day(world: World, web: Service) -> None:
    """Paid on the last evening of August: 4,368 for 92 days, 47 of them earned when the machine gives up in the night."""
    world.at("2026-08-31T23:00+09:00")
    world.hypervisor.busy(web.external_id, "backup")
    change = world.change(web, memory=8)
    world.pay(change)
    world.work()
    night(world, "2026-08-31")
    world.at("2026-09-01T03:00:01+09:00")
    world.wait(minutes=1)
    assert world.reread(change).status == "reversed"
    nights(world, "2026-09-01", "2026-09-03")

    assert each_day() == {"2026-08-31": 47, "2026-09-01": -47}
    assert figures(told("2026-08")) == Figures(invoiced=4_368, recognised=-47)
    assert figures(told("2026-09")) == Figures(opening=4_321, credited=-4_368, recognised=47)
    assert world.ledger() == {"gateway/sandbox/clearing": 4_804, "purse/1": -4_804}


def test_a_voucher_is_no_revenue(world: World, web: Service) -> None:
    """5,088 less 1,000 is 4,088: 643.48 for the 17 days of August."""
    world.voucher(amount_minor=1_000)
    change = world.change(web, voucher="SUMMER", memory=8)
    world.pay(change)
    world.work()
    night(world, "2026-08-31")
    assert earned("2026-08-01", "2026-08-31") == 643
    assert figures(told("2026-08")) == Figures(invoiced=4_088, recognised=-643)


def test_a_mixed_change_is_earned_line_by_line(world: World) -> None:
    """CPU 3,392, memory 5,088 and backups -2,210 over 108 days, and 31,080 of before over 183, 92 of them over."""
    web = world.web_01("2026-08-15T14:02+09:00")
    bought(world, web, cpu=4, memory=8, backups=4)
    night(world, "2026-08-31")
    lines = {line.component: line.net_minor for line in InvoiceLine.objects.all()}
    assert lines == {"cpu": 3_392, "memory": 5_088, "backups": -2_210}
    # 533.93, 800.89, 347.87 and 15,624.92
    assert earned("2026-08-01", "2026-08-31") == 534 + 801 - 348 + 15_625


def test_growth_in_a_change_that_gives_credit_is_earned_over_its_own_layer(world: World) -> None:
    """Backups 7 to 1 give 4,420 back for 107 days from the 16th on, CPU 2 to 3 takes 1,696 of it for 108 days: 660.93 and
    266.96 through August."""
    web = world.web_01("2026-08-15T14:02+09:00")
    world.change(web, backups=1, cpu=3)
    world.work()
    note = CreditNote.objects.get()
    assert {line.component: line.net_minor for line in note.lines.all()} == {"backups": 4_420, "cpu": -1_696}
    night(world, "2026-08-31")
    assert earned("2026-08-01", "2026-08-31") == 15_625 - 661 + 267


def test_on_the_last_day_everything_is_earned_at_once(world: World, web: Service) -> None:
    world.at("2026-12-01T07:00+09:00")
    change = bought(world, web, memory=8)
    net = Invoice.objects.get(pk=change.invoice_id).net_minor
    line = InvoiceLine.objects.get()
    assert line.period_starts == line.period_ends
    night(world, "2026-12-01")
    assert each_day() == {"2026-12-01": net}


MONTHLY = {"JPY": ("450", 3_240, 1_056), "USD": ("4.50", 3_240, 1_056), "KWD": ("1.350", 9_720, 3_169)}
# Through September, 30 of 91 days of the upgrade less 28 of 89 of the credit; and in whole.
EARNED = {"JPY": (1_068 - 332, 2_184), "USD": (1_068 - 332, 2_184), "KWD": (3_204 - 997, 6_551)}


def test_currencies_of_no_two_and_three_decimals_are_kept_apart(world: World) -> None:
    world.open("2026-06-01T08:00+09:00")
    begin = world.clock.now() - timedelta(days=1)
    product = world.product("one", "ONE", begin, Decimal("0.10"))
    kind = ResourceType.objects.create(
        product=product, code="memory", name="Memory", unit="GB", minimum=1, maximum=16
    )
    for currency, (monthly, _net, _credit) in MONTHLY.items():
        book = PriceBook.objects.create(product=product, currency=currency, starts_at=begin)
        Rate.objects.create(price_book=book, resource_type=kind, monthly=Decimal(monthly))
    boxes = [
        world.service({"memory": 4}, paid=0, name=f"one-{currency}", currency=currency, product=product)
        for currency in MONTHLY
    ]
    world.at("2026-09-01T10:00+09:00")
    for box in boxes:
        bought(world, box, memory=7)
    world.at("2026-09-02T10:00+09:00")
    for box in boxes:
        world.change(box, memory=6)
    world.work()

    night(world, "2026-09-30")
    assert {
        currency: earned("2026-09-01", "2026-09-30", f"revenue/earned/one/{currency}") for currency in MONTHLY
    } == {currency: month for currency, (month, _whole) in EARNED.items()}
    found = told("2026-09")
    assert [one.currency for one in found.currencies] == ["JPY", "KWD", "USD"]
    for one in found.currencies:
        _monthly, net, credit = MONTHLY[one.currency]
        assert one.documents == Figures(invoiced=net, credited=-credit, recognised=-EARNED[one.currency][0])

    night(world, "2026-12-01")
    for currency, (_month, whole) in EARNED.items():
        ledger = world.ledger(currency)
        assert (ledger.get(DEFERRED), ledger["revenue/earned/one"]) == (None, -whole)
        assert ledger["tax/0.1"] == -(MONTHLY[currency][1] // 10 - MONTHLY[currency][2] // 10), (
            "tax is no revenue"
        )


def test_two_products_are_told_apart(world: World, web: Service) -> None:
    """cvm-01 is adopted on the 15th for 273.00 USD without tax, until 15 February: 184 days, 17 of them in August."""
    bought(world, web, memory=8)
    world.cvm_01()
    night(world, "2026-08-31")
    found = told("2026-08")
    assert [(line.product and line.product.code, line.figures) for one in found.currencies for line in one.lines] == [
        ("bestnet-cloud", Figures(invoiced=5_088, recognised=-801)),
        ("cloud-vm", Figures(taken_over=27_300, recognised=-2_522)),
    ]  # fmt: skip


def test_a_line_without_a_service_has_an_account_of_its_own(world: World, web: Service) -> None:
    """Whoever writes a document: its period is enough. 3,100 for the 31 days of October, of which 10 are over."""
    world.breaking("invoices-are-covered", "receivables-are-open-invoices", "numbers-have-no-gap")
    world.at("2026-10-01T09:00+09:00")
    with transaction.atomic():  # a document and its lines are one act
        invoice = Invoice.objects.create(
            seller=world.seller, customer=world.customer, **parties(world.seller, world.customer), origin="setup:1",
            reference="PF-SETUP", number="INV-000001", status="paid", currency="JPY", net_minor=3_100, tax_minor=310,
            gross_minor=3_410, received_minor=3_410, tax_rate=Decimal("0.1"), created_at=world.clock.now(),
            pay_until=world.clock.now(), settled_at=world.clock.now(),
        )  # fmt: skip
        InvoiceLine.objects.create(
            invoice=invoice, position=1, component="setup", text="Help with setting up", exact=Decimal(3_100),
            period_starts=date(2026, 10, 1), period_ends=date(2026, 11, 1), net_minor=3_100, tax_minor=310,
        )  # fmt: skip
    paid = (accounts.receivable(world.customer.pk, "JPY"), 3_410)
    post(
        key="settle:PF-SETUP",
        kind="settled",
        origin="setup:1",
        legs=[paid, *earned_by(invoice)],
        at=world.clock.now(),
    )
    night(world, "2026-10-10")
    (line,) = told("2026-10").currencies[0].lines
    assert (line.product, line.figures) == (None, Figures(invoiced=3_100, recognised=-1_000))
    assert world.ledger()["revenue/earned"] == -1_000
