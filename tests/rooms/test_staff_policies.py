"""What staff decide about the changes of a product that customers already have."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from prorata.catalog.models import Product
from support.forms import problems, send, words
from support.world import World


def test_a_product_with_services_changes_its_rule_from_then_on(world: World, staff: Client) -> None:
    """15 August: memory by calendar months 5,596, by average months 5,624; the price quoted before still holds."""
    web = world.web_01("2026-08-15T14:02+09:00")
    before = world.quote(web, memory=8)
    address = reverse("admin:catalog_product_change", args=[world.cloud.pk])
    assert "1 service is sold by this. Another choice prices its changes from now on; prices that" in words(
        staff.get(address)
    )

    answer = send(staff, address, rule="average-months")
    assert answer.status_code == 302, problems(answer)
    assert [world.reread(before).gross_minor, world.quote(web, memory=8).gross_minor] == [5_596, 5_624]
    change = world.submit(before)
    assert (change.gross_minor, change.invoice.gross_minor) == (5_596, 5_596)  # type: ignore[union-attr]


def test_how_often_a_service_may_be_changed(world: World, staff: Client) -> None:
    world.open("2026-06-01T08:00+09:00")
    address = reverse("admin:catalog_product_change", args=[world.cloud.pk])
    answer = send(staff, address, changes_a_day="2", cooldown_hours="24", reductions_a_term="0")
    assert answer.status_code == 302, problems(answer)
    cloud = world.reread(world.cloud)
    assert (cloud.changes_a_day, cloud.cooldown_hours, cloud.reductions_a_term) == (2, 24, 0)

    answer = send(staff, address, changes_a_day="", cooldown_hours="", reductions_a_term="")
    assert answer.status_code == 302, problems(answer)
    cloud = world.reread(world.cloud)
    assert (cloud.changes_a_day, cloud.cooldown_hours, cloud.reductions_a_term) == (None, None, None)


def test_whether_machines_may_move_is_a_choice_of_the_product(world: World, staff: Client) -> None:
    world.open("2026-06-01T08:00+09:00")
    address = reverse("admin:catalog_product_change", args=[world.cloud.pk])
    for typed, chosen in ((None, False), ("on", True)):
        answer = send(staff, address, may_move=typed)
        assert answer.status_code == 302, problems(answer)
        assert world.reread(world.cloud).may_move is chosen


@pytest.mark.parametrize("typed", ["0", "-1", "twice"])
def test_a_limit_that_is_none_is_refused(world: World, staff: Client, typed: str) -> None:
    world.open("2026-06-01T08:00+09:00")
    address = reverse("admin:catalog_product_change", args=[world.cloud.pk])
    answer = send(staff, address, changes_a_day=typed)
    assert problems(answer)
    assert world.reread(world.cloud).changes_a_day is None


@pytest.mark.parametrize(
    ("limits", "constraint"),
    [
        ({"changes_a_day": 0}, "product_can_be_changed"), ({"cooldown_hours": 0}, "product_cooldown_lasts"),
        ({"reductions_a_term": -1}, "catalog_product_reductions_a_term_check"),
    ],
)  # fmt: skip
def test_postgresql_refuses_it_too(world: World, limits: dict[str, int], constraint: str) -> None:
    world.open("2026-06-01T08:00+09:00")
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Product.objects.update(**limits)
