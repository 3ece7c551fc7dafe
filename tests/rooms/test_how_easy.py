"""Was this easy? Asked where a change was carried out, answered once by each person, changed at will."""

from __future__ import annotations

import re

import pytest
from django.db import IntegrityError, transaction
from django.http import HttpResponse
from django.test import Client

from prorata import clock
from prorata.changes import states
from prorata.changes.cancel import cancel
from prorata.changes.models import Change
from prorata.customers.models import Membership, User
from prorata.guides.models import ChangeReaction
from prorata.services.models import Service
from support.portal import part, person, text
from support.world import World

THANKS = "Thank you. You can change your answer at any time."


@pytest.fixture
def web(world: World) -> Service:
    return world.web_01("2026-08-15T14:02+09:00")


def applied(world: World, web: Service) -> Change:
    change = world.change(web, memory=8)
    world.pay(change)
    world.work()
    return world.reread(change)


def say(who: Client, change: Change, **said: str) -> HttpResponse:
    return who.post(f"/changes/{change.reference}/easy", said, follow=True)


def test_somebody_answers_and_changes_the_answer(world: World, web: Service) -> None:
    aiko, change = person(world.owner), applied(world, web)
    page = aiko.get(f"/changes/{change.reference}")
    assert part(page, "easy").split("Tell us")[0] == "Was this easy? Easy So-so Difficult "
    assert not re.search(r'name="feeling"[^>]* checked', page.content.decode())
    assert THANKS not in text(page)

    said = say(aiko, change, feeling="sad", comment="  Too many steps. ")
    assert said.redirect_chain == [(f"/changes/{change.reference}#easy", 302)]
    assert THANKS in part(said, "easy")
    assert re.search(r'value="sad" required checked', said.content.decode())
    assert "Too many steps.</textarea>" in said.content.decode()
    one = ChangeReaction.objects.get()
    assert (one.change, one.reader, one.feeling, one.comment, one.language, one.at) == (
        change, world.owner, "sad", "Too many steps.", "en", clock.now(),
    )  # fmt: skip

    say(aiko, change, feeling="happy")
    one.refresh_from_db()
    assert (one.feeling, one.comment) == ("happy", "")
    assert ChangeReaction.objects.count() == 1
    say(aiko, change, feeling="normal", comment="x" * 5_000)
    assert len(ChangeReaction.objects.get().comment) == 2_000


def test_each_person_of_the_customer_has_an_answer_of_their_own(world: World, web: Service) -> None:
    change = applied(world, web)
    kenji = User.objects.create_user("kenji@example.com", "a-long-password", language="ja")
    Membership.objects.create(customer=world.customer, user=kenji, role="technical")
    say(person(world.owner), change, feeling="happy")
    his = person(kenji)
    assert "ありがとうございます" not in part(his.get(f"/changes/{change.reference}"), "easy")
    assert "ありがとうございます" in part(say(his, change, feeling="sad"), "easy")
    answers = ChangeReaction.objects.order_by("id").values_list("reader__email", "feeling", "language")
    assert list(answers) == [("aiko@example.com", "happy", "en"), ("kenji@example.com", "sad", "ja")]
    _other, stranger = world.new_customer("Other", "other@example.com")
    assert say(person(stranger), change, feeling="happy").status_code == 404
    nobody = Client().post(f"/changes/{change.reference}/easy", {"feeling": "sad"})
    assert nobody.status_code == 302
    assert "/accounts/login/" in nobody["Location"]
    assert ChangeReaction.objects.count() == 2


def test_it_is_asked_only_of_what_was_carried_out(world: World, web: Service) -> None:
    """Open and given up: no question on the page, and an answer is refused in words."""
    aiko, change = person(world.owner), world.change(web, memory=8)

    def refused() -> None:
        assert 'id="easy"' not in aiko.get(f"/changes/{change.reference}").content.decode()
        said = text(say(aiko, change, feeling="happy"))
        assert "How easy it was is asked when a change has been carried out." in said

    refused()
    cancel(world.owner, change.reference)
    refused()
    assert not ChangeReaction.objects.exists()


def test_a_change_in_part_and_one_that_was_taken_back_are_asked_too(world: World, web: Service) -> None:
    world.hypervisor.change_component(web.external_id, "memory", refuses="no hot-plug on this machine")
    for wanted, status in (
        ({"cpu": 4, "memory": 8}, states.PARTLY_APPLIED),
        ({"memory": 8}, states.REVERSED),
    ):
        change = world.submit(world.quote(world.reread(web), **wanted), use_account=False)
        world.pay(change)
        world.work()
        assert world.reread(change).status == status
        assert THANKS in text(say(person(world.owner), change, feeling="sad"))


def test_nonsense_is_told_and_kept_out(world: World, web: Service) -> None:
    aiko, change = person(world.owner), applied(world, web)
    for nonsense in ({"feeling": "furious"}, {}, {"comment": "no face"}):
        assert "Choose Easy, So-so or Difficult." in text(say(aiko, change, **nonsense))
    assert not ChangeReaction.objects.exists()
    assert aiko.get(f"/changes/{change.reference}/easy")["Location"] == f"/changes/{change.reference}"
    kept = {"change": change, "reader": world.owner, "language": "en", "at": clock.now()}
    ChangeReaction.objects.create(feeling="sad", **kept)
    with pytest.raises(IntegrityError, match="one_reaction_a_person_and_change"), transaction.atomic():
        ChangeReaction.objects.create(feeling="happy", **kept)
    with pytest.raises(IntegrityError, match="change_reaction_feeling_known"), transaction.atomic():
        ChangeReaction.objects.create(feeling="odd", **kept | {"reader": world.staff})
