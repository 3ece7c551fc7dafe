"""The month's report: on the desk, as a file, as a command; and what it says when the ledger says something else."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from prorata.customers.models import User
from prorata.ledger.models import Entry, Transfer
from prorata.recognition.command import main
from prorata.recognition.month import Month, NoMonth, month_of
from prorata.recognition.report import report
from support.attacks import Attack, attack, triggers_asleep
from support.forms import words
from support.world import ZONE, World

__all__ = ["attack"]


@pytest.fixture
def august(world: World) -> World:
    """5,088 were invoiced on 15 August for 108 days; it is the night to 1 September."""
    world.open("2026-06-01T08:00+09:00")
    web = world.service(paid=0)
    world.at("2026-08-15T14:02+09:00")
    world.pay(world.change(web, memory=8))
    world.work()
    world.at("2026-09-01T00:17+09:00")
    world.recognise()
    return world


@pytest.fixture
def page() -> str:
    return reverse("admin:recognition_recognised_month")


def corrupt(attack: Attack, statement: str) -> None:
    with attack("eraser") as sql, triggers_asleep(sql):
        sql.execute(statement)  # type: ignore[arg-type]
        sql.commit()


def rows_of(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


def test_the_page_says_that_the_month_ties(august: World, staff: Client, page: str) -> None:
    shown = words(staff.get(page))
    assert "JPY ties to the ledger: revenue/deferred/JPY stands at 4,287." in shown
    assert (
        "BESTNET-CLOUD 0 5,088 0 0 -801 4,287 Together 0 5,088 0 0 -801 4,287 Ledger 0 5,088 0 0 -801 4,287"
        in shown
    )
    assert "revenue/earned/bestnet-cloud/JPY 801 801" in shown
    assert "not complete" not in shown


def test_a_month_that_is_not_over_says_until_when_it_is_recognised(
    august: World, staff: Client, page: str
) -> None:
    august.at("2026-09-11T09:00+09:00")
    august.recognise()
    shown = words(staff.get(page, {"month": "2026-09"}))
    assert "Bestnet K.K.: recognised through 2026-09-10. 2026-09 is not complete yet." in shown
    assert "BESTNET-CLOUD 4,287 0 0 0 -471 3,816" in shown
    assert "JPY ties to the ledger" in shown


def test_a_month_without_anything(august: World, staff: Client, page: str) -> None:
    shown = words(staff.get(page, {"month": "2026-07"}))
    assert "Nothing was deferred or earned in 2026-07." in shown
    assert "Download" not in shown


def test_nothing_was_ever_sold(world: World, staff: Client, page: str) -> None:
    world.open("2026-06-01T08:00+09:00")
    assert "Nothing was deferred or earned in 2026-05." in words(staff.get(page))


def test_before_anything_is_recognised(world: World, staff: Client, page: str) -> None:
    web = world.web_01("2026-08-15T14:02+09:00")
    world.pay(world.change(web, memory=8))
    world.work()
    shown = words(staff.get(page, {"month": "2026-08"}))
    assert "Bestnet K.K.: no day is recognised yet." in shown
    assert "BESTNET-CLOUD 0 5,088 0 0 0 5,088" in shown


def test_a_month_before_the_first_day_says_where_its_part_is(world: World, staff: Client, page: str) -> None:
    web = world.web_01("2026-08-15T14:02+09:00")
    world.pay(world.change(web, memory=8))
    world.work()
    world.at("2026-09-02T00:17+09:00")
    world.recognise()
    shown = words(staff.get(page, {"month": "2026-08"}))
    assert "days are recognised from 2026-09-01 on. What 2026-08 would have earned is in that day." in shown
    assert "JPY ties to the ledger" in shown


@pytest.mark.parametrize("written", ["2026-13", "august", "2026-8", "=1+1", "0000-01", "9999-12"])
def test_what_is_no_month_is_answered_with_the_last_one(
    august: World, staff: Client, page: str, written: str
) -> None:
    shown = words(staff.get(page, {"month": written}))
    assert "is not a month: write it as 2026-10. Here is the last month that is over." in shown
    assert "JPY, 2026-08" in shown


def test_the_file_is_the_page(august: World, staff: Client, page: str) -> None:
    sent = staff.get(page, {"month": "2026-08", "csv": "1"})
    assert sent["Content-Disposition"] == 'attachment; filename="recognition-2026-08.csv"'
    head, product, together, ledger = rows_of(sent.content)
    assert head[:6] == ["Month", "Currency", "Kind", "Seller", "Product", "Product code"]
    assert product == [
        "2026-08", "JPY", "Product", "Bestnet K.K.", "BESTNET-CLOUD", "bestnet-cloud", "0", "5088", "0", "0", "-801",
        "4287", "",
    ]  # fmt: skip
    assert together[6:12] == ledger[6:12] == product[6:12]
    assert together[12] == "JPY ties to the ledger: revenue/deferred/JPY stands at 4,287."


def test_a_name_is_never_run_as_a_formula(august: World, staff: Client, page: str) -> None:
    product = august.cloud
    product.name = '=HYPERLINK("http://evil.example")'
    product.save()
    assert rows_of(staff.get(page, {"csv": "1"}).content)[1][4] == "'" + product.name


def test_another_seller_is_told_apart(august: World, staff: Client, page: str) -> None:
    """Two sellers in two zones: each month is the seller's own, and together they are the ledger."""
    from prorata.invoices.models import Seller

    Seller.objects.create(code="other", name="Other Inc.", zone="America/New_York")
    assert report(month_of("2026-08")).ties
    assert "Other Inc." not in words(staff.get(page)), "it has sold nothing"


