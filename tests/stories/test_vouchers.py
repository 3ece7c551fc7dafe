"""A voucher from the code to the end of its change: what it takes off, and where its use goes."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from prorata import clock
from prorata.changes import states
from prorata.changes.cancel import cancel
from prorata.changes.inputs import replay
from prorata.changes.models import SecurityEvent
from prorata.changes.refusals import Refused
from prorata.credit.issue_voucher import Draft, issue_voucher, withdraw
from prorata.credit.models import VoucherUse
from prorata.invoices.models import CreditNote, InvoiceLine, Layer
from prorata.services.models import Service
from support.world import WEB, World


@pytest.fixture
def web(world: World) -> Service:
    return world.web_01("2026-08-15T14:02+09:00")


def use() -> tuple[str, int]:
    found = VoucherUse.objects.get()
    return found.state, found.amount_minor


def test_an_amount_comes_off_before_tax_and_is_used_when_paid(world: World, web: Service) -> None:
    """Memory 4 to 8: 5,088 less 1,000 is 4,088, tax 408 of that; the layer holds what was paid."""
    world.voucher(amount_minor=1_000)
    quote = world.quote(web, voucher=" summer ", memory=8)
    assert (quote.net_minor, quote.tax_minor, quote.gross_minor) == (4_088, 408, 4_496)
    assert replay(quote.inputs)[1].gross == 4_496

    change = world.submit(quote)
    assert change.invoice is not None
    assert (change.invoice.due_minor, change.invoice.voucher_code) == (4_496, "SUMMER")
    line = InvoiceLine.objects.get()
    assert (line.net_minor, line.discount_minor, line.price_minor(False)) == (4_088, 1_000, 5_088)
    assert use() == ("held", 1_000)

    world.pay(change)
    world.work()
    assert world.reread(change).status == states.APPLIED
    assert use() == ("used", 1_000)
    layer = Layer.objects.get(origin=change.origin)
    assert (layer.amount, layer.tax) == (4_088, 408)
    assert world.ledger() == {
        "gateway/sandbox/clearing": 4_496, "revenue/deferred": -4_088, "tax/0.1": -408,
    }  # fmt: skip


def test_a_discount_does_not_come_back_as_credit(world: World, web: Service) -> None:
    """The next day 106 of the 108 days that 4,088 were paid for are unused: 4,012.30, and 400 of the 408 tax."""
    world.voucher(amount_minor=1_000)
    change = world.change(web, voucher="SUMMER", memory=8)
    world.pay(change)
    world.work()
    world.at("2026-08-16T10:00+09:00")
    back = world.change(web, memory=4)
    world.work()

    assert world.reread(back).status == states.APPLIED
    note = CreditNote.objects.get()
    assert (note.net_minor, note.tax_minor) == (4_012, 400)
    assert use() == ("used", 1_000), "a discount is not given back, and neither is its use"


def test_a_voucher_that_pays_everything_needs_no_invoice(world: World, web: Service) -> None:
    world.voucher(off=Decimal(1))
    change = world.change(web, voucher="SUMMER", memory=8)
    assert (change.status, change.gross_minor, change.invoice) == (states.APPLYING, 0, None)
    assert use() == ("used", 5_088)
    world.work()

    assert world.reread(change).status == states.APPLIED
    layer = Layer.objects.get(origin=change.origin)
    assert (layer.amount, layer.tax) == (0, 0)
    world.change(web, memory=4)
    world.work()
    assert world.credit() == 0, "nothing was paid, nothing comes back"


def test_before_gifts_and_account_credit(world: World, web: Service) -> None:
    """5,088 less 10 % is 4,579.20, so 509 off: 4,579 and 457 tax are 5,036; 1,500 are gifted, the card pays 3,536."""
    world.voucher(off=Decimal("0.10"))
    world.gift(1_500, until="2026-09-30T00:00+09:00")
    change = world.change(web, voucher="SUMMER", memory=8)

    assert change.invoice is not None
    assert (change.gross_minor, change.invoice.gifted_minor, change.invoice.due_minor) == (
        5_036,
        1_500,
        3_536,
    )


def test_only_for_some_resources(world: World, web: Service) -> None:
    """CPU 3,392 and memory 5,088: half of the memory is 2,544."""
    world.voucher(off=Decimal("0.5"), components=["memory"])
    quote = world.quote(web, voucher="SUMMER", cpu=4, memory=8)

    lines = {line["code"]: (line["net_minor"], line["discount_minor"]) for line in quote.figures["lines"]}
    assert lines == {"cpu": (3_392, 0), "memory": (2_544, 2_544)}


@pytest.mark.parametrize("how", ["cancelled", "expired"])
def test_given_up_the_use_is_free_again(world: World, web: Service, how: str) -> None:
    world.voucher(max_uses=1)
    change = world.change(web, voucher="SUMMER", memory=8)
    with world.refusing("You used voucher SUMMER"):
        world.quote(web, voucher="SUMMER", cpu=4)
    if how == "cancelled":
        cancel(world.owner, change.reference)
    else:
        world.wait(hours=1, minutes=6)

    assert world.reread(change).status == how
    assert use() == ("released", 1_000)
    assert world.quote(web, voucher="SUMMER", memory=8).gross_minor == 4_496


def test_reversed_whole_the_use_is_free_again_and_the_money_is_back(world: World, web: Service) -> None:
    world.voucher()
    change = world.change(web, voucher="SUMMER", memory=8)
    world.pay(change)
    world.hypervisor.change_component(web.external_id, "memory", refuses="no hot-plug on this machine")
    world.work()

    assert world.reread(change).status == states.REVERSED
    assert use() == ("released", 1_000)
    assert world.credit() == 4_496


def test_partly_delivered_the_use_stays_as_long_as_one_discounted_line_was(
    world: World, web: Service
) -> None:
    """8,480 less 1,000, spread 400 and 600: memory's 4,488 and its tax, 449 of 748, come back."""
    world.voucher()
    change = world.change(web, voucher="SUMMER", cpu=4, memory=8)
    world.pay(change)
    world.hypervisor.change_component(web.external_id, "memory", refuses="no hot-plug on this machine")
    world.work()

    assert world.reread(change).status == states.PARTLY_APPLIED
    assert use() == ("used", 1_000)
    assert (CreditNote.objects.get().net_minor, CreditNote.objects.get().tax_minor) == (4_488, 449)


