"""One customer's whole term, from the sale to the first day of the next, and every line of the books it leaves.

web-01 is sold for six months at 7,400 a month, 30 % off: 31,080 and 3,108 tax. It is changed up, down and both at once, one
change is given up and one fails; gifts end or are spent, a voucher is used, staff correct, take back and refund; it is
renewed, and every day is earned.
"""

from __future__ import annotations

from zoneinfo import ZoneInfo

from prorata.changes import states
from prorata.changes.cancel import cancel
from prorata.changes.models import Change
from prorata.credit.correct import correct_account, take_back
from prorata.credit.models import LogLine
from prorata.invoices.models import CreditNote, Invoice
from prorata.ledger.models import Transfer
from prorata.payments.models import Capture
from prorata.payments.refund import refund
from prorata.recognition.month import month_of
from prorata.recognition.report import Figures, report
from prorata.services.models import Service
from support.world import World

TOKYO = ZoneInfo("Asia/Tokyo")
OURS = "customer/1"

# What a customer's accountant would write, one line a posting; debit positive. Purse 1 and 2 are gifts, 3 the account,
# 4 and 5 the gifted parts that came back.
BOOKS: list[tuple[str, str, dict[str, int]]] = [
    ("2026-06-01", "captured", {"customer/receivable": -34_188, "gateway/sandbox/clearing": 34_188}),
    ("2026-06-01", "settled", {"customer/receivable": 34_188, "revenue/deferred": -31_080, "tax/0.1": -3_108}),
    ("2026-06-10", "granted", {"expense/gifts": 1_000, "purse/1": -1_000}),
    ("2026-06-10", "granted", {"expense/gifts": 3_000, "purse/2": -3_000}),
    ("2026-07-01", "pledged", {"purse/1": 1_000, "purse/2": 3_000, "customer/pledged": -4_000}),
    ("2026-07-01", "released", {"purse/1": -1_000, "purse/2": -3_000, "customer/pledged": 4_000}),
    ("2026-08-01", "expired", {"expense/gifts": -1_000, "purse/1": 1_000}),
    ("2026-08-15", "pledged", {"purse/2": 3_000, "customer/pledged": -3_000}),
    ("2026-08-15", "captured", {"customer/receivable": -1_496, "gateway/sandbox/clearing": 1_496}),
    ("2026-08-15", "settled", {
        "customer/receivable": 1_496, "customer/pledged": 3_000, "revenue/deferred": -4_088, "tax/0.1": -408,
    }),
    ("2026-09-01", "corrected", {"expense/corrections": 700, "purse/3": -700}),
    ("2026-09-01", "undone", {"expense/corrections": -700, "purse/3": 700}),
    ("2026-09-20", "reduced", {"revenue/deferred": 2_687, "tax/0.1": 268, "purse/3": -984, "purse/4": -1_971}),
    ("2026-10-10", "spent", {"purse/4": 1_084, "revenue/deferred": -986, "tax/0.1": -98}),
    ("2026-10-20", "spent", {"purse/3": 917, "purse/4": 887, "revenue/deferred": -1_640, "tax/0.1": -164}),
    ("2026-10-20", "reversed", {"revenue/deferred": 1_640, "tax/0.1": 164, "purse/3": -917, "purse/5": -887}),
    ("2026-10-21", "taken_back", {"gateway/sandbox/clearing": -900, "purse/3": 900}),
    ("2026-11-20", "pledged", {"purse/3": 84, "customer/pledged": -84}),
    ("2026-11-20", "captured", {"customer/receivable": -35_490, "gateway/sandbox/clearing": 35_490}),
    ("2026-11-20", "settled", {
        "customer/receivable": 35_490, "customer/pledged": 84, "revenue/deferred": -32_340, "tax/0.1": -3_234,
    }),
]  # fmt: skip
# What the customer reads in the credit log: what, how much, and what that purse holds afterwards.
LOG = [
    ("granted", 1_000, 1_000), ("granted", 3_000, 3_000), ("pledged", -1_000, 0), ("pledged", -3_000, 0),
    ("released", 1_000, 1_000), ("released", 3_000, 3_000), ("expired", -1_000, 0), ("pledged", -3_000, 0),
    ("corrected", 700, 700), ("undone", -700, 0), ("reduced", 984, 984), ("reduced", 1_971, 1_971), ("spent", -1_084, 887),
    ("spent", -917, 67), ("spent", -887, 0), ("reversed", 917, 984), ("reversed", 887, 887), ("taken_back", -900, 84),
    ("pledged", -84, 0),
]  # fmt: skip
# number, net, tax, from credit, of it gifted, through the gateway
INVOICES = [
    ("INV-000001", 31_080, 3_108, 0, 0, 34_188), (None, 4_800, 480, 4_000, 4_000, 0),
    ("INV-000002", 4_088, 408, 3_000, 3_000, 1_496), ("INV-000003", 986, 98, 1_084, 1_084, 0),
    ("INV-000004", 1_640, 164, 1_804, 887, 0), ("INV-000005", 32_340, 3_234, 84, 0, 35_490),
]  # fmt: skip
# number, why, net, tax, to the account, to gifted credit
CREDIT_NOTES = [
    ("CN-000001", "reduced", 2_687, 268, 984, 1_971), ("CN-000002", "reversed", 1_640, 164, 917, 887),
]  # fmt: skip
# Through September 122 of 183 days of the term are earned (20,720), 47 of 108 of the upgrade (1,779), and 10 of 71 of what
# the reduction took back (-378); through the first of December the term whole and 1 of 182 days of the next (178).
MONTHS = {
    "2026-06": Figures(opening=0, invoiced=31_080, recognised=-5_095),
    "2026-07": Figures(opening=25_985, recognised=-5_265),
    "2026-08": Figures(opening=20_720, invoiced=4_088, recognised=-5_908),
    "2026-09": Figures(opening=18_900, credited=-2_687, recognised=-5_853),
    "2026-10": Figures(opening=10_360, invoiced=2_626, credited=-1_640, recognised=-5_681),
    "2026-11": Figures(opening=5_665, invoiced=32_340, recognised=-5_665),
    "2026-12": Figures(opening=32_340, recognised=-178),
}


