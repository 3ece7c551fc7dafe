"""The schema as an installation gets it: from nothing, and on top of what an older version has written."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.state import StateApps
from psycopg.errors import CheckViolation, RestrictViolation

from prorata.credit.models import Pledge, Purse
from prorata.invoices.models import CreditNote, Invoice, InvoiceLine
from prorata.ledger.append_only import AppendOnly
from prorata.ledger.models import Account, Entry, Transfer
from support.database import TestDatabase

NAME = "prorata_fresh"
REGISTRATION = "T1234567890123"
NOW = datetime(2026, 6, 1, 8, tzinfo=UTC)
# What stood before the guards of the second day.
BEFORE = [
    ("ledger", "0002_guards"), ("credit", "0003_guards"), ("invoices", "0002_guards"), ("payments", "0002_guards"),
    ("changes", "0003_guards"), ("provisioning", "0002_reserve"),
]  # fmt: skip


@pytest.fixture
def fresh(transactional_db: None, database: TestDatabase) -> Iterator[None]:
    """Django works on an empty database beside the test's own, as its owner."""
    home, before = database.owner.url(database.name), dict(connection.settings_dict)
    with psycopg.connect(home, autocommit=True) as server:
        server.execute(f"DROP DATABASE IF EXISTS {NAME}")
        server.execute(f"CREATE DATABASE {NAME}")
    connection.close()
    connection.settings_dict.update({**database.owner.django(), "NAME": NAME})
    yield
    connection.close()
    connection.settings_dict.update(before)
    with psycopg.connect(home, autocommit=True) as server:
        server.execute(f"DROP DATABASE {NAME}")


def test_no_model_waits_for_a_migration(db: None) -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_from_nothing_and_back_and_over_older_rows(fresh: None, database: TestDatabase) -> None:
    """One database through its life: made, taken back to an older version, filled by it, and brought up to date."""
    call_command("migrate", verbosity=0)
    _guards_stand(database)

    executor = MigrationExecutor(connection)
    executor.migrate(BEFORE)
    transfer, invoice = _write_as_the_older_version(executor.loader.project_state(BEFORE).apps)
    old = Transfer.objects.get(pk=transfer)
    account = Account.objects.get(code="gateway/test/clearing/JPY")

    call_command("migrate", verbosity=0)

    assert sorted(Entry.objects.values_list("amount_minor", flat=True)) == [-100, 100]
    assert Purse.objects.get().balance_minor == 5
    assert Pledge.objects.get().state == "held"
    for paper in (Invoice.objects.get(), CreditNote.objects.get()):
        assert (paper.seller_name, paper.seller_country, paper.seller_tax_number) == (
            "Old K.K.",
            "JP",
            REGISTRATION,
        )
        assert (paper.buyer_name, paper.buyer_country) == ("Tanaka Design", "JP")
    with pytest.raises(IntegrityError, match="is issued, and nothing is added"), transaction.atomic():
        InvoiceLine.objects.create(
            invoice_id=invoice, position=9, component="disk", text="more", period_starts=NOW, period_ends=NOW, exact=0,
            net_minor=0, tax_minor=0,
        )  # fmt: skip
    with psycopg.connect(database.application.url(NAME)) as sql:
        for amount in (1, -1):
            sql.execute(
                "INSERT INTO ledger_entry (transfer_id, account_id, amount_minor, currency) VALUES (%s, %s, %s, 'JPY')",
                [old.pk, account.pk, amount],
            )
        with pytest.raises(RestrictViolation, match="written already"):
            sql.commit()
        sql.rollback()
        with pytest.raises(RestrictViolation, match="never change"):
            sql.execute("UPDATE invoices_invoice SET credit_minor = 0 WHERE id = %s", [invoice])
        sql.rollback()
        with pytest.raises(CheckViolation, match="paid_invoice_is_covered"):
            sql.execute("UPDATE invoices_invoice SET status = 'paid', number = 'X', settled_at = now()")
        sql.rollback()


def _guards_stand(database: TestDatabase) -> None:
    """The application's role may work in a database that was migrated from nothing, and may not change money facts."""
    with psycopg.connect(database.application.url(NAME)) as sql:
        for model in apps.get_models():
            if not issubclass(model, AppendOnly):
                continue
            found = sql.execute(
                "SELECT has_table_privilege(%(t)s, 'INSERT'), has_any_column_privilege(%(t)s, 'UPDATE'), "
                "has_table_privilege(%(t)s, 'DELETE'), "
                "(SELECT count(*) FROM pg_trigger WHERE tgrelid = %(t)s::regclass AND tgname LIKE '%%_stay%%')",
                {"t": model._meta.db_table},
            ).fetchone()
            assert found is not None
            assert found[:3] == (True, False, False), model
            assert found[3] >= 2, model


def _write_as_the_older_version(then: StateApps) -> tuple[int, int]:
    """Rows as the models of that version wrote them; returns the ids of a transfer and an invoice."""

    def made(label: str, **facts: object) -> Any:
        return then.get_model(label).objects.create(**facts)

    with transaction.atomic():
        accounts = [
            made("ledger.Account", code=code, kind=kind, currency="JPY")
            for code, kind in (("gateway/test/clearing/JPY", "asset"), ("revenue/deferred/JPY", "liability"))
        ]
        moved = made(
            "ledger.Transfer", key="old", kind="captured", origin="old", actor="old", at=NOW, recorded_at=NOW
        )
        for account, amount in zip(accounts, (100, -100), strict=True):
            made("ledger.Entry", transfer=moved, account=account, amount_minor=amount, currency="JPY")
    customer = made("customers.Customer", name="Tanaka Design", email="aiko@example.com")
    purse = made("credit.Purse", customer=customer, kind="account", currency="JPY", balance_minor=5)
    made("credit.Pledge", purse=purse, origin="change:C-OLD", amount_minor=3, held_at=NOW)
    seller = made("invoices.Seller", code="old", name="Old K.K.", tax_number=REGISTRATION)
    made("invoices.NumberSeries", seller=seller, kind="invoice", prefix="INV-", next_number=7)
    invoice = made(
        "invoices.Invoice",
        seller=seller, customer=customer, origin="change:C-OLD", reference="PF-OLD", currency="JPY", net_minor=100,
        tax_minor=10, gross_minor=110, tax_rate=0, credit_minor=3, created_at=NOW, pay_until=NOW + timedelta(hours=1),
    )  # fmt: skip
    made(
        "invoices.CreditNote",
        seller=seller, customer=customer, origin="change:C-OLDER", number="CN-OLD", reason="reduced", currency="JPY",
        net_minor=10, tax_minor=1, gross_minor=11, tax_rate=0, cash_minor=11, gifted_minor=0, at=NOW, transfer=moved,
    )  # fmt: skip
    return moved.pk, invoice.pk
