"""Bank pages of the desk: who may do what, and what each form says when something is missing."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from prorata.customers.models import User
from prorata.payments.bank.allocate import to_credit
from prorata.payments.bank.models import Allocation, StatementFile, StatementLine, Unallocation
from support.bank import ACTOR, Entry, bank_account, camt, line, statement
from support.world import World

PAGES = {
    "bank_statement_import": ("add_statement", []),
    "bank_waiting": ("view_statementline", []),
    "bank_line": ("view_statementline", ["line"]),
    "bank_take_back": ("add_unallocation", ["allocation"]),
    "bank_statement_file": ("add_statement", ["file"]),
}


@pytest.fixture
def waits(world: World) -> StatementLine:
    world.open("2026-08-15T14:02+09:00")
    bank_account(world.seller)
    statement(Entry(amount=1_000, text="hello", name="Tanaka Design"))
    return line()


def allowed(client: Client, *codes: str) -> Client:
    person = User.objects.create_user(f"{'-'.join(codes) or 'none'}@example.com", "x", is_staff=True)
    person.user_permissions.set(Permission.objects.filter(content_type__app_label="bank", codename__in=codes))
    client.force_login(person)
    return client


def told(sent: object) -> str:
    return " ".join(sent.content.decode().split())  # type: ignore[attr-defined]


@pytest.mark.parametrize("page", PAGES)
def test_each_page_asks_for_its_right(world: World, waits: StatementLine, client: Client, page: str) -> None:
    right, what = PAGES[page]
    given = to_credit(waits, world.customer, amount_minor=1, actor=ACTOR)
    ids = {"line": waits.pk, "allocation": given.pk, "file": waits.statement.file_id}
    address = reverse(f"admin:{page}", args=[ids[one] for one in what])
    assert allowed(client).get(address).status_code == 403
    assert allowed(client, right).get(address).status_code == 200


def test_who_may_only_look_cannot_assign(world: World, waits: StatementLine, client: Client) -> None:
    looks = allowed(client, "view_statementline")
    address = reverse("admin:bank_line", args=[waits.pk])
    assert "Proposals" not in told(looks.get(address))
    with world.unchanged():
        looks.post(address, {"what": "credit", "customer": world.customer.pk, "amount": "1000"})
    assert not Allocation.objects.exists()


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"what": "invoice", "amount": "1000", "invoice": "PF-NONE"}, "No invoice has this number"),
        ({"what": "credit", "amount": "1000"}, "Choose whose it is."),
        ({"what": "returned", "amount": "1000"}, "Write the reason"),
        ({"what": "not_ours", "amount": "1,001", "reason": "x"}, "1,000 JPY of it are not assigned yet."),
        ({"what": "not_ours", "amount": "1.5", "reason": "x"}, "JPY has no decimals"),
        ({"what": "not_ours", "amount": "0", "reason": "x"}, "Assign at most that."),
        ({"amount": "1000"}, "This field is required."),
    ],
)
def test_a_form_says_what_is_missing(
    world: World, waits: StatementLine, staff: Client, typed: dict[str, str], said: str
) -> None:
    with world.unchanged():
        sent = staff.post(reverse("admin:bank_line", args=[waits.pk]), typed)
    assert said in told(sent)


def test_the_same_button_pressed_twice_assigns_once(
    world: World, waits: StatementLine, staff: Client
) -> None:
    address = reverse("admin:bank_line", args=[waits.pk])
    typed = {"what": "credit", "customer": str(world.customer.pk), "amount": "1,000"}
    assert staff.post(address, typed).status_code == 302
    assert "assigned" in told(staff.post(address, typed))
    assert Allocation.objects.count() == 1


def test_taking_back_says_a_new_debt_before_it_does_anything(
    world: World, waits: StatementLine, staff: Client
) -> None:
    """Shown while the credit was there; spent before the button was pressed."""
    given = to_credit(waits, world.customer, actor=ACTOR)
    address = reverse("admin:bank_take_back", args=[given.pk])
    assert "1,000" in told(staff.get(address))
    world.gift(1, until="2026-12-01T00:00+09:00")
    web = world.service(paid=34_188)
    world.change(web, snapshots=4)
    spent = 1_000 - world.credit()
    assert spent > 0
    with world.unchanged():
        sent = staff.post(address, {"shown_debt_minor": "0", "reason": "not his"})
    assert "has changed. Look at what would happen now." in told(sent)
    assert f"{spent:,}" in told(sent)
    assert staff.post(address, {"shown_debt_minor": str(spent), "reason": "not his"}).status_code == 302
    assert Unallocation.objects.get().debt_minor == spent


def test_a_file_that_is_wrong_says_so_at_its_field(world: World, waits: StatementLine, staff: Client) -> None:
    address = reverse("admin:bank_statement_import")
    for content, said in ((b"<a/>", "no bank statement"), (b"a;b\n1;2\n", "choose the bank account")):
        sent = staff.post(address, {"file": SimpleUploadedFile("x", content), "account": ""})
        assert said in told(sent)
    good = SimpleUploadedFile("x.xml", camt(Entry(amount=5, text="<b>&amp;"), ref="n"))
    sent = staff.post(address, {"file": good, "account": ""}, follow=True)
    assert "1 movement would be added" in told(sent)
    assert "<b>&amp;" not in told(sent)


def test_the_banks_own_number_stays_the_column_it_was(world: World, staff: Client) -> None:
    world.open("2026-08-15T14:02+09:00")
    account = bank_account(world.seller)
    file = SimpleUploadedFile("x.csv", b"day;much;no\n2026-08-17;5;A1\n")
    sent = staff.post(
        reverse("admin:bank_statement_import"), {"file": file, "account": account.pk}, follow=True
    )
    kept = StatementFile.objects.get()
    address = reverse("admin:bank_statement_columns", args=[kept.pk])
    typed = {
        "encoding": "utf-8-sig", "delimiter": ";", "decimal": ".", "date_format": "%Y-%m-%d", "date": "day",
        "amount": "much", "bank_id": "no",
    }  # fmt: skip
    assert "Which column is what" in told(sent)
    assert "or else the columns of in and out" in told(staff.post(address, {**typed, "credit": "no"}))
    assert "1 movement would be added" in told(staff.post(address, typed, follow=True))
    staff.post(reverse("admin:bank_statement_take", args=[kept.pk]))
    assert StatementLine.objects.get().amount_minor == 5
    assert "would bring them a second time" in told(staff.post(address, {**typed, "bank_id": ""}))


def test_lists_of_the_desk(world: World, waits: StatementLine, staff: Client) -> None:
    for page in ("bank_bankaccount", "bank_statement", "bank_statementline"):
        assert staff.get(reverse(f"admin:{page}_changelist")).status_code == 200
    account, found = waits.account_id, waits.statement_id
    shown = told(staff.get(reverse("admin:bank_bankaccount_change", args=[account])))
    assert 'name="iban"' not in shown
    assert 'name="holder"' in shown
    assert "1,000" in told(staff.get(reverse("admin:bank_statement_change", args=[found])))