def test_a_whole_term_and_every_line_of_its_books(world: World) -> None:
    web = sold(world)
    given_up_and_expired(world, web)
    up(world, web)
    corrected(world)
    down(world, web)
    both_at_once(world, web)
    not_delivered(world, web)
    renewed(world, web)

    assert books() == BOOKS
    assert world.log() == LOG
    assert [_invoice(one) for one in Invoice.objects.order_by("id")] == INVOICES
    assert [_credit_note(one) for one in CreditNote.objects.order_by("id")] == CREDIT_NOTES
    assert {month: _month(month) for month in MONTHS} == MONTHS
    assert world.ledger() == {
        "gateway/sandbox/clearing": 70_274, "expense/gifts": 3_000, "purse/5": -887, "revenue/deferred": -32_162,
        "revenue/earned/bestnet-cloud": -33_645, "tax/0.1": -6_580,
    }  # fmt: skip
    assert world.purses() == [("gifted", 887, "2026-12-31")]


def paid(world: World, change: Change) -> Change:
    if change.invoice is not None and change.invoice.due_minor:
        world.pay(change)
    world.work()
    return world.reread(change)


def sold(world: World) -> Service:
    world.open("2026-06-01T08:00+09:00")
    term = world.sell(world.wanted(months=6))
    world.pay(term)
    world.work()
    return world.reread(term.service)


def given_up_and_expired(world: World, web: Service) -> None:
    """Two gifts are held for a change that is given up; the first of them ends unused."""
    world.at("2026-06-10T10:00+09:00")
    world.gift(1_000, until="2026-08-01T00:00+09:00")
    world.gift(3_000, until="2026-12-31T00:00+09:00")
    world.voucher()
    night(world, "2026-07-01")
    change = world.change(web, cpu=4)
    cancel(world.owner, change)
    night(world, "2026-08-01")
    world.sweep()
    world.work()


