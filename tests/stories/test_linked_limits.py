"""Eight cores need at least 8 GB of memory: one rule, the same on the page, in the estimate, the quote and at submit."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from prorata.catalog.models import LinkedLimit, Product
from prorata.changes import states
from prorata.changes.parse import parse_wanted
from prorata.changes.refusals import Refusal, Refused, way_out, words
from prorata.changes.situation import situation
from prorata.portal.offer import offer
from prorata.services.models import Service
from support.forms import words as page_words
from support.world import WEB, World

NEW = "2026-08-15T14:02+09:00"


def rule(product: Product, of: str, at_least: int, needs: str, minimum: int) -> LinkedLimit:
    kinds = {kind.code: kind for kind in product.resource_types.all()}
    made = LinkedLimit(
        product=product, resource_type=kinds[of], needs=kinds[needs], at_least=at_least, minimum=minimum
    )
    made.full_clean()
    made.save()
    return made


@pytest.fixture
def web(world: World) -> Service:
    """web-01 with 2 cores and 4 GB; from 8 cores on at least 8 GB are needed."""
    service = world.web_01(NEW, usage={"memory": "2.9"})
    rule(world.cloud, "cpu", 8, "memory", 8)
    return service


def refusals(world: World, service: Service, **fields: str) -> list[Refusal]:
    world.measure(service)
    with pytest.raises(Refused) as caught:
        parse_wanted(situation(world.reread(service)), fields)
    return list(caught.value.refusals)


def said(found: list[Refusal]) -> list[str]:
    return [f"{one.component}: {words(one)} {way_out(one)}".replace("\u00a0", " ") for one in found]


def test_eight_cores_alone_are_refused_with_both_ways_out(world: World, web: Service) -> None:
    found = refusals(world, web, cpu="8")
    assert said(found) == [
        "cpu: 8 CPU cores need at least 8 GB of Memory. Choose 8 GB of Memory or 6 CPU cores."
    ]
    assert [dict(way.values) for way in found[0].ways] == [{"memory": 8}, {"cpu": 6}]
    for values in ({"cpu": "8", "memory": "8"}, {"cpu": "6"}, {"cpu": "12", "memory": "16"}):
        assert parse_wanted(situation(world.reread(web)), values)
    with world.refusing("8\u00a0CPU cores need at least 8\u00a0GB of Memory."):
        world.quote(web, cpu=8)
    with world.refusing("16\u00a0CPU cores need at least 8\u00a0GB of Memory."):
        world.quote(web, cpu=16, memory=6)


def test_both_together_are_paid_and_applied(world: World, web: Service) -> None:
    change = world.change(web, cpu=8, memory=8)
    world.pay(change)
    world.work()
    assert world.reread(change).status == states.APPLIED
    assert world.measured(web) == {**WEB, "cpu": 8, "memory": 8}
    # What the cores need cannot be taken away under them.
    found = refusals(world, web, memory="6")
    assert said(found) == [
        "memory: 8 CPU cores need at least 8 GB of Memory. Choose 8 GB of Memory or 6 CPU cores."
    ]
    back = world.change(web, cpu=4, memory=4)
    world.work()
    assert world.reread(back).status == states.APPLIED


def test_a_rule_made_after_the_quote_is_asked_at_submit(world: World, web: Service) -> None:
    quote = world.quote(web, cpu=6)
    rule(world.cloud, "cpu", 4, "memory", 6)
    with world.refusing("6\u00a0CPU cores need at least 6\u00a0GB of Memory."):
        world.submit(quote)
    page = Client()
    page.force_login(world.owner)
    review = page_words(page.get(reverse("portal:quote", args=[quote.reference])))
    assert "6 CPU cores need at least 6 GB of Memory." in review.replace("\u00a0", " ")


def test_what_is_needed_needs_more_in_turn(world: World, web: Service) -> None:
    rule(world.cloud, "memory", 8, "disk", 160)
    (found,) = refusals(world, web, cpu="8")
    assert [dict(way.values) for way in found.ways] == [{"memory": 8, "disk": 160}, {"cpu": 6}]
    assert way_out(found).replace("\u00a0", " ") == (
        "Choose 8 GB of Memory and 160 GB of NVMe SSD or 6 CPU cores."
    )
    assert parse_wanted(situation(web), {"cpu": "8", **{k: str(v) for k, v in found.ways[0].values.items()}})


def test_a_way_out_that_cannot_be_chosen_is_not_offered(world: World) -> None:
    """The host has 2 GB left: 8 GB cannot be had, only fewer cores."""
    web = world.web_01(NEW, usage={"memory": "2.9"}, capacity={"cpu": 16, "memory": 6, "disk": 500})
    rule(world.cloud, "cpu", 8, "memory", 8)
    assert said(refusals(world, web, cpu="8"))[0].endswith("Choose 6 CPU cores.")
    rule(world.cloud, "cpu", 3, "memory", 6)
    LinkedLimit.objects.filter(minimum=6).update(minimum=12)
    assert said(refusals(world, web, cpu="8"))[0].endswith("Choose 2 CPU cores.")


def test_the_strongest_rule_speaks(world: World, web: Service) -> None:
    rule(world.cloud, "cpu", 16, "memory", 32)
    assert said(refusals(world, web, cpu="16")) == [
        "cpu: 16 CPU cores need at least 32 GB of Memory. Choose 32 GB of Memory or 6 CPU cores."
    ]


def test_an_older_service_may_do_what_does_not_make_it_worse(world: World) -> None:
    """8 cores with 4 GB were sold before there was a rule."""
    world.open("2026-06-01T08:00+09:00")
    web = world.service({**WEB, "cpu": 8}, paid=40_000, usage={"memory": "1.0"})
    rule(world.cloud, "cpu", 8, "memory", 8)
    world.at(NEW)
    now = situation(web)
    for fine in ({"disk": "120"}, {"memory": "6"}, {"cpu": "6"}, {"cpu": "12"}):
        assert parse_wanted(now, fine)
    assert said(refusals(world, web, memory="3")) == [
        "memory: 8 CPU cores need at least 8 GB of Memory. Choose 8 GB of Memory or 6 CPU cores."
    ]
    rule(world.cloud, "cpu", 16, "memory", 16)
    assert said(refusals(world, web, cpu="16")) == [
        "cpu: 16 CPU cores need at least 16 GB of Memory. Choose 16 GB of Memory or 12 CPU cores."
    ]


def test_an_option_needs_more_of_something(world: World) -> None:
    world.open("2026-06-01T08:00+09:00")
    world.vm.resource_types.create(
        code="disk", name="Disk", unit="GB", steps=[20, 40], minimum=20, maximum=40, position=1
    )
    disk, kind = world.vm.resource_types.get(code="disk"), world.vm.resource_types.get(code="instance_type")
    world.vm.price_books.get().rates.create(resource_type=disk, monthly=1)
    options = {"instance_type": {"grow": "restart", "shrink": "restart", "options": ["1c1g", "2c4g", "4c8g"]}}
    vm = world.service(
        {"instance_type": "1c1g", "disk": 20}, paid=27_300, name="cvm-01", currency="USD", product=world.vm,
        components=options,
    )  # fmt: skip
    LinkedLimit.objects.create(
        product=world.vm, resource_type=kind, option=kind.options.get(code="4c8g"), needs=disk, minimum=40
    )
    (found,) = refusals(world, vm, instance_type="4c8g")
    assert said([found]) == [
        "instance_type: Instance type 4C8G needs at least 40 GB of Disk. Choose 40 GB of Disk or Instance type 1C1G."
    ]
    assert parse_wanted(situation(vm), {"instance_type": "4c8g", "disk": "40"})
    (choice,) = [one for one in offer(situation(vm), {})["cards"][0].choices if one.needs]
    assert (choice.code, choice.needs.replace("\u00a0", " ")) == (
        "4c8g", "Instance type 4C8G needs at least 40 GB of Disk.",
    )  # fmt: skip


# --- the page ---


def test_cards_mark_what_needs_another_resource(world: World, web: Service) -> None:
    cards = {card.code: card for card in offer(situation(web), {})["cards"]}
    assert [mark.value for mark in cards["cpu"].ruler.marks if mark.asks] == [8, 12, 16]
    assert [note.replace("\u00a0", " ") for note in cards["cpu"].notes] == [
        "From 8 CPU cores on, at least 8 GB of Memory."
    ]
    assert cards["cpu"].description.endswith("at least 8\u00a0GB of Memory.")
    assert not cards["memory"].notes
    assert not [mark for mark in cards["memory"].ruler.marks if mark.asks]
    world.pay(world.change(web, cpu=8, memory=8))
    world.work()
    cards = {card.code: card for card in offer(situation(world.reread(web)), {})["cards"]}
    assert [mark.value for mark in cards["memory"].ruler.marks if mark.asks] == [3, 4, 6]
    assert cards["memory"].notes[0].replace("\u00a0", " ") == "You have 8 CPU cores: at least 8 GB of Memory."
    assert not cards["cpu"].notes


def test_a_button_chooses_what_is_needed_without_a_script(world: World, web: Service) -> None:
    page = Client()
    page.force_login(world.owner)
    estimate = reverse("portal:estimate", args=[web.pk])
    fields = {code: str(value) for code, value in WEB.items()} | {"cpu": "8"}
    refused = page.post(estimate, fields)
    assert refused.status_code == 422
    html = refused.content.decode()
    assert 'name="set" value="memory=8"' in html
    assert 'name="set" value="cpu=6"' in html
    answer = page.post(estimate, {**fields, "set": "memory=8"})
    assert answer.status_code == 200
    shown = {card.code: card.typed for card in answer.context["cards"]}
    assert (shown["cpu"], shown["memory"]) == ("8", "8")
    assert answer.context["bill"].gross_minor > 0
    # Nonsense in the button's value is a field like any other.
    assert page.post(estimate, {**fields, "set": "memory=x&y"}).status_code == 422
    live = page.post(estimate, fields, headers={"HX-Request": "true"})
    assert 'data-set="memory=8"' in live.content.decode()
