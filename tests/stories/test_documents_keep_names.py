"""A document prints who sold and who bought as they were when it was issued, whatever they are called today."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from psycopg.errors import CheckViolation, RestrictViolation

from prorata.customers.models import Customer
from prorata.invoices.models import CreditNote, Invoice, Seller
from prorata.invoices.parties import PARTY_COLUMNS
from support.attacks import Attack, attack, everybody, refused
from support.world import World

__all__ = ["attack"]


@pytest.fixture
def moved_away(world: World) -> World:
    """An upgrade and a downgrade are documented; then seller and buyer change name, address, country and number."""
    world.open("2026-06-01T08:00+09:00")
    Seller.objects.update(address="1-1 Marunouchi\nTokyo", country="JP", tax_number="T5835678256246")
    Customer.objects.update(address="2-2 Umeda\nOsaka", country="JP", tax_number="T1234567890123")
    web = world.service(paid=34_188)
    world.at("2026-08-15T14:02+09:00")
    world.pay(world.change(web, memory=8))
    world.work()
    world.change(web, backups=4)
    world.work()
    Seller.objects.update(name="Newnet", address="Elsewhere", country="DE", tax_number="DE136695976")
    Customer.objects.update(name="Suzuki", address="Kyoto", country="AT", tax_number="ATU13585627")
    return world


def test_documents_have_the_names_of_their_day(moved_away: World) -> None:
    then = {
        "seller_name": "Bestnet K.K.", "seller_address": "1-1 Marunouchi\nTokyo", "seller_country": "JP",
        "seller_tax_number": "T5835678256246", "buyer_name": "Tanaka Design", "buyer_address": "2-2 Umeda\nOsaka",
        "buyer_country": "JP", "buyer_tax_number": "T1234567890123",
    }  # fmt: skip
    assert set(then) == set(PARTY_COLUMNS)
    for paper in (Invoice.objects.get(), CreditNote.objects.get()):
        assert {column: getattr(paper, column) for column in PARTY_COLUMNS} == then


def test_the_customers_pages_print_them(moved_away: World, client: Client) -> None:
    client.force_login(moved_away.owner)
    invoice, note = Invoice.objects.get(), CreditNote.objects.get()
    for address in (
        reverse("portal:invoice", args=[invoice.reference]), reverse("portal:credit_note", args=[note.number]),
    ):  # fmt: skip
        page = client.get(address).content.decode()
        for then in (
            "Bestnet K.K.",
            "1-1 Marunouchi",
            "T5835678256246",
            "Tanaka Design",
            "2-2 Umeda",
            "T1234567890123",
        ):
            assert then in page, (address, then)
        for now in ("Newnet", "Elsewhere", "DE136695976", "Kyoto", "ATU13585627"):
            assert now not in page, (address, now)


def test_nobody_rewrites_them(moved_away: World, attack: Attack) -> None:
    """The application may not touch a credit note at all; neither it nor the owner may touch an open invoice's names."""
    web = moved_away.reread(moved_away.customer).services.get()
    moved_away.change(web, disk=160)  # open: no other guard holds its columns
    for sql in everybody(attack):
        for column in PARTY_COLUMNS:
            refused(
                sql, RestrictViolation, f"UPDATE invoices_invoice SET {column} = 'XX' WHERE status = 'open'",
                says="never change",
            )  # fmt: skip
    with attack("owner") as sql:
        for column in PARTY_COLUMNS:
            refused(sql, RestrictViolation, f"UPDATE invoices_creditnote SET {column} = 'XX'")


def test_a_document_names_both(moved_away: World, attack: Attack) -> None:
    copied = """
        INSERT INTO invoices_{table} SELECT
        (jsonb_populate_record(t, '{{"id": 99, "{key}": "X-9", "origin": "x", "{side}_name": ""}}')).*
          FROM invoices_{table} t LIMIT 1
    """
    with attack("owner") as sql:
        for side in ("seller", "buyer"):
            for table, key in (("invoice", "reference"), ("creditnote", "number")):
                words = f"{'credit_note' if table == 'creditnote' else table}_names_its_parties"
                refused(sql, CheckViolation, copied.format(table=table, key=key, side=side), says=words)
