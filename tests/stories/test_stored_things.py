"""Deleting what is stored on the way to a reduction: gone when a reading says so, and never without a name beside it."""

from __future__ import annotations

import pytest

from prorata.changes.free import CannotFree, delete_object
from prorata.changes.refusals import Refused
from prorata.changes.situation import situation
from prorata.provisioning.drivers.sandbox import SandboxDriver
from prorata.provisioning.models import Deletion, Silence
from prorata.services.models import Service
from prorata.trail.models import Deed
from support.world import World

State = Deletion.State


@pytest.fixture
def web(world: World) -> Service:
    """Two snapshots of two stand in the way."""
    service = world.web_01("2026-08-15T14:02+09:00")
    for name in ("clean", "before-php8"):
        world.hypervisor.add_object(service.external_id, "snapshots", name, "4")
    world.measure(service)
    return service


def object_id(web: Service, name: str) -> str:
    return next(o["id"] for o in situation(web).limits["snapshots"].objects if o["name"] == name)


def names(world: World, web: Service) -> list[str]:
    """What the machine really holds."""
    return [o["name"] for o in world.hypervisor.machine(web.external_id)["objects"]]


def deeds() -> list[tuple[str, str, str]]:
    return list(
        Deed.objects.filter(what__startswith="stored.")
        .order_by("id")
        .values_list("what", "actor_name", "reference")
    )


def test_who_deleted_what_stands_in_the_trail(world: World, web: Service) -> None:
    clean = object_id(web, "clean")
    done = delete_object(world.owner, web, clean)
    assert (done.state, done.name, done.asked_by) == (State.GONE, "clean", world.owner)
    assert names(world, web) == ["before-php8"]
    assert deeds() == [
        ("stored.deletion_asked", "aiko@example.com", "clean of web-01"),
        ("stored.deleted", "aiko@example.com", "clean of web-01"),
    ]
    assert Deed.objects.get(what="stored.deleted").changed == {"snapshots": [f"clean ({clean})", None]}
    assert situation(web).limits["snapshots"].floor == 1
    with pytest.raises(CannotFree, match="This is not stored any more"):
        delete_object(world.owner, web, clean)


def test_an_answer_that_was_lost_leaves_it_open_until_a_reading_knows(world: World, web: Service) -> None:
    """It was deleted, and nobody heard of it. Asked twice, it is one deletion; the next reading ends it."""
    clean = object_id(web, "clean")
    world.hypervisor.fault(call="delete_object", effect="after")
    world.hypervisor.fault(call="read", effect="before")
    open_one = delete_object(world.owner, web, clean)
    assert (open_one.state, open_one.ended_at) == (State.ASKED, None)
    assert Silence.objects.exists()
    assert situation(web).limits["snapshots"].floor == 2, "until it is known to be gone"

    world.hypervisor.fault(call="delete_object", effect="before")
    world.hypervisor.fault(call="read", effect="before")
    assert delete_object(world.owner, web, clean) == open_one

    world.measure(web)
    assert world.reread(open_one).state == State.GONE
    assert [what for what, _, _ in deeds()] == ["stored.deletion_asked", "stored.deleted"]


def test_a_hypervisor_that_never_heard_of_it_keeps_it_open_and_can_be_asked_again(
    world: World, web: Service
) -> None:
    clean = object_id(web, "clean")
    world.hypervisor.fault(call="delete_object", effect="before")
    open_one = delete_object(world.owner, web, clean)
    assert open_one.state == State.ASKED
    assert sorted(names(world, web)) == ["before-php8", "clean"]
    assert delete_object(world.owner, web, clean).pk == open_one.pk
    assert world.reread(open_one).state == State.GONE


def test_a_slow_deletion_is_under_way_until_a_reading_no_longer_lists_it(
    world: World, web: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some hypervisors take the order and delete later."""
    clean, really = object_id(web, "clean"), SandboxDriver.delete_object
    with monkeypatch.context() as patched:
        patched.setattr(SandboxDriver, "delete_object", lambda self, machine, thing: None)
        slow = delete_object(world.owner, web, clean)
    assert (slow.state, slow.ended_at) == (State.BEGUN, None)
    assert situation(web).limits["snapshots"].floor == 2
    really(world.hypervisor.driver(), web.external_id, clean)  # type: ignore[arg-type]
    world.measure(web)
    assert world.reread(slow).state == State.GONE
    assert situation(web).limits["snapshots"].floor == 1


def test_a_busy_machine_says_so_and_nothing_is_deleted(world: World, web: Service) -> None:
    clean = object_id(web, "clean")
    world.hypervisor.busy(web.external_id, "backup")
    with pytest.raises(CannotFree, match=r"The machine is busy now\. Nothing was deleted; try again"):
        delete_object(world.owner, web, clean)
    assert Deletion.objects.get().state == State.REFUSED
    assert sorted(names(world, web)) == ["before-php8", "clean"]
    world.hypervisor.not_busy(web.external_id)
    assert delete_object(world.owner, web, clean).state == State.GONE
    assert [what for what, _, _ in deeds()] == [
        "stored.deletion_asked", "stored.deletion_refused", "stored.deletion_asked", "stored.deleted",
    ]  # fmt: skip


def test_a_service_that_is_not_active_deletes_nothing(world: World, web: Service) -> None:
    clean = object_id(web, "clean")
    Service.objects.filter(pk=web.pk).update(status=Service.Status.SUSPENDED)
    with pytest.raises(Refused):
        delete_object(world.owner, world.reread(web), clean)
    assert not Deletion.objects.exists()
    assert not Deed.objects.filter(what__startswith="stored.").exists()