def test_when_the_only_discounted_line_fails_the_use_comes_back(world: World, web: Service) -> None:
    world.voucher(components=["memory"])
    change = world.change(web, voucher="SUMMER", cpu=4, memory=8)
    world.pay(change)
    world.hypervisor.change_component(web.external_id, "memory", refuses="no hot-plug on this machine")
    world.work()

    assert world.reread(change).status == states.PARTLY_APPLIED
    assert use() == ("released", 1_000)
    assert world.measured(web) == WEB | {"cpu": 4}


def test_a_voucher_in_a_mixed_change_leaves_what_the_reduction_brought(world: World, web: Service) -> None:
    """Memory 5,088, backups 7 to 4 gives 2,210: 2,878 are left, and the voucher takes all of them. Memory fails:
    what the reduction brought, 2,210 and 221 tax, becomes credit."""
    world.voucher(off=Decimal(1))
    change = world.change(web, voucher="SUMMER", memory=8, backups=4)
    assert (change.gross_minor, use()) == (0, ("used", 2_878))
    world.hypervisor.change_component(web.external_id, "memory", refuses="no hot-plug on this machine")
    world.work()

    assert world.reread(change).status == states.PARTLY_APPLIED
    assert use() == ("released", 2_878)
    assert world.credit() == 2_431


# --- who may not use it


