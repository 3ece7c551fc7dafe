"""What the desk knows of a service's machine: the last readings with their age, the host's room, and who is silent."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from prorata.customers.models import User
from prorata.services.models import Reading, Service
from support.forms import words
from support.world import World


@pytest.fixture
def web(world: World) -> Service:
    service = world.web_01(
        "2026-08-15T14:02+09:00", usage={"memory": "2.9", "disk": "62"}, capacity={"memory": 64},
        components={"disk": {"shrink": "never"}},
    )  # fmt: skip
    world.measure(service)
    return service


def page(staff: Client, web: Service) -> str:
    return words(staff.get(reverse("admin:services_service_change", args=[web.pk])))


def test_the_service_page_says_what_is_known_and_how_old_it_is(
    world: World, web: Service, staff: Client
) -> None:
    world.clock.forward(timedelta(minutes=3))
    said = page(staff, web)
    assert "3 minutes old, of 15 Aug 2026" in said
    assert "running on host tokyo-1" in said
    assert "Memory 2.9 2.9 in 7 days 60 – –" in said
    assert "NVMe SSD 62 – no limit – disk cannot be reduced on this machine" in said
    assert "too old for reductions" not in said
    world.clock.forward(timedelta(minutes=13))
    assert "too old for reductions" in page(staff, web)


def test_measure_now(world: World, web: Service, staff: Client) -> None:
    before = Reading.objects.count()
    world.clock.forward(timedelta(minutes=20))
    answer = staff.get(reverse("admin:services_service_measure", args=[web.pk]), follow=True)
    assert "Measured." in words(answer)
    assert Reading.objects.count() == before + 1
    world.hypervisor.kill()
    said = words(staff.get(reverse("admin:services_service_measure", args=[web.pk]), follow=True))
    assert "It was not measured: no answer from the sandbox hypervisor" in said
    assert "silent Asked once since 15 Aug 2026" in said
    assert Reading.objects.count() == before + 1


def test_a_colleague_without_the_right_does_not_ask_machines(world: World, web: Service) -> None:
    clerk = User.objects.create_user("clerk@example.com", "a-long-password", is_staff=True)
    clerk.user_permissions.add(Permission.objects.get(codename="view_invoice"))
    client = Client()
    client.force_login(clerk)
    before = Reading.objects.count()
    assert client.get(reverse("admin:services_service_measure", args=[web.pk])).status_code == 403
    assert Reading.objects.count() == before
