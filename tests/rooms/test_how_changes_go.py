"""How changes go: a story of two customers counted by hand, and the page of the desk that tells it."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from prorata.changes.cancel import cancel
from prorata.changes.count_refusals import CONTINUE, SUBMIT, refusals_counted
from prorata.changes.funnel import Span, how_far, how_long, in_all_languages, together, what_refused
from prorata.changes.models import Change
from prorata.changes.refusals import Refusal, Refused
from prorata.customers.models import User
from prorata.guides.react import say_how_easy
from prorata.guides.statistics import comments, how_easy
from prorata.pricing.terms import midnight
from prorata.services.models import Service
from prorata.staff.change_figures import figures
from prorata.support.statistics import asked_about
from support.portal import person, text
from support.tickets import ask
from support.world import ZONE, World

PAGE = "/staff/changes/change/figures/"
DAYS = {"first": "2026-08-10", "last": "2026-08-20"}


def span(first: str = DAYS["first"], last: str = DAYS["last"]) -> Span:
    days = date.fromisoformat(first), date.fromisoformat(last)
    return Span(
        first=days[0], last=days[1], since=midnight(days[0], ZONE), until=midnight(days[1] + timedelta(days=1), ZONE)
    )  # fmt: skip


def refuse(service: Service, step: str, *refusals: Refusal) -> None:
    with pytest.raises(Refused), refusals_counted(service, step):
        raise Refused(*refusals)


class Story:
    """Aiko reads English, Hana Japanese. Ten quotes in eleven days, and one on each side of them.

    Aiko's: replaced; applied 8 minutes after Submit and 7 after it was paid; applied in part; reversed; open, unpaid.
    Hana's: expired; applied 2 minutes after Submit, with nothing to pay; cancelled; expired unpaid; still valid.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        world.open("2026-06-01T08:00+09:00")
        other, self.hana = world.new_customer("Hana", "hana@example.com")
        User.objects.filter(pk=world.owner.pk).update(language="en")
        User.objects.filter(pk=self.hana.pk).update(language="ja")
        self.web = world.service(name="web-01")
        self.shop = world.service(name="shop-01", customer=other)
        self.outside()
        self.hanas()
        self.aikos()
        world.at("2026-08-20T23:59+09:00")
        world.quote(self.shop, by=self.hana, cpu=4)
        world.at("2026-08-21T00:00+09:00")
        world.quote(self.after, memory=8)
        world.at("2026-08-21T00:05+09:00")

    def outside(self) -> None:
        self.after = self.world.service(name="web-03")
        self.world.at("2026-08-09T23:59+09:00")
        self.world.quote(self.web, memory=8)

    def hanas(self) -> None:
        world, hana = self.world, self.hana
        world.at("2026-08-10T00:00+09:00")
        world.quote(self.shop, by=hana, cpu=4)
        world.at("2026-08-10T10:01+09:00")
        self.smaller = world.submit(world.quote(self.shop, by=hana, backups=4), by=hana)
        world.at("2026-08-10T10:03+09:00")
        world.work()
        world.at("2026-08-11T09:00+09:00")
        self.given_up = world.submit(
            world.quote(world.reread(self.shop), by=hana, memory=8), by=hana, use_account=False
        )
        cancel(hana, self.given_up.reference)
        world.at("2026-08-11T10:00+09:00")
        world.submit(world.quote(world.reread(self.shop), by=hana, memory=8), by=hana, use_account=False)
        world.wait(minutes=66)
        self.shop = world.reread(self.shop)

    def aikos(self) -> None:
        world = self.world
        world.at("2026-08-15T14:00+09:00")
        world.quote(self.web, memory=6)
        world.at("2026-08-15T14:10+09:00")
        quote = world.quote(self.web, memory=8)
        world.at("2026-08-15T14:12+09:00")
        self.grown = world.submit(quote)
        world.at("2026-08-15T14:13+09:00")
        world.pay(self.grown)
        world.hypervisor.busy(self.web.external_id, "backup")
        world.work()
        world.hypervisor.not_busy(self.web.external_id)
        world.wait(minutes=7)
        world.hypervisor.change_component(self.web.external_id, "disk", refuses="no room in the pool")
        world.at("2026-08-18T10:00+09:00")
        self.half = self.by_card(cpu=4, disk=200)
        self.by_card(disk=200)
        world.at("2026-08-19T10:00+09:00")
        world.submit(world.quote(world.reread(self.web), snapshots=5), use_account=False)

    def by_card(self, **wanted: int) -> Change:
        change = self.world.submit(self.world.quote(self.world.reread(self.web), **wanted), use_account=False)
        self.world.pay(change)
        self.world.work()
        return self.world.reread(change)

    def and_then(self) -> None:
        """What people asked, said and met."""
        aiko, hana = self.world.owner, self.hana
        for key, who, about in (
            ("one", aiko, self.grown), ("two", aiko, self.grown), ("three", hana, self.given_up),
        ):  # fmt: skip
            ask(who, about=about.origin, key=key)
        ask(aiko, about=f"service:{self.web.pk}", key="four")
        say_how_easy(aiko, self.world.reread(self.grown), "happy", language="en", comment="Quick.")
        self.world.clock.forward(timedelta(minutes=1))
        say_how_easy(aiko, self.half, "sad", language="en", comment="Half of it came back.")
        say_how_easy(hana, self.world.reread(self.smaller), "normal", language="ja")
        for _twice in range(2):
            refuse(self.web, CONTINUE, Refusal("in_use", "disk"), Refusal("open_change"))
        refuse(self.shop, SUBMIT, Refusal("in_use", "disk"))