def test_an_entry_that_was_changed_is_named(
    august: World, staff: Client, page: str, attack: Attack, capsys: pytest.CaptureFixture[str]
) -> None:
    august.breaking("transfers-move-what-was-caused", "trial-balance", "transfers-balance", "deferred-is-the-rest",
        "revenue-is-documents")  # fmt: skip
    settled = Transfer.objects.get(kind="settled")
    entry = Entry.objects.get(transfer=settled, account__code="revenue/deferred/JPY")
    corrupt(attack, f"UPDATE ledger_entry SET amount_minor = -5080 WHERE id = {entry.pk}")

    shown = words(staff.get(page))
    assert "JPY does not tie to the ledger, where revenue/deferred/JPY stands at 4,279." in shown
    assert "Newly invoiced: 5,088 by the documents, 5,080 in the ledger." in shown
    assert f"Transfer {settled.pk} ({settled.key}) moves 5,080; its documents say 5,088." in shown
    assert reverse("admin:ledger_transfer_change", args=[settled.pk]) in staff.get(page).content.decode()

    assert main(["--month", "2026-08"]) == 1
    assert "JPY does not tie to the ledger" in capsys.readouterr().out


def test_earned_revenue_that_was_changed_is_named(
    august: World, staff: Client, page: str, attack: Attack
) -> None:
    august.breaking("transfers-move-what-was-caused", "trial-balance", "transfers-balance", "earned-is-recognised",
        "revenue-is-documents")  # fmt: skip
    entry = Entry.objects.filter(account__code="revenue/earned/bestnet-cloud/JPY").latest("id")
    corrupt(attack, f"UPDATE ledger_entry SET amount_minor = amount_minor - 5 WHERE id = {entry.pk}")
    shown = words(staff.get(page))
    assert "revenue/earned/bestnet-cloud/JPY: the days recognised 801, the ledger earned 806." in shown
    assert "does not tie" in shown


def test_a_day_that_recognised_too_much_is_seen_line_by_line(
    august: World, staff: Client, page: str, attack: Attack
) -> None:
    """Row, transfer and entries agree with one another, and the documents say something else."""
    august.breaking("recognised-is-earned-by-day")
    corrupt(
        attack,
        "UPDATE recognition_recognised SET amount_minor = amount_minor + 7 WHERE id = 1; "
        "UPDATE ledger_entry SET amount_minor = amount_minor + 7 * sign(amount_minor) WHERE transfer_id = "
        "(SELECT transfer_id FROM recognition_recognised WHERE id = 1)",
    )
    shown = words(staff.get(page))
    assert "Line by line, 4,287 of all documents is not earned yet; the closing says 4,280." in shown


def test_a_posting_that_no_document_asked_for_is_named(
    august: World, staff: Client, page: str, attack: Attack
) -> None:
    august.breaking("transfers-have-causes", "transfers-move-what-was-caused", "deferred-is-the-rest",
        "clearing-holds-captures", "revenue-is-documents")  # fmt: skip
    from prorata.ledger import accounts
    from prorata.ledger.post import post

    post(
        key="by hand", kind="hand", origin="hand", at=datetime.fromisoformat("2026-08-31T12:00+09:00"),
        legs=[(accounts.clearing("sandbox", "JPY"), 9), (accounts.deferred_revenue("JPY"), -9)],
    )  # fmt: skip
    shown = words(staff.get(page))
    assert "Other postings: 0 by the documents, 9 in the ledger." in shown
    assert "(by hand) moves 9; its documents say 0." in shown


def test_who_may_see_it(august: World, client: Client, page: str) -> None:
    clerk = User.objects.create_user("clerk@example.com", "a-long-password", is_staff=True)
    client.force_login(clerk)
    assert client.get(page).status_code == 403
    clerk.user_permissions.add(Permission.objects.get(codename="view_recognised"))
    assert client.get(page).status_code == 200


def test_its_questions_do_not_grow_with_the_days(august: World, staff: Client, page: str) -> None:
    def asked(night: str) -> int:
        august.at(f"{night}T00:17+09:00")
        august.recognise()
        with CaptureQueriesContext(connection) as captured:
            staff.get(page, {"month": "2026-09"})
        return len(captured)

    assert asked("2026-09-03") == asked("2026-09-29")


# --- the command ---


def test_the_command_prints_the_month_before_by_itself(
    august: World, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "2026-08"
    assert [line.split() for line in said[2:5]] == [
        [name, "0", "5,088", "0", "0", "-801", "4,287"] for name in ("BESTNET-CLOUD", "Together", "Ledger")
    ]
    assert said[5] == "JPY ties to the ledger: revenue/deferred/JPY stands at 4,287."


def test_the_command_writes_the_same_file(
    august: World, staff: Client, page: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--month", "2026-08", "--csv"]) == 0
    written = capsys.readouterr().out.encode()
    assert written == staff.get(page, {"month": "2026-08", "csv": "1"}).content


def test_a_month_that_cannot_be_read(db: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--month", "10/2026"]) == 2
    assert capsys.readouterr().err == "prorata: '10/2026' is not a month: write it as 2026-10\n"


def test_months() -> None:
    december = month_of("2026-12")
    assert (str(december.before), str(december.after)) == ("2026-11", "2027-01")
    begins, ends = december.bounds(ZONE)
    assert (ends - begins, begins.isoformat()) == (timedelta(days=31), "2026-12-01T00:00:00+09:00")
    assert month_of("2026-02") == Month(datetime(2026, 2, 1).date())
    with pytest.raises(NoMonth):
        month_of("")
