"""How old what is known of a machine is, in words, and that asking again loses nothing that was typed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from prorata.catalog.models import ResourceType
from prorata.provisioning.models import Deletion, Silence
from prorata.services.models import Service
from support.portal import part, person, text
from support.world import World


@pytest.fixture
def web(world: World) -> Service:
    service = world.web_01("2026-08-15T14:02+09:00", usage={"memory": "2.9", "disk": "62"})
    world.measure(service)
    return service


def test_how_old_a_reading_is_stands_on_both_pages(world: World, web: Service) -> None:
    aiko = person(world.owner)
    for page in ("resources", "change"):
        assert part(aiko.get(f"/services/{web.pk}/{page}"), "as-of") == "as of 14:02 JST"
    world.clock.forward(timedelta(minutes=20))
    world.hypervisor.kill()
    for page in ("resources", "change"):
        seen = aiko.get(f"/services/{web.pk}/{page}")
        assert part(seen, "as-of") == "unknown since 14:02 JST"
        assert "Reductions are paused until it is known; increases are possible." in text(seen)
    world.at("2026-08-16T09:00+09:00")
    assert part(aiko.get(f"/services/{web.pk}/resources"), "as-of") == "unknown since 15 Aug 2026, 14:02 JST"


def test_refresh_beside_the_sliders_keeps_what_was_typed(world: World, web: Service) -> None:
    world.clock.forward(timedelta(minutes=10))
    world.hypervisor.change_machine(web.external_id, usage={"memory": "0.9"})
    aiko = person(world.owner)
    typed = {"cpu": "4", "memory": "2", "disk": "100", "backups": "7", "snapshots": "2", "do": "refresh"}
    page = aiko.post(f"/services/{web.pk}/change", typed)
    assert page.status_code == 200
    assert part(page, "as-of") == "as of 14:12 JST"
    assert (
        'name="memory" inputmode="numeric" autocomplete="off" maxlength="9" value="2"'
        in page.content.decode()
    )
    assert "stored/snapshots?cpu=4&amp;memory=2" not in page.content.decode(), "nothing is stored: no link"
    world.hypervisor.add_object(web.external_id, "snapshots", "before-php8")
    page = aiko.post(f"/services/{web.pk}/change", typed)
    world.clock.forward(timedelta(minutes=1))
    page = aiko.post(f"/services/{web.pk}/change", typed)
    assert "stored/snapshots?cpu=4&amp;memory=2" in page.content.decode(), (
        "the way there and back keeps the values"
    )


def test_refresh_asks_a_silent_machine_at_once(world: World, web: Service) -> None:
    aiko = person(world.owner)
    world.clock.forward(timedelta(minutes=1))
    world.hypervisor.fault(call="read", effect="before")
    aiko.get(f"/services/{web.pk}/resources")
    assert Silence.objects.exists()
    assert part(aiko.get(f"/services/{web.pk}/resources"), "as-of") == "as of 14:02 JST"
    back = aiko.post(f"/services/{web.pk}/measure", {"next": f"/services/{web.pk}/stored/snapshots"})
    assert back["Location"] == f"/services/{web.pk}/stored/snapshots"
    assert part(aiko.get(f"/services/{web.pk}/resources"), "as-of") == "as of 14:03 JST"
    away = aiko.post(f"/services/{web.pk}/measure", {"next": "https://elsewhere.example/"})
    assert away["Location"] == f"/services/{web.pk}/resources"


def test_the_peak_stands_beside_what_is_used(world: World, web: Service) -> None:
    world.at("2026-08-16T14:02+09:00")
    world.hypervisor.change_machine(web.external_id, usage={"memory": "0.9"})
    assert ResourceType.objects.get(code="memory").peak_days == 7, "as in the demo"
    row = text(person(world.owner).get(f"/services/{web.pk}/resources"))
    assert "0.9 GB peak 2.9 GB in 7 days" in row
    assert "Memory cannot go below 3 GB: 2.9 GB was used within the last 7 days." in row


def test_what_a_colleague_deleted_meanwhile_is_said_and_not_an_error(world: World, web: Service) -> None:
    stored = world.hypervisor.add_object(web.external_id, "snapshots", "before-php8")
    world.clock.forward(timedelta(minutes=1))
    aiko, place = person(world.owner), f"/services/{web.pk}/stored/snapshots"
    assert "before-php8" in text(aiko.get(place))
    for _ in range(2):
        sent = aiko.post(f"{place}/{stored}/delete?snapshots=0")
        assert sent["Location"] == f"{place}?snapshots=0"
        assert "“before-php8” was deleted." in text(aiko.get(place))
    assert Deletion.objects.count() == 1
    assert aiko.get(f"{place}/snap-unknown/delete").status_code == 404
