"""A statement is imported whole or not at all, each movement once, and only on an account that is ours."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError

from prorata import clock
from prorata.invoices.models import Seller
from prorata.payments.bank.accounts import account_for, offered_methods
from prorata.payments.bank.files.csv_columns import Columns
from prorata.payments.bank.files.parsed import BadStatement
from prorata.payments.bank.models import BankAccount, Statement, StatementFile, StatementLine
from prorata.payments.bank.take_in import keep, preview, take_in
from prorata.trail.models import Deed
from support.bank import ACTOR, IBAN, Entry, bank_account, camt, statement
from support.world import World

COLUMNS = Columns(date="day", amount="much", text=("words",), delimiter=";")


@pytest.fixture
def account(world: World) -> BankAccount:
    world.open("2026-08-15T14:02+09:00")
    return bank_account(world.seller)


def given(content: bytes, account: BankAccount | None = None) -> StatementFile:
    return keep(content, "file", account, ACTOR)


def csv(*rows: str) -> bytes:
    return "\n".join(["day;much;words", *rows]).encode()


def test_a_file_again_and_a_file_that_overlaps_add_nothing_twice(world: World, account: BankAccount) -> None:
    first, second, third = (Entry(amount=100 * n, text=str(n), on=f"2026-08-{16 + n}") for n in (1, 2, 3))
    assert statement(first, second).new == 2
    again = statement(first, second)
    assert (again.new, again.known) == (0, 2)
    overlap = statement(second, third, ref="2026-162", opening=100_100)
    assert (overlap.new, overlap.known) == (1, 1)
    found = list(Statement.objects.order_by("id").values_list("bank_ref", "new_lines", "known_lines"))
    assert found == [("2026-161", 2, 0), ("2026-162", 1, 1)]
    assert world.ledger() == {"gateway/bank/clearing": 600, "suspense": -600}


def test_the_preview_says_what_the_import_does(world: World, account: BankAccount) -> None:
    statement(Entry(amount=100, text="a"))
    file = given(camt(Entry(amount=100, text="a"), Entry(amount=200, text="b"), ref="x"))
    assert [(one.known, one.attempt) for one in preview(file)] == [(True, None), (False, None)]
    with world.unchanged():
        preview(file)
    assert take_in(file, actor=ACTOR).new == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            camt(Entry(amount=500), iban="GB33BUKB20201555555555"),
            "is of account GB33BUKB20201555555555 in JPY",
        ),
        (camt(Entry(amount=500), currency="EUR"), f"is of account {IBAN} in EUR"),
        (camt(Entry(amount=500), closing=1), "does not add up"),
        (camt(Entry(amount=500))[:400], "no well-formed XML"),
        (b"", "The file is empty"),
    ],
)
def test_a_wrong_file_leaves_nothing(world: World, account: BankAccount, content: bytes, said: str) -> None:
    with world.unchanged(), pytest.raises(BadStatement, match=said):
        given(content)
    assert not StatementFile.objects.exists()


def test_a_file_of_two_accounts_or_of_another_than_chosen(world: World, account: BankAccount) -> None:
    other = bank_account(world.seller, "EUR")
    part = camt(Entry(amount=500), currency="EUR").partition(b"<Stmt>")[2].partition(b"</BkToCstmrStmt>")[0]
    both = camt(Entry(amount=500)).replace(b"</BkToCstmrStmt>", b"<Stmt>" + part + b"</BkToCstmrStmt>")
    with pytest.raises(BadStatement, match="statements of several accounts"):
        given(both)
    with pytest.raises(BadStatement, match="Choose the other account"):
        given(camt(Entry(amount=500)), other)


def test_a_wrong_row_far_down_leaves_nothing_of_the_file(world: World, account: BankAccount) -> None:
    with pytest.raises(BadStatement, match="choose the bank account"):
        given(csv("2026-08-17;5;a"))
    file = given(csv(*["2026-08-17;5;a"] * 50, "2026-08-17;5.5;b"), account)
    with pytest.raises(BadStatement, match="Say first which column"):
        take_in(file, actor=ACTOR)
    account.csv_columns = COLUMNS.as_json()
    account.save()
    file.refresh_from_db()
    with world.unchanged(), pytest.raises(BadStatement, match="Row 52"):
        take_in(file, actor=ACTOR)
    right = given(csv(*["2026-08-17;5;a"] * 50), account)
    assert take_in(right, actor=ACTOR).new == 50
    assert take_in(right, actor=ACTOR).new == 0
    assert StatementLine.objects.values("key").distinct().count() == 50


def test_columns_named_anew_do_not_bring_a_movement_again(world: World, account: BankAccount) -> None:
    """The text was forgotten at first; the file says the same of each movement."""
    account.csv_columns = Columns(date="day", amount="much", delimiter=";").as_json()
    account.save()
    rows = csv("2026-08-17;5;a", "2026-08-17;5;b", "2026-08-17;5;b")
    assert take_in(given(rows, account), actor=ACTOR).new == 3
    account.csv_columns = COLUMNS.as_json()
    account.save()
    file = StatementFile.objects.get()
    assert take_in(file, actor=ACTOR).new == 0
    more = given(csv("2026-08-17;5;b", "2026-08-17;5;c"), account)
    assert [one.known for one in preview(more)] == [True, False]


def test_the_banks_number_named_later_or_no_more_does_not_bring_a_movement_again(
    world: World, account: BankAccount
) -> None:
    """2026-11-26: with another column for the number each movement of a file that overlaps was another movement."""
    without = Columns(date="day", amount="much", delimiter=";").as_json()
    account.csv_columns = without
    account.save()
    first = given(csv("2026-08-17;5;A1", "2026-08-17;5;A1", "2026-08-18;7;A2"), account)
    assert take_in(first, actor=ACTOR).new == 3
    account.csv_columns = without | {"bank_id": "words"}
    account.save()
    more = given(csv("2026-08-17;5;A1", "2026-08-17;5;A1", "2026-08-18;7;A2", "2026-08-19;9;A3"), account)
    assert [one.known for one in preview(more)] == [True, True, True, False]
    assert take_in(more, actor=ACTOR).new == 1
    assert take_in(more, actor=ACTOR).new == 0
    account.csv_columns = without
    account.save()
    last = given(csv("2026-08-18;7;A2", "2026-08-19;9;A3", "2026-08-20;1;A4"), account)
    with world.unchanged(), pytest.raises(BadStatement, match="column of the numbers"):
        take_in(last, actor=ACTOR)
    assert take_in(given(csv("2026-08-20;1;A4"), account), actor=ACTOR).new == 1
    assert world.ledger() == {"gateway/bank/clearing": 27, "suspense": -27}


def test_days_that_came_in_one_form_do_not_come_in_the_other(world: World, account: BankAccount) -> None:
    statement(Entry(amount=5, text="a", on="2026-08-16"), Entry(amount=5, text="a", on="2026-08-18"))
    account.csv_columns = COLUMNS.as_json()
    account.save()
    twice = given(csv("2026-08-17;5;a"), account)
    with (
        world.unchanged(),
        pytest.raises(BadStatement, match="from 2026-08-16 to 2026-08-18 came in the form CAMT"),
    ):
        take_in(twice, actor=ACTOR)
    assert take_in(given(csv("2026-08-19;5;a"), account), actor=ACTOR).new == 1
    again = given(camt(Entry(amount=7, text="b", on="2026-08-19"), ref="n"))
    with pytest.raises(BadStatement, match="came in the form CSV"):
        preview(again)


def test_a_line_that_postgresql_refuses_takes_the_whole_file_with_it(
    world: World, account: BankAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    from prorata.payments.bank import take_in as room

    posted = room.post
    calls: list[object] = []

    def third_breaks(**facts: object) -> int:
        calls.append(facts)
        if len(calls) == 3:
            raise RuntimeError("the power fails")
        return posted(**facts)  # type: ignore[arg-type]

    monkeypatch.setattr(room, "post", third_breaks)
    file = given(camt(*(Entry(amount=n, text=str(n)) for n in range(1, 5))))
    with world.unchanged(), pytest.raises(RuntimeError):
        take_in(file, actor=ACTOR)


def test_a_file_that_was_only_looked_at_is_forgotten(world: World, account: BankAccount) -> None:
    seen = given(camt(Entry(amount=1, text="a")))
    taken = given(camt(Entry(amount=2, text="b"), ref="b"))
    take_in(taken, actor=ACTOR)
    StatementFile.objects.filter(pk=seen.pk)
    with pytest.MonkeyPatch.context() as later:
        now = clock.machine_now() + timedelta(days=3)
        later.setattr(clock, "machine_now", lambda: now)
        given(camt(Entry(amount=3, text="c"), ref="c"))
    assert not StatementFile.objects.filter(pk=seen.pk).exists()
    assert StatementFile.objects.filter(pk=taken.pk).exists()


def test_an_import_stands_in_the_trail(world: World, account: BankAccount) -> None:
    statement(Entry(amount=1, text="a"), Entry(amount=2, text="b"))
    deed = Deed.objects.get(what="statement.imported")
    assert (deed.actor, deed.changed["new_lines"]) == (ACTOR, [None, 2])


# --- accounts -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "field", "said"),
    [
        ({"iban": "DE89370400440532013001"}, "iban", "This is no IBAN"),
        ({"iban": ""}, "iban", "Write the IBAN, or else the account number"),
        ({"number": "7"}, "iban", "one of the two"),
        ({"bic": "NOPE"}, "bic", "This is no BIC"),
        ({"currency": "XXQ"}, "currency", "Use an ISO 4217 code"),
        ({"holder": ""}, "holder", ""),
        ({"pay_within_days": 0}, "pay_within_days", ""),
        ({"pay_within_days": 31}, "pay_within_days", ""),
    ],
)
def test_an_account_is_checked(world: World, facts: dict[str, object], field: str, said: str) -> None:
    world.open("2026-08-15T14:02+09:00")
    with pytest.raises(ValidationError) as wrong:
        bank_account(world.seller, **({"currency": "EUR"} | facts))  # type: ignore[arg-type]
    assert said in " ".join(wrong.value.message_dict[field])


def test_numbers_are_brought_to_one_form(world: World) -> None:
    world.open("2026-08-15T14:02+09:00")
    found = bank_account(world.seller, "eur", iban="de89 3704 0044 0532 0130 00", bic="cobadeff xxx")
    assert (found.currency, found.iban, found.bic) == ("EUR", IBAN, "COBADEFFXXX")
    assert found.shown_number == "DE89 3704 0044 0532 0130 00"


def test_one_account_is_offered_a_currency_and_methods_follow(world: World) -> None:
    world.open("2026-08-15T14:02+09:00")
    seller = Seller.objects.get()
    assert [one.code for one in offered_methods(seller.pk, "JPY")] == ["card"]
    found = bank_account(seller)
    assert [one.code for one in offered_methods(seller.pk, "JPY")] == ["card", "bank_transfer"]
    assert [one.code for one in offered_methods(seller.pk, "USD")] == ["card"]
    with pytest.raises(ValidationError, match="offered already"):
        bank_account(seller, iban="GB33BUKB20201555555555")
    assert account_for(seller.pk, "JPY") == found