def test_codes_that_cannot_be_used_say_why(world: World, web: Service) -> None:
    world.voucher("EARLY", until="2027-01-01T00:00+09:00")
    world.voucher("USD", currency="USD")
    world.voucher("VMS", products=[world.vm])
    world.voucher("BIG", minimum_spend_minor=5_089)
    world.voucher("CORES", components=["cpu"])
    gone = world.voucher("GONE")
    withdraw(gone, at=clock.now(), actor="staff:test")
    world.voucher("SHORT", until="2026-08-15T14:03+09:00")
    wrong = {
        "NONE": "There is no voucher NONE", "USD": "Voucher USD is for services in another currency",
        "VMS": "Voucher VMS is for other services", "BIG": "Voucher BIG is for changes from 5,089\u00a0JPY on",
        "CORES": "Voucher CORES is for other resources", "GONE": "Voucher GONE was withdrawn",
        "SHORT": "Voucher SHORT has expired",
    }  # fmt: skip
    world.at("2026-08-15T14:03+09:00")
    for code, said in wrong.items():
        with world.refusing(said):
            world.quote(web, voucher=code, memory=8)
    with world.refusing("A voucher is taken from what is to be paid"):
        world.quote(web, voucher="EARLY", backups=4)
    assert world.quote(web, voucher="EARLY", memory=8).gross_minor == 4_496


def test_it_is_not_valid_before_its_time(world: World, web: Service) -> None:
    now = clock.now()
    draft = Draft(
        code="LATER", name="Later", currency="JPY", amount_minor=500, starts_at=now + timedelta(hours=1),
        expires_at=now + timedelta(days=1),
    )  # fmt: skip
    issue_voucher(draft, actor="staff:test")
    with world.refusing("Voucher LATER is not valid yet"):
        world.quote(web, voucher="LATER", memory=8)

    world.clock.forward(timedelta(hours=1))
    assert world.quote(web, voucher="LATER", memory=8).voucher is not None


def test_somebody_elses_voucher_does_not_exist(world: World, web: Service) -> None:
    other, _ = world.new_customer("Other", "other@example.com")
    world.voucher("THEIRS", customer=other)

    with world.refusing("There is no voucher THEIRS"):
        world.quote(web, voucher="THEIRS", memory=8)


def test_codes_cannot_be_found_by_trying(world: World, web: Service) -> None:
    world.voucher("RIGHT")
    for n in range(10):
        with pytest.raises(Refused):
            world.quote(web, voucher=f"GUESS-{n}", memory=8)
    with world.refusing("Too many unknown codes"):
        world.quote(web, voucher="RIGHT", memory=8)
    assert SecurityEvent.objects.filter(kind="voucher_guess").count() == 10
    world.clock.forward(timedelta(hours=1, seconds=1))
    assert world.quote(web, voucher="RIGHT", memory=8).voucher is not None


def test_used_up_between_the_quote_and_submit_nothing_happens(world: World, web: Service) -> None:
    """Two services, one use: the second submit is refused with the reason, and nothing of it is written."""
    other = world.service(name="web-02")
    world.voucher(max_uses=1, max_uses_per_customer=None)
    first, second = (world.quote(one, voucher="SUMMER", memory=8) for one in (web, other))
    world.submit(first)

    with world.refusing("Voucher SUMMER has been used up"):
        world.submit(second)


def test_expired_between_the_quote_and_submit_nothing_happens(world: World, web: Service) -> None:
    world.voucher(until="2026-08-15T14:10+09:00")
    quote = world.quote(web, voucher="SUMMER", memory=8)
    world.at("2026-08-15T14:10+09:00")

    with world.refusing("Voucher SUMMER has expired"):
        world.submit(quote)


def test_withdrawn_after_submit_the_change_keeps_its_price(world: World, web: Service) -> None:
    voucher = world.voucher()
    change = world.change(web, voucher="SUMMER", memory=8)
    withdraw(voucher, at=clock.now(), actor="staff:test")
    world.pay(change)
    world.work()

    assert world.reread(change).status == states.APPLIED
    assert use() == ("used", 1_000)


def test_the_rest_of_a_voucher_is_lost(world: World, web: Service) -> None:
    world.voucher(amount_minor=9_999)
    change = world.change(web, voucher="SUMMER", memory=8)

    assert (change.gross_minor, use()) == (0, ("used", 5_088))
    with world.refusing("You used voucher SUMMER already"):
        world.quote(web, voucher="SUMMER", cpu=4)
