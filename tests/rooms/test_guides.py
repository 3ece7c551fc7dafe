"""Guides: what they say, what must be so beforehand for this reader, where they lead, and what readers felt."""

from __future__ import annotations

import html
import json
import re
from dataclasses import replace

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from prorata.customers.models import Membership
from prorata.guides.guide import Guide, reading_minutes
from prorata.guides.library import GUIDES
from prorata.guides.models import Reaction
from prorata.services.models import Service
from support.portal import person, text
from support.world import World


@pytest.fixture
def web(world: World) -> Service:
    return world.web_01("2026-08-15T14:02+09:00")


@pytest.mark.parametrize("guide", GUIDES.values(), ids=lambda one: one.slug)
def test_numbers_of_boxes_are_those_of_the_text(guide: Guide) -> None:
    numbers = [box.number for step in guide.steps for box in step.boxes]
    assert numbers == list(range(1, len(numbers) + 1))
    for step in guide.steps:
        assert re.findall(r"\((\d+)\)", str(step.text)) == [str(box.number) for box in step.boxes], step.key
    assert set(guide.related) <= set(GUIDES)
    assert len({step.key for step in guide.steps}) == len(guide.steps)


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("word", 1),
        ("word " * 400, 2),
        ("word " * 410, 3),
        ("字" * 400, 1),
        ("字" * 800, 2),
        ("字" * 800 + " word" * 210, 4),
    ],
)
def test_reading_takes_as_long_as_there_are_words(text: str, minutes: int) -> None:
    guide = replace(GUIDES["upgrade"], title="", about=text, steps=(), blocked=())
    assert reading_minutes(guide) == minutes


def test_anybody_reads_and_is_told_what_is_not_known(world: World, web: Service) -> None:
    page = Client().get("/guides/upgrade")
    said = text(page)
    assert page.status_code == 200
    assert "Not met: You are signed in. Sign in" in said
    assert "Your service is Active." in said
    assert "Sign in to tell us" in said
    assert "/resources?guide" not in page.content.decode(), "there is no service to lead to"
    assert "Give a service more resources" in text(Client().get("/guides"))
    assert Client().get("/guides/nonsense").status_code == 404


def test_what_must_be_so_is_said_of_the_reader(world: World, web: Service) -> None:
    aiko = person(world.owner)
    said = text(aiko.get("/guides/upgrade"))
    assert "Met: You are signed in." in said
    assert "Met: web-01 is Active, and you may change it." in said
    assert "Met: If something is to be paid: " in said
    Service.objects.filter(pk=web.pk).update(status="suspended")
    assert "Not met: None of your services is Active and may be changed by you." in text(
        aiko.get("/guides/upgrade")
    )
    Service.objects.filter(pk=web.pk).update(status="active")
    Membership.objects.filter(user=world.owner).update(role="reader")
    assert "Not met: None of your services" in text(aiko.get("/guides/upgrade"))


def test_show_me_leads_to_the_real_page_with_its_boxes(world: World, web: Service) -> None:
    aiko = person(world.owner)
    page = aiko.get("/guides/upgrade").content.decode()
    address = html.unescape(re.findall(r'href="(/services/\d+/resources\?[^"]+)"', page)[0])
    assert address == f"/services/{web.pk}/resources?guide=upgrade&step=2"
    there = aiko.get(address).content.decode()
    boxes = json.loads(html.unescape(re.findall(r'data-boxes="([^"]+)"', there)[0]))
    assert boxes == [[3, '[data-guide="resources.change-button"]']]
    wrong = ("upgrade&step=99", "x&step=1", "upgrade&step=-1", "upgrade", "upgrade&step=²")
    for nonsense in (*(f"guide={one}" for one in wrong), "step=1"):
        assert "data-boxes" not in aiko.get(f"/services/{web.pk}/resources?{nonsense}").content.decode()


def test_a_reader_has_one_answer_and_may_change_it(world: World, web: Service) -> None:
    aiko = person(world.owner)
    answer = aiko.post(
        "/guides/upgrade/reaction", {"feeling": "sad", "step": "3", "comment": " no price "}, follow=True
    )
    assert "Thank you." in text(answer)
    one = Reaction.objects.get()
    assert (one.guide, one.release, one.feeling, one.step, one.comment, one.language) == (
        "upgrade",
        1,
        "sad",
        3,
        "no price",
        "en",
    )
    page = answer.content.decode()
    assert re.search(r'value="sad" required checked', page)
    assert "no price</textarea>" in page
    aiko.post("/guides/upgrade/reaction", {"feeling": "happy"})
    one.refresh_from_db()
    assert (one.feeling, one.step, one.comment) == ("happy", None, "")
    assert Reaction.objects.count() == 1
    for nonsense in ({"feeling": "furious"}, {}, {"feeling": "sad", "step": "99"}):
        assert "Choose Happy, Normal or Sad." in text(
            aiko.post("/guides/upgrade/reaction", nonsense, follow=True)
        )
    assert Reaction.objects.get().feeling == "happy"
    aiko.post("/guides/upgrade/reaction", {"feeling": "sad", "comment": "x" * 5_000})
    assert len(Reaction.objects.get().comment) == 2_000
    stranger = Client().post("/guides/upgrade/reaction", {"feeling": "sad"})
    assert stranger.status_code == 302
    assert "/accounts/login/" in stranger["Location"]


def test_the_database_keeps_one_answer_a_reader(world: World, web: Service) -> None:
    kept = {"guide": "upgrade", "release": 1, "reader": world.owner, "language": "en", "at": web.created_at}
    Reaction.objects.create(feeling="sad", **kept)
    with pytest.raises(IntegrityError), transaction.atomic():
        Reaction.objects.create(feeling="happy", **kept)
    with pytest.raises(IntegrityError), transaction.atomic():
        Reaction.objects.create(feeling="odd", **kept | {"release": 2})


def test_staff_see_where_readers_are_lost(world: World, web: Service, admin_client: Client) -> None:
    _customer, other = world.new_customer("Other", "other@example.com")
    person(world.owner).post(
        "/guides/upgrade/reaction", {"feeling": "sad", "step": "3", "comment": "no price"}
    )
    person(other).post("/guides/upgrade/reaction", {"feeling": "normal", "step": "3"})
    person(world.staff).post("/guides/upgrade/reaction", {"feeling": "happy", "step": "1"})
    said = text(admin_client.get("/staff/guides/reaction/figures/"))
    assert "upgrade 1 en 1 1 1 33 %" in said
    assert re.search(r"upgrade 1 3 Move the sliders .* 2", said)
    assert "upgrade 1 1 " not in said.partition("Where it went wrong")[2], "who is happy was not lost"
    assert "no price" in text(admin_client.get("/staff/guides/reaction/"))
    assert person(world.owner).get("/staff/guides/reaction/figures/").status_code == 302
