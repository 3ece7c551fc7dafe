"""Staff read what a purse holds, until when and from what, and take the credit log with them as CSV."""

from __future__ import annotations

import csv
import io
from datetime import datetime

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from prorata.changes.cancel import cancel
from prorata.credit.grant import grant_gifted
from prorata.credit.models import LogLine, Purse
from prorata.customers.models import User
from support.portal import text
from support.world import World

PURSES, LOG, EXPORT = (
    f"admin:credit_{name}" for name in ("purse_changelist", "logline_changelist", "logline_export")
)


@pytest.fixture
def told(world: World) -> World:
    """web-01 with a gift until 18 August, held over its end and prolonged; backups reduced to account credit."""
    web = world.web_01("2026-08-15T14:02+09:00")
    world.change(web, backups=4)
    world.work()
    world.gift(1_500, until="2026-08-18T00:00+09:00")
    change = world.submit(world.quote(web, memory=8), use_account=False)
    world.at("2026-08-18T09:00+09:00")
    cancel(world.owner, change.reference)
    return world


def rows(answer: object) -> list[dict[str, str]]:
    body = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    assert body.startswith(b"\xef\xbb\xbf"), "the mark that Excel needs"
    return list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"))))


def test_the_list_of_purses_says_what_each_holds(told: World, staff: Client) -> None:
    page = text(staff.get(reverse(PURSES)))
    assert "2,431 JPY" in page
    assert "it does not end" in page
    assert "21 Aug 2026, 09:00" in page
    assert "18 Aug 2026, 00:00, ended" in page
    assert "a gift by staff: Welcome" in page


@pytest.mark.parametrize(
    ("holds", "balances"),
    [
        ("something", [2_431, 1_500]),
        ("soon", [1_500]),
        ("nothing", [0]),
        ("held", []),
        ("", [2_431, 0, 1_500]),
    ],
)
def test_purses_are_filtered_by_what_they_hold(
    told: World, staff: Client, holds: str, balances: list[int]
) -> None:
    shown = staff.get(reverse(PURSES), {"holds": holds} if holds else {}).context["cl"].result_list
    assert [purse.balance_minor for purse in shown] == balances


def test_a_purse_explains_itself(told: World, staff: Client) -> None:
    def page(**which: object) -> str:
        return text(staff.get(reverse("admin:credit_purse_change", args=[Purse.objects.get(**which).pk])))

    account = page(kind="account")
    assert "Tanaka Design can spend 2,431 JPY of account credit. It does not end." in account
    assert "Resources were reduced" in account
    old, new = page(balance_minor=0), page(kind="gifted", balance_minor=1_500)
    assert "This gift ended on 18 Aug 2026, 00:00. It came from: a gift by staff: Welcome." in old
    assert "Tanaka Design can spend 1,500 JPY of gifted credit until 21 Aug 2026, 09:00." in new
    assert "its own end, 18 Aug 2026, 00:00, passed while it was held for a change that was given up." in new
    assert "Free again: the change was given up" in new
    assert "aiko@example.com" in new


def test_what_is_held_is_said_beside_what_is_free(world: World, staff: Client) -> None:
    web = world.web_01("2026-08-15T14:02+09:00")
    world.gift(1_500, until="2026-12-31T00:00+09:00")
    world.change(web, memory=8)
    purse = Purse.objects.get()
    page = text(staff.get(reverse("admin:credit_purse_change", args=[purse.pk])))
    assert "Tanaka Design can spend 0 JPY of gifted credit until 31 Dec 2026, 00:00." in page
    assert "1,500 JPY more is held for a change that is not paid yet." in page
    shown = staff.get(reverse(PURSES), {"holds": "held"}).context["cl"].result_list
    assert [found.pk for found in shown] == [purse.pk]


def test_the_credit_log_is_in_words_and_leads_to_the_change(told: World, staff: Client) -> None:
    page = staff.get(reverse(LOG))
    for words in ("Resources were reduced", "Gifted credit was added", "Held for a change until it is paid"):
        assert words in text(page)
    change = LogLine.objects.get(what="pledged").origin.removeprefix("change:")
    assert f">{change}</a>" in page.content.decode()
    only = staff.get(reverse(LOG), {"what": "granted"}).context["cl"].result_list
    assert [line.what for line in only] == ["granted"]


