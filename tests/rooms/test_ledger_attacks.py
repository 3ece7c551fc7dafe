"""The ledger attacked from below the models, with raw SQL, by the application's role and by the tables' owner."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.apps import apps
from django.db import IntegrityError, transaction
from psycopg.errors import (
    CheckViolation,
    FeatureNotSupported,
    InsufficientPrivilege,
    RestrictViolation,
    UniqueViolation,
)

from prorata.changes import staff_actions
from prorata.changes.drift.leave import leave
from prorata.changes.models import SecurityEvent
from prorata.customers import staff_view
from prorata.customers.models import User
from prorata.ledger.accounts import AccountName
from prorata.ledger.append_only import AppendOnly
from prorata.ledger.models import Entry, Transfer
from prorata.ledger.post import Unbalanced, post
from prorata.payments.bank.allocate import to_credit
from prorata.payments.bank.models import StatementLine
from prorata.payments.bank.take_back import take_back
from prorata.payments.models import Capture
from prorata.payments.reconcile import reconcile
from prorata.payments.refund import refund
from prorata.support.attach import Sent
from prorata.verify import nightly
from prorata.verify.seal import seal_all
from support import bank
from support.attacks import ROLES, Attack, Connection, attack, refused, refused_at_commit
from support.database import TestDatabase
from support.drift import found
from support.tickets import ask
from support.world import World

__all__ = ["attack"]
NOW = datetime(2026, 6, 1, 8, tzinfo=UTC)
CASH = AccountName("gateway/test/clearing/JPY", "asset", "JPY")
OWED = AccountName("revenue/deferred/JPY", "liability", "JPY")
DOLLARS = AccountName("gateway/test/clearing/USD", "asset", "USD")
APPEND_ONLY = sorted(
    (model for model in apps.get_models() if issubclass(model, AppendOnly)), key=lambda m: m._meta.db_table
)


def account(sql: Connection, name: AccountName) -> int:
    sql.execute(
        "INSERT INTO ledger_account (code, kind, currency) VALUES (%s, %s, %s) ON CONFLICT (code) DO NOTHING",
        [name.code, name.kind, name.currency],
    )
    found = sql.execute("SELECT id FROM ledger_account WHERE code = %s", [name.code]).fetchone()
    assert found
    return int(found[0])


def transfer(sql: Connection) -> int:
    made = sql.execute(
        "INSERT INTO ledger_transfer (key, kind, origin, reason, actor, at, recorded_at) "
        "VALUES (%s, 'attack', 'attack', '', 'nobody', %s, %s) RETURNING id",
        [str(uuid.uuid4()), NOW, NOW],
    ).fetchone()
    assert made
    return int(made[0])


def entry(sql: Connection, moved: int, name: AccountName, amount: int, currency: str = "JPY") -> None:
    sql.execute(
        "INSERT INTO ledger_entry (transfer_id, account_id, amount_minor, currency) VALUES (%s, %s, %s, %s)",
        [moved, account(sql, name), amount, currency],
    )


# --- what a transfer must be ------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ROLES)
def test_a_balanced_transfer_is_taken(attack: Attack, role: str) -> None:
    with attack(role) as sql:
        moved = transfer(sql)
        entry(sql, moved, CASH, 100)
        entry(sql, moved, OWED, -100)
        sql.commit()
    assert Entry.objects.filter(transfer=moved).count() == 2


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(
    ("legs", "says"),
    [
        ([(CASH, 100, "JPY"), (OWED, -99, "JPY")], "does not balance: JPY off by 1"),
        ([(CASH, 100, "JPY")], "fewer than two entries"),
        ([], "fewer than two entries"),
        # PostgreSQL names the currencies in the order of its plan.
        (
            [(CASH, 100, "JPY"), (DOLLARS, -100, "USD")],
            "does not balance: (?=.*JPY off by 100)(?=.*USD off by -100)",
        ),
        ([(CASH, 100, "JPY"), (DOLLARS, -100, "JPY")], "account of another currency"),
        ([(CASH, 100, "USD"), (OWED, -100, "USD")], "account of another currency"),
    ],
)
def test_a_transfer_that_is_none_does_not_pass_the_commit(
    attack: Attack, role: str, legs: list[tuple[AccountName, int, str]], says: str
) -> None:
    with attack(role) as sql:
        moved = transfer(sql)
        for name, amount, currency in legs:
            entry(sql, moved, name, amount, currency)
        refused_at_commit(sql, CheckViolation, says)
    assert not Transfer.objects.exists()


@pytest.mark.parametrize("role", ROLES)
def test_an_entry_moves_something(attack: Attack, role: str) -> None:
    with attack(role) as sql:
        moved = transfer(sql)
        account(sql, CASH)
        refused(
            sql,
            CheckViolation,
            "INSERT INTO ledger_entry (transfer_id, account_id, amount_minor, currency) "
            "SELECT %s, id, 0, 'JPY' FROM ledger_account",
            [moved],
            says="entry_moves_something",
        )


@pytest.mark.parametrize("role", ROLES)
def test_an_old_transfer_takes_no_more_entries(attack: Attack, role: str) -> None:
    """Not one, which would unbalance it, and not a balanced pair, which would not."""
    with transaction.atomic():
        old = post(key="old", kind="captured", origin="test", legs=[(CASH, 100), (OWED, -100)], at=NOW)
    with attack(role) as sql:
        entry(sql, old, CASH, 5)
        refused_at_commit(sql, CheckViolation, "does not balance")
    with attack(role) as sql:
        entry(sql, old, CASH, 5)
        entry(sql, old, OWED, -5)
        refused_at_commit(sql, RestrictViolation, f"transfer {old} is written already")
    assert sorted(Entry.objects.values_list("amount_minor", flat=True)) == [-100, 100]


@pytest.mark.parametrize("role", ROLES)
def test_a_transfer_may_be_written_across_savepoints_of_its_own_transaction(
    attack: Attack, role: str
) -> None:
    with attack(role) as sql:
        sql.execute("SAVEPOINT outer_block")
        moved = transfer(sql)
        sql.execute("RELEASE SAVEPOINT outer_block")
        sql.execute("SAVEPOINT inner_block")
        entry(sql, moved, CASH, 7)
        sql.execute("RELEASE SAVEPOINT inner_block")
        entry(sql, moved, OWED, -7)
        sql.commit()
    assert Entry.objects.filter(transfer=moved).count() == 2


@pytest.mark.parametrize("role", ROLES)
def test_the_same_act_is_posted_once(attack: Attack, role: str) -> None:
    with transaction.atomic():
        post(key="once", kind="captured", origin="test", legs=[(CASH, 100), (OWED, -100)], at=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        post(key="once", kind="captured", origin="test", legs=[(CASH, 100), (OWED, -100)], at=NOW)
    with attack(role) as sql:
        refused(
            sql,
            UniqueViolation,
            "INSERT INTO ledger_transfer (key, kind, origin, reason, actor, at, recorded_at) "
            "SELECT key, kind, origin, reason, actor, at, recorded_at FROM ledger_transfer",
        )


def test_a_transfer_is_reversed_once(attack: Attack) -> None:
    with transaction.atomic():
        first = post(key="first", kind="captured", origin="test", legs=[(CASH, 9), (OWED, -9)], at=NOW)
        back = [(CASH, -9), (OWED, 9)]
        post(key="back", kind="reversal", origin="test", legs=back, at=NOW, reverses=first)
    with pytest.raises(IntegrityError), transaction.atomic():
        post(key="back again", kind="reversal", origin="test", legs=back, at=NOW, reverses=first)


@pytest.mark.parametrize("legs", [[(CASH, 100), (OWED, -99)], [(CASH, 100)], [(CASH, 0), (OWED, 0)], []])
def test_post_refuses_before_it_writes(transactional_db: None, legs: list[tuple[AccountName, int]]) -> None:
    with transaction.atomic(), pytest.raises(Unbalanced):
        post(key="wrong", kind="captured", origin="test", legs=legs, at=NOW)
    assert not Transfer.objects.exists()


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(
    "change",
    ["currency = 'USD'", "code = 'purse/1/JPY'", "kind = 'income'"],
    ids=["currency", "code", "kind"],
)
def test_an_account_stays_what_it_is(attack: Attack, role: str, change: str) -> None:
    with attack(role) as sql:
        account(sql, CASH)
        refused(sql, RestrictViolation, f"UPDATE ledger_account SET {change}", says="never change")
        refused(sql, RestrictViolation, "DELETE FROM ledger_account", says="never deleted")


# --- written once -----------------------------------------------------------------------------------------


@pytest.fixture
def everything_written(world: World) -> None:
    """An upgrade by card, a mixed one, a downgrade, staff and a tampered amount: a row in every append-only table."""
    world.open("2026-06-01T08:00+09:00")
    web = world.service(paid=34_188)
    world.at("2026-08-15T14:02+09:00")
    world.gift(100, until="2026-12-31T00:00+09:00")
    change = world.change(web, memory=8)
    staff = User.objects.create_superuser("ken@example.com", "a-long-password")
    staff_actions.take_over(staff, change.reference, "I look after it")
    staff_view.end(staff_view.begin(staff, world.customer, "To see it"), "pressed")
    world.pay(change)
    world.work()
    world.change(web, backups=4)
    world.work()
    SecurityEvent.objects.create(kind="tampered_amount", about="a quote", at=NOW)
    world.recognise()
    leave(staff, found(world, web, cpu=3).pk, "A trial", until=world.clock.now() + timedelta(days=1))
    _money_from_elsewhere(world)
    ask(world.owner, files=[Sent(name="a.txt", data=b"the log")])
    seal_all()
    nightly.run()


def _money_from_elsewhere(world: World) -> None:
    """A transfer that is assigned and taken back, a refund, and a comparison with the gateway."""
    bank.bank_account(world.seller)
    bank.statement(bank.Entry(amount=700, text="nobody knows"))
    given = to_credit(StatementLine.objects.get(), world.customer, actor=bank.ACTOR)
    take_back(given.pk, shown_debt_minor=0, reason="not hers", actor=bank.ACTOR)
    refund(
        Capture.objects.latest("id").pk,
        amount_minor=100,
        reason="asked for it",
        actor=f"user:{world.owner.pk}",
    )
    assert reconcile("sandbox") is not None


def test_every_append_only_table_refuses_to_change(everything_written: None, attack: Attack) -> None:
    """Both walls, for every such model there is: the application lacks the privilege, and the owner meets the trigger."""
    assert {m.__name__ for m in APPEND_ONLY} >= {
        "Transfer", "Entry", "LogLine", "InvoiceLine", "CreditNote", "CreditNoteLine", "Layer", "Unwinding", "Capture",
        "Quote", "Intervention", "SecurityEvent", "Day", "Recognised", "Opening",
        "Message", "Attachment", "StaffView", "StaffViewEnd",
    }  # fmt: skip
    for model in APPEND_ONLY:
        table, key = model._meta.db_table, model._meta.pk.column
        assert model._default_manager.exists(), f"{table} has no row: the story above must write one"
        attempts = (
            f"UPDATE {table} SET {key} = {key}",
            f"DELETE FROM {table}",
            f"TRUNCATE {table}",
            f"TRUNCATE {table} CASCADE",
        )
        for statement in attempts:
            with attack("application") as sql:
                refused(sql, InsufficientPrivilege, statement)
            with attack("owner") as sql:
                # A table that others refer to is refused for that before its trigger is asked.
                error = (
                    (RestrictViolation, FeatureNotSupported)
                    if statement == f"TRUNCATE {table}"
                    else RestrictViolation
                )
                refused(sql, error, statement)


def test_no_column_of_an_append_only_table_may_be_updated_by_the_application(attack: Attack) -> None:
    """A privilege on single columns would be one too."""
    with attack("application") as sql:
        for model in APPEND_ONLY:
            table = model._meta.db_table
            found = sql.execute(
                "SELECT has_table_privilege(%(t)s, 'INSERT'), has_table_privilege(%(t)s, 'SELECT'), "
                "has_any_column_privilege(%(t)s, 'UPDATE'), has_table_privilege(%(t)s, 'DELETE'), "
                "has_table_privilege(%(t)s, 'TRUNCATE'), has_table_privilege(%(t)s, 'TRIGGER')",
                {"t": table},
            ).fetchone()
            assert found == (True, True, False, False, False, False), table


def test_every_append_only_trigger_is_awake(attack: Attack) -> None:
    with attack("owner") as sql:
        for model in APPEND_ONLY:
            table = model._meta.db_table
            found = sql.execute(
                "SELECT tgname, tgenabled FROM pg_trigger WHERE tgrelid = %s::regclass AND tgname LIKE %s ORDER BY 1",
                [table, "%\\_stay%"],
            ).fetchall()
            assert (f"{table}_rows_stay", "O") in found, table
            assert (f"{table}_table_stays", "O") in found, table


def test_the_models_refuse_in_words(everything_written: None) -> None:
    for model in APPEND_ONLY:
        row = model._default_manager.first()
        assert row is not None
        with pytest.raises(TypeError, match="never changed; add a row"):
            row.save()
        with pytest.raises(TypeError, match="never deleted; add a row"):
            row.delete()


# --- the application's role -------------------------------------------------------------------------------


def test_the_application_is_nobody_special(attack: Attack) -> None:
    with attack("application") as sql:
        me = sql.execute(
            "SELECT rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls FROM pg_roles "
            "WHERE rolname = current_user"
        ).fetchone()
        assert me == (False, False, False, False, False)
        owned = sql.execute(
            "SELECT relname FROM pg_class WHERE relowner = (SELECT oid FROM pg_roles WHERE rolname = current_user)"
        ).fetchall()
        assert owned == []
        member = sql.execute(
            "SELECT rolname FROM pg_roles WHERE rolname <> current_user AND pg_has_role(current_user, oid, 'MEMBER')"
        ).fetchall()
        assert member == []


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE ledger_entry DISABLE TRIGGER ALL",
        "DROP TRIGGER entry_balances ON ledger_entry",
        "ALTER TABLE ledger_entry DROP CONSTRAINT entry_moves_something",
        "CREATE OR REPLACE FUNCTION prorata_refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        "GRANT UPDATE ON ledger_entry TO current_user",
        "CREATE TABLE mine (id int)",
        "SET session_replication_role = replica",
        "SET ROLE {owner}",
        "DROP TABLE ledger_entry",
    ],
)
def test_the_application_cannot_take_the_guards_away(
    attack: Attack, database: TestDatabase, statement: str
) -> None:
    statement = statement.replace("{owner}", database.owner.user)
    with attack("application") as sql:
        if statement.startswith("GRANT"):
            # PostgreSQL only warns: nothing was granted.
            sql.execute(statement)
            may = sql.execute("SELECT has_table_privilege('ledger_entry', 'UPDATE')").fetchone()
            assert may == (False,)
        else:
            refused(sql, InsufficientPrivilege, statement)
