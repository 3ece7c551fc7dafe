"""Bank accounts, statements and assignments attacked with raw SQL, by the application's role and by the owner."""

from __future__ import annotations

from typing import Any

import pytest
from psycopg.errors import CheckViolation, ForeignKeyViolation, RestrictViolation, UniqueViolation

from prorata.payments.bank.allocate import set_aside, to_credit
from prorata.payments.bank.models import Allocation, BankAccount, Statement, StatementLine
from prorata.payments.bank.take_back import take_back
from support.attacks import Attack, attack, everybody, refused
from support.bank import ACTOR, Entry, bank_account, line, statement
from support.world import World

__all__ = ["attack"]
WRITTEN_ONCE = ["bank_statement", "bank_statementline", "bank_allocation", "bank_unallocation"]


@pytest.fixture
def given(world: World) -> Allocation:
    """Of a line of 1,000, 600 are account credit; 100 were given and taken back."""
    world.open("2026-08-15T14:02+09:00")
    bank_account(world.seller)
    statement(Entry(amount=1_000, text="x"), Entry(amount=-50, text="fee"))
    found = StatementLine.objects.get(amount_minor=1_000)
    first = to_credit(found, world.customer, amount_minor=100, actor=ACTOR)
    take_back(first.pk, shown_debt_minor=0, reason="not his", actor=ACTOR)
    return to_credit(found, world.customer, amount_minor=600, actor=ACTOR)


