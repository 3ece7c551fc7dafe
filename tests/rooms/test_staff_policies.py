"""What staff decide about the changes of a product that customers already have."""

from __future__ import annotations

from django.test import Client
from django.urls import reverse

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