def up(world: World, web: Service) -> None:
    """1,800 more for 106/30 months at 20 % off: 5,088, less a voucher of 1,000; tax 408; 3,000 of it from the gift."""
    world.at("2026-08-15T14:02+09:00")
    change = paid(world, world.change(world.reread(web), memory=8, voucher="SUMMER"))
    assert (change.status, change.gross_minor) == (states.APPLIED, 4_496)


def corrected(world: World) -> None:
    night(world, "2026-09-01")
    world.at("2026-09-01T10:00+09:00")
    correct_account(
        customer_id=world.customer.pk,
        amount_minor=700,
        currency="JPY",
        reason="an outage",
        actor="user:1",
        key="1",
    )
    take_back(LogLine.objects.latest("id"), reason="booked twice", actor="user:1")


def down(world: World, web: Service) -> None:
    """The layer holds 4,088 x 71/108 = 2,687.48, its tax 268, and 3,000 of 4,496 of it came from the gift."""
    world.at("2026-09-20T10:00+09:00")
    world.measure(web)
    change = paid(world, world.change(world.reread(web), memory=4))
    assert (change.status, change.gross_minor) == (states.APPLIED, -2_955)


def both_at_once(world: World, web: Service) -> None:
    """1,200 for 1.7 months are 2,040; 3 of 7 backups hold 3,780 x 51/183 = 1,053.44; 0.48 were carried: 986, tax 98."""
    night(world, "2026-10-01")
    world.at("2026-10-10T10:00+09:00")
    world.measure(web)
    change = paid(world, world.change(world.reread(web), cpu=4, backups=4))
    assert (change.status, change.gross_minor) == (states.APPLIED, 1_084)


def not_delivered(world: World, web: Service) -> None:
    """1,200 for 41/30 months are 1,640. The machine refuses, all of it comes back, and staff send 900 to August's card."""
    world.at("2026-10-20T10:00+09:00")
    world.measure(web)
    change = world.change(world.reread(web), disk=160)
    world.hypervisor.change_component(web.external_id, "disk", refuses="no room on this store")
    change = paid(world, change)
    assert (change.status, change.gross_minor) == (states.REVERSED, 1_804)
    world.at("2026-10-21T10:00+09:00")
    refund(
        Capture.objects.latest("id").pk,
        amount_minor=900,
        reason="asked for it",
        actor=f"user:{world.owner.pk}",
    )


def renewed(world: World, web: Service) -> None:
    """7,700 a month now: 32,340 and 3,234 for six months more, with what is left of the account credit."""
    night(world, "2026-11-01")
    world.at("2026-11-20T10:00+09:00")
    term = world.renew(web, 6, use_account=True)
    world.pay(term)
    world.work()
    night(world, "2026-12-02")


def night(world: World, day: str) -> None:
    """The first hour of that day: what is over is earned."""
    world.at(f"{day}T00:30+09:00")
    world.recognise()


def books() -> list[tuple[str, str, dict[str, int]]]:
    found = []
    for one in (
        Transfer.objects.exclude(kind="recognised").order_by("id").prefetch_related("entries__account")
    ):
        legs = {
            e.account.code.removesuffix("/JPY").replace(OURS, "customer"): e.amount_minor
            for e in one.entries.all()
        }
        found.append((str(one.at.astimezone(TOKYO).date()), one.kind, legs))
    return found


def _invoice(one: Invoice) -> tuple[str | None, int, int, int, int, int]:
    return one.number, one.net_minor, one.tax_minor, one.credit_minor, one.gifted_minor, one.received_minor


def _credit_note(one: CreditNote) -> tuple[str, str, int, int, int, int]:
    return one.number, one.reason, one.net_minor, one.tax_minor, one.cash_minor, one.gifted_minor


def _month(month: str) -> Figures:
    """What the month's report says, which ties to the ledger."""
    told = report(month_of(month))
    assert told.ties
    (one,) = told.currencies
    return one.ledger
