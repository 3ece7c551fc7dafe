"""One list of the changes that need somebody, and what staff do about them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from prorata.changes import states
from prorata.changes.models import Change, Intervention
from prorata.customers.models import User
from prorata.provisioning.models import Job
from prorata.services.models import Service
from support.forms import problems, send, words
from support.world import World

DESK = "admin:changes_change_changelist"


@pytest.fixture
def web(world: World) -> Service:
    world.open("2026-06-01T08:00+09:00")
    service = world.service(paid=34_188)
    world.at("2026-08-15T14:02+09:00")
    return service


def parked(world: World, web: Service) -> Change:
    """A paid change whose machine is busy."""
    world.hypervisor.busy(web.external_id, "backup")
    change = world.change(web, memory=8)
    world.pay(change)
    world.work()
    change = world.reread(change)
    assert change.status == states.PARKED
    return change


def act(staff: Client, change: Change, what: str, reason: str = "Looked at it") -> str:
    answer = send(staff, reverse("admin:changes_change_act", args=[change.pk, what]), reason=reason)
    assert answer.status_code == 302, problems(answer)
    return words(staff.get(answer["Location"]))


def test_the_desk_shows_what_needs_somebody_and_nothing_else(
    world: World, web: Service, staff: Client
) -> None:
    assert "0 changes" in words(staff.get(reverse(DESK)))
    change = parked(world, web)
    other = world.service(name="web-02")
    unpaid = world.change(other, cpu=4)
    page = words(staff.get(reverse(DESK)))
    assert change.reference in page
    assert "Tanaka Design" in page
    assert "Memory 4→8 GB" in page
    assert "5,596 JPY" in page
    assert "busy" in page
    assert unpaid.reference not in page
    assert unpaid.reference in words(staff.get(reverse(DESK), {"show": "unpaid"}))
    assert unpaid.reference in words(staff.get(reverse(DESK), {"show": "all"}))
    world.clock.forward(timedelta(hours=2))
    page = words(staff.get(reverse(DESK)))
    assert unpaid.reference in page
    assert "1 hour past" in page


def test_a_change_page_shows_what_the_customer_sees_beside_the_journal(
    world: World, web: Service, staff: Client
) -> None:
    change = parked(world, web)
    page = words(staff.get(reverse("admin:changes_change_change", args=[change.pk])))
    customer, _, system = page.partition("What the system knows")
    assert "Waiting for the machine" in customer
    assert "The machine is busy with something else." in customer
    assert "Memory 4 → 8" in customer
    assert "5,596 JPY" in customer
    assert "grow memory 4 → 8" in system.lower()
    assert "Succeeded" in system
    assert "To the invoice" in system
    for account in ("gateway/sandbox/clearing/JPY", "revenue/deferred/JPY", "tax/0.1/JPY"):
        assert account in system


def test_a_change_page_shows_what_every_run_wrote_down(world: World, web: Service, staff: Client) -> None:
    """A call whose answer was lost, and the run after it: when, by which fence, for which step, what."""
    world.hypervisor.fault(call="apply", effect="before")
    change = world.change(web, memory=8)
    world.pay(change)
    world.work()
    world.wait(minutes=1)
    page = words(staff.get(reverse("admin:changes_change_change", args=[change.pk])))
    journal = page.partition("Journal Written once")[2]
    for line in (
        "1 1 Grow memory Intended memory to 8, try 1",
        "1 1 Grow memory Answered no answer: ",
        "1 – Waits unreachable: ",
        "2 1 Grow memory Intended memory to 8, try 2",
        "2 1 Grow memory Recorded done",
        "2 – Ended –",
    ):
        assert line in journal
    job = reverse("admin:provisioning_job_change", args=[Job.objects.get(origin=change.origin).pk])
    assert "memory to 8, try 2" in words(staff.get(job))


def test_an_action_says_what_the_customer_will_be_told(world: World, web: Service, staff: Client) -> None:
    change = parked(world, web)
    page = words(staff.get(reverse("admin:changes_change_act", args=[change.pk, "reverse"])))
    assert "What the customer will be told" in page
    assert (
        "Of the 5,596 JPY paid, what belongs to the lines that are not done comes back as credit: Memory."
        in page
    )
    assert "Reversed: your reason" in page


def test_retry_goes_on_when_the_machine_is_free(world: World, web: Service, staff: Client) -> None:
    change = parked(world, web)
    world.hypervisor.not_busy(web.external_id)
    page = act(staff, change, "retry", "The backup is over")
    assert f"{change.reference} is tried again." in page
    assert "Retried: The backup is over" in page
    world.work()
    assert world.reread(change).status == states.APPLIED
    assert world.measured(web)["memory"] == 8


def test_reverse_gives_back_what_was_paid(world: World, web: Service, staff: Client) -> None:
    change = parked(world, web)
    world.hypervisor.not_busy(web.external_id)
    act(staff, change, "reverse", "The host has no room")
    world.work()
    assert world.reread(change).status == states.REVERSED
    assert (world.measured(web)["memory"], world.credit()) == (4, 5_596)
    assert "Credit note" in words(staff.get(reverse("admin:changes_change_change", args=[change.pk])))


def test_take_over_names_the_owner(world: World, web: Service, staff: Client) -> None:
    change = parked(world, web)
    act(staff, change, "take_over", "I call the data centre")
    me = User.objects.get(email="ken@example.com")
    assert world.reread(change).owner == me
    line = Intervention.objects.get()
    assert (line.what, line.reason, line.by) == ("take_over", "I call the data centre", me)
    assert change.reference in words(staff.get(reverse(DESK), {"show": "mine"}))


def test_nothing_is_done_without_a_reason(world: World, web: Service, staff: Client) -> None:
    change = parked(world, web)
    for what in ("retry", "reverse", "take_over"):
        answer = send(staff, reverse("admin:changes_change_act", args=[change.pk, what]), reason="  ")
        assert "This field is required." in words(answer)
    assert not Intervention.objects.exists()
    assert world.reread(change).status == states.PARKED


def test_nothing_is_done_by_a_mere_look(world: World, web: Service, staff: Client) -> None:
    change = parked(world, web)
    for what in ("retry", "reverse", "take_over"):
        assert staff.get(reverse("admin:changes_change_act", args=[change.pk, what])).status_code == 200
    assert not Intervention.objects.exists()
    assert staff.get(reverse("admin:changes_change_act", args=[change.pk, "delete"])).status_code == 404


def test_an_ended_change_offers_no_action(world: World, web: Service, staff: Client) -> None:
    change = world.change(web, backups=4)
    world.work()
    page = staff.get(reverse("admin:changes_change_change", args=[change.pk])).content.decode()
    assert "/confirm/" not in page
    answer = send(staff, reverse("admin:changes_change_act", args=[change.pk, "take_over"]), reason="Late")
    assert f"Change {change.reference} has ended." in words(answer)


def test_who_may_look_may_not_act(world: World, web: Service, client: Client) -> None:
    change = parked(world, web)
    person = User.objects.create_user("clerk@example.com", "a-long-password", is_staff=True)
    person.user_permissions.set(Permission.objects.filter(codename="view_change"))
    client.force_login(person)
    page = client.get(reverse("admin:changes_change_change", args=[change.pk]))
    assert change.reference in words(page)
    assert "/confirm/" not in page.content.decode()
    assert (
        client.post(
            reverse("admin:changes_change_act", args=[change.pk, "retry"]), {"reason": "x"}
        ).status_code
        == 403
    )
    assert not Intervention.objects.exists()


def test_the_dashboard_counts_what_the_lists_hold(world: World, web: Service, staff: Client) -> None:
    parked(world, web)
    world.change(world.service(name="web-02"), cpu=4)
    world.change(world.service(name="web-03"), backups=4)
    world.work()
    figures = {
        figure["title"]: figure["value"] for figure in staff.get(reverse("admin:index")).context["figures"]
    }
    assert figures == {
        "Changes that need somebody": 1, "Waiting for money": 1, "Applied today": 1, "Webhooks in quarantine": 0,
        "Payments whose end nobody knows": 0,
        "Machines that are not as they were sold": 0, "Tickets that wait for us": 0,
        "Mails that could not be sent": 0,
    }  # fmt: skip