@pytest.mark.parametrize("table", WRITTEN_ONCE)
def test_what_the_bank_and_staff_wrote_stays(given: Allocation, attack: Attack, table: str) -> None:
    for role in ("application", "owner"):
        for what in (f"UPDATE {table} SET id = id", f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"):
            with attack(role) as sql, pytest.raises(Exception, match=r"append-only|permission denied"):
                sql.execute(what)


def insert(line_id: int, amount: int, what: str = "not_ours", position: int = 9) -> tuple[str, list[Any]]:
    columns = "line_id, position, what, amount_minor, automatic, reason, actor, at"
    values = "%s, %s, %s, %s, false, 'because', 'x', now()"
    return f"INSERT INTO bank_allocation ({columns}) VALUES ({values})", [line_id, position, what, amount]


def test_a_line_is_assigned_at_most_what_it_brought(given: Allocation, attack: Attack) -> None:
    for sql in everybody(attack):
        refused(sql, CheckViolation, *insert(given.line_id, 401), says="401 more are not there")
    for sql in everybody(attack):
        sql.execute(*insert(given.line_id, 400))


def test_money_that_went_out_is_never_assigned(given: Allocation, attack: Attack) -> None:
    out = StatementLine.objects.get(amount_minor=-50)
    for sql in everybody(attack):
        refused(sql, CheckViolation, *insert(out.pk, 1))


@pytest.mark.parametrize("amount", [0, -1])
def test_an_assignment_is_of_something(given: Allocation, attack: Attack, amount: int) -> None:
    for sql in everybody(attack):
        refused(sql, CheckViolation, *insert(given.line_id, amount))


@pytest.mark.parametrize("what", ["invoice", "credit", "debt", "whatever"])
def test_an_assignment_names_whose_it_is(given: Allocation, attack: Attack, what: str) -> None:
    for sql in everybody(attack):
        refused(sql, CheckViolation, *insert(given.line_id, 1, what))


def test_a_position_is_taken_once(given: Allocation, attack: Attack) -> None:
    for sql in everybody(attack):
        refused(sql, UniqueViolation, *insert(given.line_id, 1, position=given.position))


@pytest.mark.parametrize("parts", [(0, 599, 0), (0, 601, 0), (600, 600, -600), (0, 0, 0)])
def test_what_is_taken_back_comes_back_whole(
    given: Allocation, attack: Attack, parts: tuple[int, int, int]
) -> None:
    statement_ = (
        "INSERT INTO bank_unallocation (allocation_id, from_invoice_minor, from_purse_minor, debt_minor, reason, actor, at)"
        " VALUES (%s, %s, %s, %s, 'because', 'x', now())"
    )
    for sql in everybody(attack):
        refused(sql, CheckViolation, statement_, [given.pk, *parts])


def test_an_assignment_is_taken_back_once(given: Allocation, attack: Attack) -> None:
    first = Allocation.objects.exclude(pk=given.pk).get()
    statement_ = (
        "INSERT INTO bank_unallocation (allocation_id, from_invoice_minor, from_purse_minor, debt_minor, reason, actor, at)"
        " VALUES (%s, 0, 100, 0, 'because', 'x', now())"
    )
    for sql in everybody(attack):
        refused(sql, UniqueViolation, statement_, [first.pk])


def test_a_line_is_there_once_and_of_its_statements_account(
    world: World, given: Allocation, attack: Attack
) -> None:
    found = line()
    other = bank_account(world.seller, "USD")
    insert_ = (
        "INSERT INTO bank_statementline (account_id, statement_id, key, booked_on, amount_minor, currency, text, name,"
        " other_account, bank_code, is_reversal) VALUES (%s, %s, %s, now(), %s, %s, '', '', '', '', false)"
    )
    same = [found.account_id, found.statement_id]
    for sql in everybody(attack):
        refused(sql, UniqueViolation, insert_, [*same, found.key, 5, "JPY"])
    for sql in everybody(attack):
        refused(sql, CheckViolation, insert_, [*same, "new", 5, "USD"])
    for sql in everybody(attack):
        refused(sql, CheckViolation, insert_, [other.pk, found.statement_id, "new", 5, "USD"])
    for sql in everybody(attack):
        refused(sql, CheckViolation, insert_, [*same, "new", 0, "JPY"])


def test_a_statement_adds_up(given: Allocation, attack: Attack) -> None:
    found = Statement.objects.get()
    for sql in everybody(attack):
        refused(
            sql, CheckViolation,
            "INSERT INTO bank_statement (account_id, file_id, bank_ref, opening_minor, closing_minor, entries_minor,"
            " new_lines, known_lines, imported_by, imported_at) VALUES (%s, %s, '', 1, 3, 1, 1, 0, 'x', now())",
            [found.account_id, found.file_id],
        )  # fmt: skip


def test_an_account_keeps_its_number_and_a_file_its_content(given: Allocation, attack: Attack) -> None:
    for what in ("iban = 'GB33BUKB20201555555555'", "number = '7'", "currency = 'USD'", "seller_id = 0"):
        for sql in everybody(attack):
            refused(sql, RestrictViolation, f"UPDATE bank_bankaccount SET {what}")
    for sql in everybody(attack):
        refused(sql, RestrictViolation, "DELETE FROM bank_bankaccount")
    for sql in everybody(attack):
        refused(sql, RestrictViolation, "UPDATE bank_statementfile SET content = '\\x00'")
    for sql in everybody(attack):
        refused(
            sql,
            (ForeignKeyViolation, RestrictViolation),
            "DELETE FROM bank_statementfile; SET CONSTRAINTS ALL IMMEDIATE",
        )


def test_one_account_a_currency_is_offered(world: World, given: Allocation, attack: Attack) -> None:
    first = BankAccount.objects.get()
    BankAccount.objects.create(seller=world.seller, currency="JPY", holder="x", number="7", offered=False)
    for sql in everybody(attack):
        refused(sql, UniqueViolation, "UPDATE bank_bankaccount SET offered = true")
    for sql in everybody(attack):
        refused(
            sql, CheckViolation, "UPDATE bank_bankaccount SET pay_within_days = 31 WHERE id = %s", [first.pk]
        )


def test_setting_aside_needs_a_reason_below_the_code_too(given: Allocation, attack: Attack) -> None:
    for sql in everybody(attack):
        refused(
            sql,
            CheckViolation,
            insert(given.line_id, 1)[0].replace("'because'", "''"),
            insert(given.line_id, 1)[1],
        )
    set_aside(given.line, "not_ours", reason="a deposit", actor=ACTOR)
