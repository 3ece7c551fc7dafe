"""The stream of a service tells what its machine did and what support was asked, each once and in the reader's words."""

from __future__ import annotations

import json
import re

import pytest

from prorata.changes import states
from prorata.changes.models import Change
from prorata.customers.models import User
from prorata.provisioning.models import Job
from prorata.services.models import Service
from prorata.support.close import close_mine
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