def test_the_credit_log_comes_as_csv_with_exact_figures(told: World, staff: Client) -> None:
    answer = staff.get(reverse(EXPORT))
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"] == 'attachment; filename="credit-log-2026-08-18.csv"'
    found = rows(answer)
    assert [(row["What happened"], row["Amount"], row["Balance after"]) for row in found] == [
        ("Free again: the change was given up", "1500", "1500"),
        ("Held for a change until it is paid", "-1500", "0"),
        ("Gifted credit was added", "1500", "1500"),
        ("Resources were reduced", "2431", "2431"),
    ]  # fmt: skip
    newest = found[0]
    assert newest["Usable until"] == "2026-08-21T09:00:00+09:00"
    assert newest["When"] == "2026-08-18T09:00:00+09:00"
    assert (newest["Customer"], newest["Purse"], newest["Currency"], newest["By"]) == (
        "Tanaka Design", "Gifted credit", "JPY", "aiko@example.com",
    )  # fmt: skip
    assert newest["Change"] == LogLine.objects.get(what="released").origin.removeprefix("change:")


def test_the_file_has_the_rows_of_the_list_as_it_is_filtered(told: World, staff: Client) -> None:
    page = staff.get(reverse(LOG), {"what": "pledged"}).content.decode()
    assert f'href="{reverse(EXPORT)}?what=pledged"' in page
    assert [row["Amount"] for row in rows(staff.get(reverse(EXPORT), {"what": "pledged"}))] == ["-1500"]


def test_a_filter_that_makes_no_sense_leads_to_the_list_which_says_so(staff: Client) -> None:
    answer = staff.get(reverse("admin:credit_logline_export"), {"at__gte": "yesterday"}, follow=True)
    assert [place.partition("?")[2] for place, _status in answer.redirect_chain] == [
        "at__gte=yesterday",
        "e=1",
    ]
    assert answer.status_code == 200


def test_more_rows_than_a_page_of_the_list_are_all_in_the_file(world: World, staff: Client) -> None:
    world.open("2026-06-01T08:00+09:00")
    for _ in range(60):
        world.gift(10, until="2026-12-31T00:00+09:00")
    assert len(rows(staff.get(reverse(EXPORT)))) == 60


def test_what_people_wrote_is_never_a_formula(world: World, staff: Client) -> None:
    world.open("2026-06-01T08:00+09:00")
    world.customer.name = '=HYPERLINK("https://example.com")'
    world.customer.save()
    grant_gifted(
        customer_id=world.customer.pk, amount_minor=10, currency="JPY", reason="+1+1",
        expires_at=datetime.fromisoformat("2026-12-31T00:00+09:00"), actor="staff:test",
    )  # fmt: skip
    row = rows(staff.get(reverse(EXPORT)))[0]
    assert row["Customer"] == '\'=HYPERLINK("https://example.com")'
    assert row["Reason"] == "'+1+1"


def test_the_file_needs_the_right_to_see_the_log(world: World, client: Client) -> None:
    world.open("2026-06-01T08:00+09:00")
    clerk = User.objects.create_user("new@example.com", "a-long-password", is_staff=True)
    client.force_login(clerk)
    assert client.get(reverse(EXPORT)).status_code == 403
    clerk.user_permissions.add(Permission.objects.get(codename="view_logline"))
    assert client.get(reverse(EXPORT)).status_code == 200


def test_a_customers_page_leads_to_its_purses_and_its_log(told: World, staff: Client) -> None:
    page = staff.get(reverse("admin:customers_customer_change", args=[told.customer.pk])).content.decode()
    for name in (PURSES, LOG):
        address = f"{reverse(name)}?customer__id__exact={told.customer.pk}"
        assert f'href="{address}"' in page
        assert staff.get(address).status_code == 200
    other, _ = told.new_customer("Sato Print", "ryo@example.com")
    empty = staff.get(f"{reverse(LOG)}?customer__id__exact={other.pk}")
    assert not empty.context["cl"].result_list
