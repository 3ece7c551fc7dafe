"""A document line says what it was worked out from, and a credit note names the invoice lines it reduces."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import strip_tags

from prorata.changes import states
from prorata.changes.models import Change
from prorata.invoices import sources
from prorata.invoices.line_facts import Rate
from prorata.invoices.models import CreditNote, CreditSource, Invoice, InvoiceLine
from prorata.services.models import Service
from support.world import World


@pytest.fixture
def web(world: World) -> Service:
    return world.web_01("2026-08-15T14:02+09:00")


def done(world: World, service: Service, **wanted: int) -> Change:
    change = world.change(service, **wanted)
    if change.status == states.AWAITING_PAYMENT:
        world.pay(change)
    world.work()
    return world.reread(change)


def words(client: Client, name: str, key: str) -> str:
    page = client.get(reverse(f"portal:{name}", args=[key])).content.decode()
    return " ".join(strip_tags(page.partition("<main")[2].replace("<", " <")).split())


def test_an_invoice_line_says_what_it_was_worked_out_from(world: World, web: Service, client: Client) -> None:
    """3 + 16/30 months left, 20 % off: memory 4 to 8 GB is (3,600 - 1,800) x 0.8 x 53/15 = 5,088."""
    done(world, web, memory=8)
    line = InvoiceLine.objects.get()
    assert (line.name, line.from_name, line.to_name, line.unit) == ("Memory", "4", "8", "GB")
    rate = line.rate
    assert rate is not None
    assert rate == Rate(Decimal(1_800), Decimal(3_600), Decimal("0.2"), Decimal("0.2"), Fraction(53, 15))
    assert (
        (
            Fraction(rate.new) * (1 - Fraction(rate.new_off))
            - Fraction(rate.old) * (1 - Fraction(rate.old_off))
        )
        * rate.months
        == Fraction(line.exact)
        == 5_088
    )
    client.force_login(world.owner)
    assert "¥1,800 to ¥3,600 a month, 20 % off, for 3.5333 months" in words(
        client, "invoice", Invoice.objects.get().reference
    ).replace("\u00a0", " ")


def test_a_line_without_a_discount_names_none(world: World, client: Client) -> None:
    """15 October: one month and 16/30 are left, and there is no discount."""
    web = world.web_01("2026-10-15T14:02+09:00")
    done(world, web, memory=8)
    client.force_login(world.owner)
    said = words(client, "invoice", Invoice.objects.get().reference)
    assert "¥1,800 to ¥3,600 a month, for 1.5333 months" in said


def test_a_downgrade_names_the_invoice_lines_it_reduces(world: World, web: Service, client: Client) -> None:
    """Memory 4 to 8 and 8 to 12 were two changes of two lines each. Back to 6 GB takes back the newer whole and the older
    in part; the rest of what was paid for memory stays."""
    first = done(world, web, cpu=3, memory=8)
    second = done(world, web, memory=12, disk=120)
    change = done(world, web, memory=6)
    note = CreditNote.objects.get(origin=change.origin)
    found = [
        (s.invoice_line.invoice.origin, s.invoice_line.position, s.invoice_line.component, s.layer.origin)
        for s in CreditSource.objects.select_related("invoice_line__invoice", "layer") if s.invoice_line and s.layer
    ]  # fmt: skip
    assert found == [
        (second.origin, 1, "memory", second.origin), (first.origin, 2, "memory", first.origin),
    ]  # fmt: skip
    charged = sum(s.invoice_line.tax_minor for s in CreditSource.objects.all() if s.invoice_line)
    assert 0 < note.tax_minor <= charged
    client.force_login(world.owner)
    page = client.get(reverse("portal:credit_note", args=[note.number])).content.decode()
    for reduced in (first, second):
        assert reduced.invoice is not None
        assert reverse("portal:invoice", args=[reduced.invoice.reference]) in page
    said = words(client, "credit_note", note.number)
    assert "Reduces INV-000002, line 1 Reduces INV-000001, line 2" in said
    assert "what was paid for it and is not used yet" in said


def test_what_an_adopted_machine_was_paid_has_no_invoice_here(
    world: World, web: Service, client: Client
) -> None:
    change = done(world, web, backups=4)
    source = CreditSource.objects.get()
    assert source.invoice_line is None
    assert source.layer is not None
    assert source.layer.origin == f"adopted:{web.pk}"
    client.force_login(world.owner)
    said = words(client, "credit_note", CreditNote.objects.get(origin=change.origin).number)
    assert (
        "Reduces what was paid before the machine came into these books. There is no invoice for it here."
        in said
    )


def test_what_grew_without_an_invoice_says_so(world: World, client: Client) -> None:
    """Backups 7 to 6 pay for snapshots 2 to 4: nothing was due. Taking the snapshots back reduces that change."""
    world.open("2026-06-01T08:00+09:00")
    web = world.service(paid=68_376)
    world.at("2026-08-15T14:02+09:00")
    swap = done(world, web, backups=6, snapshots=4)
    assert swap.invoice is None
    change = done(world, web, snapshots=2)
    client.force_login(world.owner)
    said = words(client, "credit_note", CreditNote.objects.get(origin=change.origin).number)
    assert f"Reduces what an earlier change brought, which had no invoice: {swap.reference}" in said


def test_what_was_not_delivered_reduces_its_own_invoice(world: World, web: Service, client: Client) -> None:
    world.hypervisor.change_component(web.external_id, "disk", refuses="no room for it")
    change = world.change(web, memory=8, disk=160)
    world.pay(change)
    world.work()
    note = CreditNote.objects.get()
    assert note.reason == "reversed"
    source = CreditSource.objects.get()
    assert source.layer is None
    assert source.invoice_line is not None
    assert (source.invoice_line.invoice_id, source.invoice_line.component) == (note.invoice_id, "disk")
    assert note.tax_minor <= source.invoice_line.tax_minor


def test_more_tax_than_was_charged_is_never_given_back(
    world: World, web: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The guard itself: a note that gives back a unit more than its sources charged does not leave the house."""
    done(world, web, memory=8)
    note = CreditNote(number="CN-X", tax_minor=509, service_id=web.pk)
    line = InvoiceLine.objects.get()
    assert line.tax_minor == 508
    with pytest.raises(AssertionError, match="gives back 509 of tax, and what it reduces charged 508"):
        sources._assert_covered(note, line.tax_minor)
    note.tax_minor = 508
    sources._assert_covered(note, line.tax_minor)
