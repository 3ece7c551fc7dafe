"""The rate of tax changes in the middle of a term: what comes back was charged at the old one (2026-11-26)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from prorata.catalog.models import Product
from prorata.changes.models import Change
from prorata.invoices.models import CreditNote
from prorata.invoices.paper.of_credit_note import credit_note_content
from prorata.invoices.paper.read import printable_credit_notes
from prorata.services.models import Service
from support.world import World


@pytest.fixture
def web(world: World) -> Service:
    """Adopted and upgraded at 8 %: memory 4 to 8 for 5,088 and 407 of tax. On the next day tax is 10 %."""
    world.open("2026-06-01T08:00+09:00", tax="0.08")
    web = world.service(paid=33_566)
    world.at("2026-08-15T14:02+09:00")
    world.pay(world.change(web, memory=8))
    world.work()
    Product.objects.filter(pk=world.cloud.pk).update(tax_rate=Decimal("0.10"), tax_label="New tax")
    world.at("2026-08-16T14:02+09:00")
    return web


def reduced(world: World, web: Service, **wanted: int) -> tuple[Change, CreditNote]:
    change = world.change(world.reread(web), **wanted)
    world.work()
    return change, CreditNote.objects.get(origin=change.origin)


def test_a_credit_note_has_the_rate_that_was_charged(world: World, web: Service) -> None:
    """106 of 108 days are unused: 5,088 x 106/108 is 4,994, and of the tax 407 x 106/108 is 399."""
    assert world.ledger()["tax/0.08"] == -407
    change, note = reduced(world, web, memory=4)

    assert (note.net_minor, note.tax_minor, note.gross_minor) == (4_994, 399, 5_393)
    assert (note.tax_rate, note.tax_label) == (Decimal("0.08"), "Consumption tax")
    assert Decimal(change.quote.figures["tax_rate"]) == Decimal("0.08")
    assert {code: n for code, n in world.ledger().items() if code.startswith("tax/")} == {"tax/0.08": -8}
    said = credit_note_content(printable_credit_notes().get(pk=note.pk), "en")
    assert said.tax_row == ["Consumption tax 8\u00a0%", "4,994", "399", "5,393"]


def test_so_has_one_for_what_was_adopted(world: World, web: Service) -> None:
    """No invoice of ours charged it: the layers themselves say 8 %."""
    _change, note = reduced(world, web, backups=4)
    assert note.tax_rate == Decimal("0.08")
    assert note.tax_minor == note.net_minor * 8 // 100
    assert set(world.ledger()) >= {"tax/0.08"}
    assert "tax/0.1" not in world.ledger()


def test_a_document_has_one_rate_that_of_the_most(world: World, web: Service) -> None:
    """Memory 8 to 12 at 10 % for 5,040, then down to 2: more than that was paid at 8 %."""
    world.pay(world.change(world.reread(web), memory=12))
    world.work()
    assert world.ledger()["tax/0.1"] < 0
    world.at("2026-08-17T14:02+09:00")
    _change, note = reduced(world, web, memory=2)
    assert note.tax_rate == Decimal("0.08")


def test_what_is_sold_now_is_taxed_as_of_now(world: World, web: Service) -> None:
    """A mixed change that costs something is an invoice of today; its reductions bring their old tax along."""
    change = world.change(world.reread(web), disk=160, backups=6)
    assert change.invoice is not None
    assert (change.invoice.tax_rate, change.invoice.tax_label) == (Decimal("0.10"), "New tax")
    world.pay(change)
    world.work()


def test_what_was_not_delivered_has_the_rate_of_its_invoice(world: World, web: Service) -> None:
    world.hypervisor.change_component(web.external_id, "memory", refuses="no hot-plug on this machine")
    change = world.change(world.reread(web), memory=12)
    Product.objects.filter(pk=world.cloud.pk).update(tax_rate=Decimal("0.12"))
    world.pay(change)
    world.work()
    note = CreditNote.objects.get()
    assert (note.reason, note.tax_rate) == ("reversed", Decimal("0.10"))
