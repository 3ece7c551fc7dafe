"""The overview of a service: what is in use, what needs somebody, and what happened last."""

from __future__ import annotations

import pytest

from prorata.customers.models import Membership, User
from prorata.services.models import Service
from support.portal import part, person, text
from support.tickets import ask
from support.world import World


@pytest.fixture
def web(world: World) -> Service:
    return world.web_01("2026-08-15T14:02+09:00")


def test_a_service_where_nothing_waits(world: World, web: Service) -> None:
    world.measure(web)
    page = person(world.owner).get(f"/services/{web.pk}")
    said = text(page)
    assert page.status_code == 200
    assert "0 of 4 GB" in said
    assert "Upgrade / Downgrade" in said
    assert part(page, "monthly") == "¥7,400"
    assert "Ask support" in part(page, "asked")
    assert 'id="unpaid"' not in page.content.decode()


def test_what_needs_somebody_stands_there_with_its_way(world: World, web: Service) -> None:
    change = world.change(web, memory=8)
    ticket = ask(world.owner, about=change.origin)
    page = person(world.owner).get(f"/services/{web.pk}")
    said = text(page)
    assert f"See change {change.reference}" in said
    assert "¥5,596" in part(page, "unpaid")
    assert "Memory Open, waiting for us" in part(page, "asked")
    assert f'href="/tickets/{ticket.reference}"' in page.content.decode()
    assert "Upgrade / Downgrade" not in said, "one change at a time"
    world.pay(change)
    world.work()
    said = text(person(world.owner).get(f"/services/{web.pk}"))
    assert said.index("Change applied, checked by measuring") < said.index("Step done")
    assert "Whole timeline" in said


def test_a_reader_sees_it_and_is_not_led_to_what_is_refused(world: World, web: Service) -> None:
    reader = User.objects.create_user("reader@example.com")
    Membership.objects.create(customer=world.customer, user=reader, role="reader")
    page = person(reader).get(f"/services/{web.pk}")
    assert page.status_code == 200
    assert "Upgrade / Downgrade" not in text(page)
