"""The main job, dated: up by card, up by credit, down to credit, and both at once. Every amount is worked out by hand."""

from __future__ import annotations

from decimal import Decimal

from prorata.changes import states
from prorata.credit.models import LogLine
from prorata.invoices.models import CreditNote, Invoice, Layer
from support.world import World


def test_upgrade_by_card_is_paid_applied_and_measured(world: World) -> None:
    """15 August, 3 + 16/30 months left, 20 % off: memory 4 to 8 at 450 is 1,800 x 106/30 x 0.80 = 5,088, tax 508."""
    world.open("2026-06-01T08:00+09:00")
    web = world.service(paid=34_188)
    world.at("2026-08-15T14:02+09:00")

    quote = world.quote(web, memory=8)
    assert (quote.net_minor, quote.tax_minor, quote.gross_minor) == (5_088, 508, 5_596)

    change = world.submit(quote)
    assert change.status == states.AWAITING_PAYMENT
    assert world.measured(web)["memory"] == 4, "nothing changes before payment"

    world.pay(change)
    world.work()

    change = world.reread(change)
    assert change.status == states.APPLIED
    assert world.measured(web)["memory"] == 8
    service = world.reread(web)
    assert service.configuration["memory"] == 8
    assert service.term_ends_at == web.term_ends_at
    invoice = Invoice.objects.get()
    assert (invoice.status, invoice.number, invoice.gross_minor) == ("paid", "INV-000001", 5_596)
    layer = Layer.objects.get(origin=change.origin)
    assert (layer.amount, layer.tax, layer.low, layer.high) == (Decimal(5_088), Decimal(508), 4, 8)
    assert world.ledger() == {"gateway/sandbox/clearing": 5_596, "revenue/deferred": -5_088, "tax/0.1": -508}


def test_downgrade_gives_credit_only_after_the_machine_has_shrunk(world: World) -> None:
    """Backups 7 to 4: the formula says 900 x 106/30 x 0.80 = 2,544, but 3,780 was paid for 183 days and 107 are left:
    2,210.16. Net 2,210, tax 221 of the 378 paid on them: 378 x 107/183 = 221.01. Credit 2,431; 0.16 is carried."""
    world.open("2026-06-01T08:00+09:00")
    web = world.service(paid=34_188)
    world.at("2026-08-15T14:02+09:00")

    change = world.change(web, backups=4)
    assert (change.gross_minor, change.invoice, change.status) == (-2_431, None, states.APPLYING)
    assert world.credit() == 0

    world.work()

    assert world.reread(change).status == states.APPLIED
    assert world.measured(web)["backups"] == 4
    assert world.credit() == 2_431
    line = LogLine.objects.get()
    assert (line.amount_minor, line.balance_after_minor, line.origin) == (2_431, 2_431, change.origin)
    note = CreditNote.objects.get()
    assert (note.number, note.net_minor, note.tax_minor, note.gross_minor) == ("CN-000001", 2_210, 221, 2_431)
    assert world.reread(web).carry == Decimal("-0.16393443")


def test_a_mixed_change_reduces_first_and_is_paid_by_card(world: World) -> None:
    """CPU 2 to 4 (3,392), memory 4 to 8 (5,088), backups 7 to 4 (-2,210.16): 6,269.84 is 6,270, tax 627."""
    world.open("2026-06-01T08:00+09:00")
    web = world.service(paid=34_188)
    world.at("2026-08-15T14:02+09:00")

    change = world.change(web, cpu=4, memory=8, backups=4)
    assert change.gross_minor == 6_897
    world.pay(change)
    world.work()

    change = world.reread(change)
    assert change.status == states.APPLIED
    assert world.done(web) == [("backups", 4), ("cpu", 4), ("memory", 8)]
    assert world.measured(web) == {"cpu": 4, "memory": 8, "disk": 100, "backups": 4, "snapshots": 2}
    assert world.reread(web).configuration == world.measured(web)
    assert world.ledger() == {"gateway/sandbox/clearing": 6_897, "revenue/deferred": -6_270, "tax/0.1": -627}


def test_upgrade_by_credit_alone_needs_no_gateway(world: World) -> None:
    """5,596 is due; 1,500 gifted and 4,500 gifted later pay it; what is left is of the purse that lasts longer."""
    world.open("2026-06-01T08:00+09:00")
    web = world.service(paid=34_188)
    world.at("2026-08-15T14:02+09:00")
    world.gift(4_500, until="2026-12-31T00:00+09:00")
    world.gift(1_500, until="2026-09-30T00:00+09:00")

    change = world.change(web, memory=8)
    assert change.status == states.APPLYING
    assert world.reread(change.invoice).status == "paid"
    assert world.credit() == 404
    world.work()

    assert world.reread(change).status == states.APPLIED
    assert world.measured(web)["memory"] == 8
    assert world.log() == [
        ("granted", 4_500, 4_500), ("granted", 1_500, 1_500), ("spent", -4_096, 404), ("spent", -1_500, 0),
    ]  # fmt: skip
    assert world.ledger() == {
        "expense/gifts": 6_000, "purse/1": -404, "revenue/deferred": -5_088, "tax/0.1": -508,
    }  # fmt: skip