@pytest.fixture
def story(world: World) -> Story:
    return Story(world)


def test_the_figures_are_those_counted_by_hand(story: Story) -> None:
    story.and_then()
    far = how_far(span())
    assert {language: came.fates for language, came in far.items()} == {
        "en": {"replaced": 1, "applied": 1, "partly_applied": 1, "reversed": 1, "awaiting_payment": 1},
        "ja": {"lapsed": 1, "applied": 1, "cancelled": 1, "expired": 1, "valid": 1},
    }
    assert {language: came.steps for language, came in far.items()} == {
        "en": (5, 4, 3, 1),
        "ja": (5, 3, 1, 1),
    }
    assert together(far.values()).steps == (10, 7, 4, 2)

    took = how_long(span())
    assert (took.changes, took.median, took.most) == (2, 2.0, 8.0)
    assert (took.median_from_paid, took.most_from_paid) == (2.0, 7.0)

    asked = asked_about(span())
    assert (asked.tickets, asked.changes) == (3, 2)

    ease = [(one.language, one.happy, one.normal, one.sad) for one in how_easy(span())]
    assert ease == [("en", 1, 0, 1), ("ja", 0, 1, 0)]
    assert [one.comment for one in comments(span(), 10)] == ["Half of it came back.", "Quick."]
    assert [one.comment for one in comments(span(), 1)] == ["Half of it came back."]


def test_days_of_the_sellers_zone_bound_them(story: Story) -> None:
    one_day_more = how_far(span("2026-08-09", "2026-08-21"))
    assert together(one_day_more.values()).continued == 12
    assert [came.fates for came in how_far(span("2026-08-20", "2026-08-20")).values()] == [{"valid": 1}]
    assert how_far(span("2026-08-21", "2026-08-21"))["en"].fates == {"valid": 1}
    nothing = span("2026-07-01", "2026-07-31")
    assert (how_far(nothing), how_easy(nothing), what_refused(nothing)) == ({}, [], [])
    assert (how_long(nothing).changes, how_long(nothing).median) == (0, None)
    assert asked_about(nothing).tickets == 0


def test_what_refused_people_is_summed_over_days_and_languages(world: World) -> None:
    web = world.web_01("2026-08-10T12:00+09:00")
    refuse(web, CONTINUE, Refusal("in_use", "disk"), Refusal("above_maximum", "cpu"))
    world.at("2026-08-11T12:00+09:00")
    refuse(web, CONTINUE, Refusal("in_use", "disk"))
    refuse(web, SUBMIT, Refusal("in_use", "disk"))
    world.at("2026-08-12T12:00+09:00")
    refuse(web, SUBMIT, Refusal("quote_expired"))
    found = what_refused(span("2026-08-10", "2026-08-11"))
    assert [(one.product, one.name, one.code, one.at_continue, one.at_submit) for one in found] == [
        ("BESTNET-CLOUD", "NVMe SSD", "in_use", 2, 1),
        ("BESTNET-CLOUD", "CPU cores", "above_maximum", 1, 0),
    ]
    assert in_all_languages(found)[0].times == 3


