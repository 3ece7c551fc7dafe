"""The stream of a service tells what its machine did and what support was asked, each once and in the reader's words."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import timedelta
from random import Random

import pytest
from django.db.models.signals import post_init

from prorata import clock
from prorata.changes import states
from prorata.changes.cancel import cancel
from prorata.changes.models import Change
from prorata.changes.staff_actions import reverse
from prorata.customers.models import User
from prorata.portal.timeline import KINDS, timeline
from prorata.provisioning.models import Job
from prorata.services.models import Reading, Service
from prorata.support.close import close_mine
from prorata.support.models import Ticket
from prorata.support.write import State
from support.portal import person, text
from support.tickets import answered, ask
from support.world import World


@pytest.fixture
def web(world: World) -> Service:
    return world.web_01("2026-08-15T14:02+09:00")


def told(world: World, service: Service, kind: str) -> list[tuple[str, str]]:
    """What is said and its detail, oldest first."""
    sent = person(world.owner).get(f"/services/{service.pk}/timeline.json?kind={kind}")
    facts = json.loads(sent.content)["facts"][::-1]
    return [(fact["what"], fact["detail"].replace("\u00a0", " ")) for fact in facts]


def paid(world: World, web: Service, **wanted: int) -> Change:
    change = world.change(web, **wanted)
    world.pay(change)
    world.work()
    return change


def test_the_steps_of_a_change_are_told_once_each(world: World, web: Service) -> None:
    paid(world, web, memory=8)
    assert told(world, web, "machine") == [
        ("Step begun", "Memory 4 → 8 GB"),
        ("Step done", "Memory 4 → 8 GB"),
    ]


def test_a_wait_is_told_when_it_begins_and_not_with_every_try(world: World, web: Service) -> None:
    world.hypervisor.busy(web.external_id, "backup")
    change = paid(world, web, memory=8)
    for _again in range(2):
        world.wait(minutes=10)
    assert Job.objects.get(origin=change.origin).events.filter(what="waits").count() > 1
    assert [what for what, _detail in told(world, web, "machine")] == ["Waiting for the machine"]
    world.hypervisor.not_busy(web.external_id)
    world.wait(minutes=10)
    assert world.reread(change).status == states.APPLIED
    assert [what for what, _detail in told(world, web, "machine")] == [
        "Waiting for the machine",
        "Step begun",
        "Step done",
    ]


def test_a_step_that_was_refused_says_why_in_the_machines_words(world: World, web: Service) -> None:
    world.hypervisor.change_component(web.external_id, "memory", refuses="no <DIMM> left")
    paid(world, web, memory=8)
    User.objects.filter(pk=world.owner.pk).update(language="ja")
    page = person(world.owner).get(f"/services/{web.pk}/timeline?kind=machine").content.decode()
    assert '<q lang="en">no &lt;DIMM&gt; left</q>' in page
    assert "4\u00a0<" in page, "what was to be done is named"


def test_a_restart_by_the_customer_is_seen_and_told(world: World) -> None:
    by_hand = {"memory": {"grow": "restart", "shrink": "restart"}}
    web = world.web_01("2026-08-15T14:02+09:00", components=by_hand, restart_seconds=0)
    change = world.submit(world.quote(web, memory=8), may_restart=False)
    world.pay(change)
    world.work()
    assert world.reread(change).restart_pending
    assert told(world, web, "machine")[-1][0] == "Step done, active after the next restart"
    aiko = person(world.owner)
    assert "Active after the next restart" in text(aiko.get(f"/changes/{change.reference}"))
    world.hypervisor.restart_machine(web.external_id)
    world.wait(minutes=3)
    world.measure(web)
    assert told(world, web, "machine")[-1] == ("Restarted", "What waited for the restart is active now.")
    page = text(aiko.get(f"/changes/{change.reference}"))
    assert "It is active since the restart, seen on 15 Aug 2026, 14:05 JST." in page
    assert "restart the machine when it suits you" not in page
    assert "Applied, active after a restart" not in page
    assert "Applied, active after a restart" not in text(aiko.get(f"/services/{web.pk}/changes"))


def test_what_was_deleted_on_the_machine_is_told(world: World, web: Service) -> None:
    thing = world.hypervisor.add_object(web.external_id, "snapshots", "clean")
    world.measure(web)
    aiko = person(world.owner)
    aiko.post(f"/services/{web.pk}/stored/snapshots/{thing}/delete")
    assert told(world, web, "machine") == [("“clean” was deleted", "")]
    assert " · you" in text(aiko.get(f"/services/{web.pk}/timeline"))


def test_tickets_are_told_without_what_was_written(world: World, web: Service) -> None:
    change = paid(world, web, memory=8)
    ticket = ask(world.owner, "My secret question.", about=f"change:{change.reference}")
    ask(world.owner, "About nothing here.", key="two")
    answered(world.staff, ticket)
    assert told(world, web, "ticket") == [("Support was asked", "Memory"), ("Support answered", "Memory")]
    close_mine(world.owner, ticket.reference)
    assert world.reread(ticket).state == State.CLOSED
    page = person(world.owner).get(f"/services/{web.pk}/timeline?kind=ticket")
    assert "Ticket closed" in text(page)
    assert "secret" not in text(page)
    assert f'href="/tickets/{ticket.reference}"' in page.content.decode()
    assert len(re.findall(r'class="k-ticket"', page.content.decode())) == 3


def test_another_service_has_its_own_stream(world: World, web: Service) -> None:
    other = world.service(name="web-02", paid=34_188)
    paid(world, web, memory=8)
    ask(world.owner, about=f"service:{web.pk}")
    assert told(world, other, "machine") == told(world, other, "ticket") == []


# --- a page of a long life ----------------------------------------------------------------------------------


class Life:
    """What may happen to a service, each thing from beginning to end, drawn by chance."""

    def __init__(self, world: World, web: Service, seed: int) -> None:
        self.world, self.web, self.chance = world, web, Random(seed)
        self.aiko = person(world.owner)

    def go_on(self) -> None:
        things = (
            self.changed,
            self.given_up,
            self.waited,
            self.reversed,
            self.asked,
            self.deleted,
            self.restarted,
        )
        self.chance.choice((*things, self.renewed))()
        # Often at the very same instant.
        self.world.clock.forward(timedelta(minutes=self.chance.choice((0, 0, 7, 600))))

    def submitted(self) -> Change:
        """Memory up or down, paid if it costs something that credit does not pay."""
        self.web.refresh_from_db()
        change = self.world.change(self.web, memory=4 if self.web.configuration["memory"] == 8 else 8)
        if change.status == states.AWAITING_PAYMENT:
            self.world.pay(change)
        return change

    def changed(self) -> None:
        self.submitted()
        self.world.work()

    def given_up(self) -> None:
        self.web.refresh_from_db()
        change = self.world.change(self.web, cpu=4 if self.web.configuration["cpu"] == 2 else 2)
        if change.status == states.AWAITING_PAYMENT:
            cancel(self.world.owner, change.reference)
        self.world.work()

    def waited(self) -> None:
        self.world.hypervisor.busy(self.web.external_id, "backup")
        self.submitted()
        self.world.work()
        self.world.wait(minutes=10)
        self.world.hypervisor.not_busy(self.web.external_id)
        self.world.wait(minutes=10)

    def reversed(self) -> None:
        self.world.hypervisor.busy(self.web.external_id, "backup")
        change = self.submitted()
        self.world.work()
        if self.world.reread(change).status in (states.PARKED, states.ATTENTION):
            reverse(self.world.staff, change.reference, "It was asked for.")
        self.world.hypervisor.not_busy(self.web.external_id)
        self.world.wait(minutes=10)

    def asked(self) -> None:
        last = self.web.changes.order_by("-pk").first()
        about = last.origin if last and self.chance.random() < 0.5 else f"service:{self.web.pk}"
        key = f"ticket-{Ticket.objects.count()}"
        ticket = ask(self.world.owner, about=about, key=key)
        answered(self.world.staff, ticket, key=f"answer-{key}")
        if self.chance.random() < 0.5:
            close_mine(self.world.owner, ticket.reference)

    def deleted(self) -> None:
        thing = self.world.hypervisor.add_object(self.web.external_id, "snapshots", "clean")
        self.world.measure(self.web)
        self.aiko.post(f"/services/{self.web.pk}/stored/snapshots/{thing}/delete")

    def restarted(self) -> None:
        Reading.objects.create(
            service=self.web,
            taken_at=clock.now(),
            state="running",
            configuration={},
            restart_pending=["memory"],
        )
        self.world.measure(self.web)

    def renewed(self) -> None:
        if self.web.terms.count() < 3:
            self.world.pay(self.world.renew(self.web, 1))
            self.world.work()


@pytest.mark.parametrize(
    "seed", [1, 2, *(pytest.param(seed, marks=pytest.mark.prove) for seed in range(3, 12))]
)
def test_the_newest_are_the_beginning_of_the_whole(world: World, web: Service, seed: int) -> None:
    life = Life(world, web, seed)
    for _ in range(14):
        life.go_on()
    seen = {}
    for kinds in (frozenset(KINDS), *(frozenset({kind}) for kind in KINDS), frozenset({"money", "ticket"})):
        whole = timeline(web, world.owner, kinds)
        assert whole == sorted(whole, key=lambda fact: fact.at, reverse=True)
        for most in {1, 2, 3, 5, 8, 13, 21, len(whole), len(whole) + 1}:
            assert timeline(web, world.owner, kinds, most) == whole[:most], (kinds, most)
        seen[kinds] = len(whole)
    assert seen[frozenset(KINDS)] == sum(seen[frozenset({kind})] for kind in KINDS) > 21


def test_a_page_reads_no_more_than_it_shows(
    world: World, web: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("prorata.portal.views.timeline.PER_PAGE", 2)
    life = Life(world, web, 1)
    for _ in range(6):
        life.changed()
        life.restarted()
    read: Counter[str] = Counter()

    def made(sender: type, **_: object) -> None:
        read[sender.__name__] += 1

    post_init.connect(made)
    try:
        page = life.aiko.get(f"/services/{web.pk}/timeline")
    finally:
        post_init.disconnect(made)
    assert len(re.findall(r'<li id="[^"]*" class="k-', page.content.decode())) == 2
    assert "Older" in text(page)
    # One more than is shown, and one more that may have no end yet; the machine's changes are read for themselves.
    assert {
        name: read[name] for name in ("SoldTerm", "Invoice", "CreditNote", "Deletion") if read[name] > 4
    } == {}
    assert read["Change"] <= 2 * 4
    assert read["Job"] <= 4 * 3, "of each job it is told that its step began and ended"
    assert read["Reading"] == 0
    assert Change.objects.count() == 6


def test_the_last_page_and_one_that_is_not_there(
    world: World, web: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("prorata.portal.views.timeline.PER_PAGE", 2)
    paid(world, web, memory=8)
    aiko, address = person(world.owner), f"/services/{web.pk}/timeline"
    whole = [fact["what"] for fact in json.loads(aiko.get(f"{address}.json").content)["facts"]]
    pages = [aiko.get(f"{address}?page={n}") for n in range(1, (len(whole) + 1) // 2 + 1)]
    shown = [what for page in pages for what in re.findall(r"<p><b>(.*?)</b>", page.content.decode())]
    assert shown == whole
    assert ["Older" in text(page) for page in pages] == [True] * (len(pages) - 1) + [False]
    assert aiko.get(f"{address}?page={len(pages) + 1}").status_code == 404
