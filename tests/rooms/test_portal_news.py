"""The bell, what it tells, and the stream of everything that happened to a service."""

from __future__ import annotations

import json
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from prorata.changes.models import Change
from prorata.customers.models import Membership, User
from prorata.notices.bell import MANY, new_ones
from prorata.notices.models import Mail, SeenUpTo
from prorata.services.models import Service
from support.portal import person, text
from support.world import World


@pytest.fixture
def web(world: World) -> Service:
    return world.web_01("2026-08-15T14:02+09:00")


def paid_and_applied(world: World, web: Service) -> Change:
    change = world.change(web, memory=8)
    world.pay(change)
    world.work()
    return change


def test_the_bell_counts_what_was_not_seen(world: World, web: Service) -> None:
    aiko = person(world.owner)
    assert "badge" not in aiko.get("/services").content.decode()
    assert "Nothing has happened yet" in text(aiko.get("/notifications"))
    change = paid_and_applied(world, web)
    told = Mail.objects.filter(audience="customer").count()
    assert told >= 1
    assert (
        f'<b class="badge"><span aria-hidden="true">{told}</span>' in aiko.get("/services").content.decode()
    )
    page = aiko.get("/notifications")
    assert f"({change.reference})" in text(page)
    assert page.content.decode().count('class="new"') == told
    assert 'class="badge"' not in aiko.get("/services").content.decode(), (
        "whoever opened the list has seen it"
    )
    assert 'class="new"' not in aiko.get("/notifications").content.decode()
    one = Mail.objects.get(key=f"change.applied:{change.reference}")
    letter = aiko.get(f"/notifications/{one.pk}").content.decode()
    assert f'href="http://testserver/changes/{change.reference}"' in letter or "/changes/" in letter


def test_what_was_seen_is_one_persons_own_and_never_goes_back(world: World, web: Service) -> None:
    paid_and_applied(world, web)
    first = User.objects.create_user(email="kenji@example.com", password="x")
    Membership.objects.create(user=first, customer=web.customer, role="reader")
    person(world.owner).get("/notifications")
    assert new_ones(world.owner) == 0
    assert new_ones(first) > 0
    newest = SeenUpTo.objects.get(user=world.owner).mail_id
    world.change(web, cpu=4)
    person(world.owner).get("/notifications?page=1")
    assert SeenUpTo.objects.get(user=world.owner).mail_id >= newest


def test_the_bell_is_no_counter(world: World, web: Service) -> None:
    customer = web.customer_id
    Mail.objects.bulk_create(
        Mail(
            key=f"test:{n}", to="a@example.com", subject="x", body="x", origin="x", customer_id=customer,
            created_at=web.created_at,
        )
        for n in range(MANY + 5)
    )  # fmt: skip
    assert new_ones(world.owner) == MANY + 1
    assert (
        f'<b class="badge"><span aria-hidden="true">{MANY}+</span>'
        in person(world.owner).get("/services").content.decode()
    )


def test_what_is_meant_for_staff_or_one_person_is_nobody_elses_news(world: World, web: Service) -> None:
    kept = {"to": "staff@example.com", "body": "x", "origin": "x", "customer_id": web.customer_id}
    for audience in ("staff", "person"):
        Mail.objects.create(
            key=audience, audience=audience, subject=f"for {audience}", created_at=web.created_at, **kept
        )
    aiko = person(world.owner)
    assert new_ones(world.owner) == 0
    mine = kept | {"to": world.owner.email.upper()}
    to_me = Mail.objects.create(
        key="mine", audience="person", subject="for me", created_at=web.created_at, **mine
    )
    assert new_ones(world.owner) == 1
    assert aiko.get(f"/notifications/{to_me.pk}").status_code == 200
    to_me.delete()
    assert "for staff" not in text(aiko.get("/notifications"))
    for mail in Mail.objects.all():
        assert aiko.get(f"/notifications/{mail.pk}").status_code == 404


def test_the_news_of_other_customers_does_not_exist(world: World, web: Service) -> None:
    paid_and_applied(world, web)
    _customer, stranger = world.new_customer("Other", "other@example.com")
    assert new_ones(stranger) == 0
    mail = Mail.objects.filter(audience="customer").first()
    assert mail is not None
    assert person(stranger).get(f"/notifications/{mail.pk}").status_code == 404


def test_the_timeline_tells_everything_newest_first(world: World, web: Service) -> None:
    up = paid_and_applied(world, web)
    world.at("2026-09-20T10:00+09:00")
    world.measure(world.reread(web))
    down = world.change(world.reread(web), backups=1)
    world.work()
    aiko = person(world.owner)
    page = aiko.get(f"/services/{web.pk}/timeline")
    said = text(page)
    for line in (
        "Change submitted",
        "Change applied, checked by measuring",
        "Invoice paid",
        "Credit booked",
        "September 2026",
    ):
        assert line in said
    keys = re.findall(r'<li id="([^"]+)"', page.content.decode())
    assert len(set(keys)) == len(keys)
    order = [
        keys.index(key)
        for key in (f"{down.reference}-ended", f"{down.reference}-submitted", f"{up.reference}-ended")
    ]
    assert order == sorted(order)
    assert "you" in said


def test_what_is_ticked_is_shown_and_the_rest_is_not(world: World, web: Service) -> None:
    change = paid_and_applied(world, web)
    aiko = person(world.owner)
    money = text(aiko.get(f"/services/{web.pk}/timeline?kind=money"))
    assert "Invoice paid" in money
    assert "Change submitted" not in money
    assert "Show everything" in money
    assert "Nothing of what you chose has happened" in text(
        aiko.get(f"/services/{web.pk}/timeline?kind=staff")
    )
    assert "Change submitted" in text(aiko.get(f"/services/{web.pk}/timeline?kind=nonsense"))
    told = json.loads(aiko.get(f"/services/{web.pk}/timeline.json?kind=change").content)
    assert [fact["key"] for fact in told["facts"]] == [
        f"{change.reference}-ended",
        f"{change.reference}-submitted",
    ]
    assert told["facts"][1]["at"].endswith("Z")


def test_a_long_life_asks_no_more_questions(world: World, web: Service) -> None:
    aiko = person(world.owner)
    asked = []
    for memory in (8, 12):
        world.pay(world.change(world.reread(web), memory=memory))
        world.work()
        with CaptureQueriesContext(
            connection,
        ) as queries:
            aiko.get(f"/services/{web.pk}/timeline")
        asked.append(len(queries))
    assert asked[0] == asked[1]