def test_the_page_tells_the_number_behind_each_ratio(story: Story, staff: Client) -> None:
    story.and_then()
    said = text(staff.get(PAGE, DAYS))
    for words in (
        "2 applied in whole, of 10 quotes",
        "2.0 minutes from submitted to applied, the median of 2 changes",
        "42.9 tickets per 100 changes: 3 on 7",
        "33 % found it easy: 1 of 3 answers",
        "Continue 10 – – Submitted 7 3 70 % Paid, or nothing to pay 4 3 57 % Applied in whole 2 2 50 %",
        "English 5 4 80 % 3 75 % 1 33 % Japanese 5 3 60 % 1 33 % 1 100 %",
        "Not submitted: followed by another quote while it was valid 1 10 %",
        "Submitted: expired unpaid 1 10 %",
        "Submitted 2.0 8.0 2 Paid, or nothing to pay 2.0 7.0 2",
        "Tickets opened about a change: 3, about 2 of 7 changes.",
        "English 1 0 1 2 Japanese 0 1 0 1",
        f"Half of it came back. Difficult · {story.half.reference} ·",
    ):
        assert words in said
    # Counted on their own days, after the quotes of these.
    assert "Nobody was refused in these days." in said
    met = text(staff.get(PAGE, DAYS | {"last": "2026-08-21"}))
    assert (
        "BESTNET-CLOUD NVMe SSD Floor: in use 2 1 BESTNET-CLOUD – Service: another change is open 2 0" in met
    )


def test_the_file_has_the_same_figures(story: Story, staff: Client) -> None:
    story.and_then()
    sent = staff.get(PAGE, DAYS | {"last": "2026-08-21", "csv": "1"})
    assert 'filename="changes-2026-08-10-2026-08-21.csv"' in sent["Content-Disposition"]
    rows = list(csv.reader(io.StringIO(sent.getvalue().decode("utf-8-sig"))))
    for row in (
        ["Steps", "All", "", "", "Continue", "11", ""],
        ["Steps", "All", "", "", "Submitted", "7", "11"],
        ["Steps", "Japanese", "", "", "Applied in whole", "1", "1"],
        ["Ends", "English", "", "", "Submitted: reversed", "1", "6"],
        ["Minutes", "All", "", "", "Submitted to applied, nine of ten", "8.0", "2"],
        ["Tickets", "All", "", "", "Tickets per 100 changes", "42.9", "7"],
        ["Was this easy?", "English", "", "", "Difficult", "1", "2"],
        ["Refused", "English", "BESTNET-CLOUD", "NVMe SSD", "Floor: in use, at Continue", "2", ""],
        ["Refused", "English", "BESTNET-CLOUD", "NVMe SSD", "Floor: in use, at Submit", "1", ""],
    ):
        assert row in rows
    assert "Quick." not in sent.getvalue().decode(), "what somebody wrote stays on the page"


def test_figures_stand_where_somebody_may_see_them(story: Story, client: Client) -> None:
    story.and_then()
    clerk = User.objects.create_user("clerk@example.com", "a-long-password", is_staff=True)
    client.force_login(clerk)
    assert client.get(PAGE).status_code == 403
    clerk.user_permissions.add(Permission.objects.get(codename="view_change"))
    said = text(client.get(PAGE, DAYS))
    assert "2 applied in whole, of 10 quotes" in said
    for words in ("Quick.", "found it easy", "Was this easy?", "tickets per 100", "Tickets opened"):
        assert words not in said
    assert "Was this easy?" not in client.get(PAGE, DAYS | {"csv": "1"}).getvalue().decode()
    assert person(story.world.owner).get(PAGE).status_code == 302


def test_thirty_days_unless_others_are_chosen(world: World, staff: Client) -> None:
    said = text(staff.get(PAGE))
    assert "Nobody has pressed Continue yet" in said
    assert "Download as CSV" not in said
    web = world.web_01("2026-07-01T10:00+09:00")
    world.quote(web, memory=8)
    world.at("2026-07-30T23:59+09:00")
    page = staff.get(PAGE)
    assert 'value="2026-07-01"' in page.content.decode()
    assert "0 applied in whole, of 1 quote" in text(page)
    world.at("2026-07-31T00:00+09:00")
    assert "Nobody pressed Continue in these days" in text(staff.get(PAGE))
    wrong = staff.get(PAGE, {"first": "yesterday", "last": "2026-07-30"})
    assert "A day is written as 2026-11-01." in text(wrong)
    assert "The first day comes after the last" in text(
        staff.get(PAGE, {"first": "2026-07-20", "last": "2026-07-10"})
    )
    assert staff.get(PAGE, {"first": "0001-01-01", "last": "2026-07-30"}).status_code == 200
    assert (
        'value="2026-07-31"'
        in staff.get(PAGE, {"first": "2026-07-01", "last": "9999-12-31"}).content.decode()
    ), "days to come have no figures"


def test_few_statements_whatever_there_is(story: Story) -> None:
    story.and_then()
    boss = User.objects.create_superuser("boss@example.com", "a-long-password")
    with CaptureQueriesContext(connection) as asked:
        figures(span(), boss)
    assert len(asked) <= 7, [query["sql"] for query in asked]
