"""Every state of a change has a page that says what is so, what comes next and where the money is."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from django.http import HttpResponse

from prorata.changes import states
from prorata.changes.models import Change
from prorata.changes.staff_actions import take_over
from prorata.customers.models import User
from prorata.services.models import Service
from support.portal import part, person, text
from support.world import World

BY_HAND = {"components": {"memory": {"grow": "restart", "shrink": "restart"}}}


@pytest.fixture
def web(world: World) -> Service:
    return world.web_01("2026-08-15T14:02+09:00")


def page_of(world: World, change: Change, status: str) -> HttpResponse:
    """The change's page once it is in `status`; kept for the eye, too, if PORTAL_PAGES names a folder."""
    assert world.reread(change).status == status
    page = person(world.owner).get(f"/changes/{change.reference}")
    assert page.status_code == 200
    if folder := os.environ.get("PORTAL_PAGES"):
        test = os.environ["PYTEST_CURRENT_TEST"].partition("::test_")[2].split(" ")[0]
        Path(folder, f"{test}.html").write_bytes(page.content)
    return page


def steps(page: HttpResponse) -> list[str]:
    """The classes of the list's steps, in order."""
    return re.findall(r'<li class="(done|doing|waiting|failed|skipped)"', page.content.decode())


def test_waiting_for_payment(world: World, web: Service) -> None:
    page = page_of(world, world.change(web, memory=8), states.AWAITING_PAYMENT)
    assert part(page, "headline") == "Waiting for your payment"
    assert "Pay until 15 Aug 2026, 15:02 JST." in text(page)
    assert "Pay Now! ¥5,596" in text(page)
    assert "Cancel this change" in text(page)
    assert steps(page) == ["done", "doing", "waiting", "waiting"]


def test_a_payment_that_is_checked_cannot_be_made_twice(world: World, web: Service) -> None:
    change = world.change(web, memory=8)
    attempt = world.checkout(change)
    world.gateway.pay(attempt.gateway_ref, "4000 0000 0000 0077", mode="never")
    page = person(world.owner).get(f"/payments/{attempt.pk}/return", follow=True)
    assert part(page, "payment-title") == "Your bank is working on it"
    assert "Pay Now!" not in text(page)
    assert change.invoice is not None
    invoice = person(world.owner).get(f"/invoices/{change.invoice.reference}")
    assert "A second payment is not possible meanwhile, so that you are not charged twice." in text(invoice)
    assert "Pay Now!" not in text(invoice)


def test_paid_but_not_begun(world: World, web: Service) -> None:
    change = world.change(web, memory=8)
    world.pay(change)
    page = page_of(world, change, states.AWAITING_PAYMENT)
    assert part(page, "headline") == "Paid: your change begins in a moment"
    assert "Cancel this change" not in text(page)
    assert "hx-get" in page.content.decode()


def test_parked(world: World, web: Service) -> None:
    world.hypervisor.busy(web.external_id)
    change = world.change(web, memory=8)
    world.pay(change)
    world.work()
    page = page_of(world, change, states.PARKED)
    assert part(page, "headline") == "Waiting for the machine"
    assert "The machine is busy with something else." in text(page)
    assert "If it is not done by 15 Aug 2026, 18:02 JST, it is taken back" in text(page)
    resources = person(world.owner).get(f"/services/{web.pk}/resources")
    assert f"/changes/{change.reference}" in resources.content.decode()


def test_attention_and_what_staff_said(world: World, web: Service) -> None:
    change = world.change(web, memory=8)
    world.pay(change)
    world.hypervisor.change_machine(web.external_id, configuration={"memory": 6})
    world.work()
    staff = User.objects.create_user("ken@example.com", "a-long-password", name="Ken", is_staff=True)
    take_over(staff, change.reference, "I look at it this afternoon.")
    page = page_of(world, change, states.ATTENTION)
    assert part(page, "headline") == "Somebody is looking at your change"
    assert "Your money is safe." in text(page)
    assert "I look at it this afternoon." in text(page)


def test_applied(world: World, web: Service) -> None:
    change = world.change(web, memory=8, cpu=4)
    world.pay(change)
    world.work()
    page = page_of(world, change, states.APPLIED)
    assert part(page, "headline").startswith("Changed at 14:02:")
    assert "Invoice INV-000001" in text(page)
    assert set(steps(page)) == {"done"}
    assert "hx-get" not in page.content.decode()


def test_applied_with_a_restart_to_come(world: World) -> None:
    web = world.web_01("2026-08-15T14:02+09:00", **BY_HAND)
    aiko, quote = person(world.owner), world.quote(web, memory=8)
    review = aiko.get(f"/quotes/{quote.reference}")
    assert "web-01 restarts once, for about a minute: Memory." in text(review)
    form = {"shown_due_minor": str(quote.gross_minor), "method": "card", "restart": "me"}
    aiko.post(f"/quotes/{quote.reference}/submit", form)
    change = Change.objects.get()
    world.pay(change)
    world.work()
    page = page_of(world, change, states.APPLIED)
    assert "Paid. Active after the next restart" in text(page)
    assert part(page, "measured-memory").startswith("4 GB")
    resources = aiko.get(f"/services/{web.pk}/resources")
    assert "4 active until the restart" in part(resources, "row-memory")


def test_partly_applied(world: World, web: Service) -> None:
    world.hypervisor.change_component(web.external_id, "memory", refuses="no hot-plug on this machine")
    change = world.change(web, cpu=4, memory=8)
    world.pay(change)
    world.work()
    page = page_of(world, change, states.PARTLY_APPLIED)
    assert part(page, "headline") == "Changed in part"
    assert "¥5,597 came back as credit." in text(page)
    assert part(page, "returned") == "¥5,597"
    assert "Credit note CN-000001" in text(page)
    assert "failed" in steps(page)
    assert "staff" not in text(page), "nothing is left for anybody to do"


def test_reversed(world: World, web: Service) -> None:
    world.hypervisor.change_component(web.external_id, "memory", refuses="no hot-plug on this machine")
    change = world.change(web, memory=8)
    world.pay(change)
    world.work()
    page = page_of(world, change, states.REVERSED)
    assert part(page, "headline") == "The change was taken back"
    assert "Your server runs as before." in text(page)
    assert part(page, "returned") == "¥5,596"
    assert part(page, "available-credit") == "Available Credit ¥5,596"


def test_expired(world: World, web: Service) -> None:
    change = world.change(web, memory=8)
    world.wait(minutes=66)
    page = page_of(world, change, states.EXPIRED)
    assert part(page, "headline") == "Expired: it was not paid in time"
    assert "money that still arrives becomes account credit" in text(page)
    assert "skipped" in steps(page)


def test_the_credit_waits_for_the_machine(world: World, web: Service) -> None:
    change = world.change(web, backups=4)
    page = page_of(world, change, states.APPLYING)
    assert part(page, "headline") == "Your change is being applied"
    assert "It is booked when the machine has shrunk." in text(page)
    world.work()
    assert part(page_of(world, change, states.APPLIED), "returned") == "¥2,431"
