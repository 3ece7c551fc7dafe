"""What drivers say in English is said in the reader's language where it is known, and quoted as English where it is not."""

from __future__ import annotations

import pytest

from prorata.changes import states
from prorata.changes.machine_words import Heard, busy_with, refused
from prorata.customers.models import User
from prorata.language import speaking
from prorata.provisioning.drivers.base import StepRefused
from prorata.provisioning.drivers.kvm.machine import JOBS, POWER
from prorata.provisioning.drivers.sandbox import SandboxDriver
from prorata.services.models import Service
from support.portal import person, text
from support.world import World


@pytest.fixture
def web(world: World) -> Service:
    return world.web_01("2026-08-15T14:02+09:00")


def in_japanese(world: World) -> None:
    User.objects.filter(pk=world.owner.pk).update(language="ja")


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        ("backup", "a backup"),
        ("vzdump", "a backup"),
        ("the machine is busy (migrate)", "a move to another host"),
        ("the machine is busy with restart", "a restart"),
        ("changing memory", "a change of its resources"),
        ("snapshot-delete", "deleting a snapshot"),
    ],
)
def test_what_a_machine_is_busy_with_has_words(said: str, heard: str) -> None:
    assert busy_with(said) == Heard(heard)
    with speaking("ja"):
        assert not busy_with(said).words.isascii()


@pytest.mark.parametrize("said", [*JOBS.values(), *POWER.values(), "a copy of its disk", "a job", "restart"])
def test_whatever_our_own_driver_calls_it_is_known(said: str) -> None:
    assert busy_with(said).words, said


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        ("3 of backups are stored: a, b, c", "3 are stored: a, b, c"),
        ("1 snapshots are stored (clean); delete some first", "1 is stored: clean"),
        ("2 of snapshots are stored", "2 are stored"),
        ("2.9 of memory are in use; at least 3 must stay", "2.9 is in use"),
        ("2.9 of memory are in use", "2.9 is in use"),
        ("disk cannot be reduced on this machine", "this machine never makes it smaller"),
        ("disk cannot shrink: Proxmox VE makes no disk smaller", "this machine never makes it smaller"),
        ("the time for it was over", "the time for it was over"),
        ("given up by staff", "our staff gave it up"),
        ("", ""),
    ],
)
def test_why_a_step_was_refused_has_words(said: str, heard: str) -> None:
    assert refused(said) == Heard(heard)
    with speaking("zh-hans"):
        assert not heard or not refused(said).words.isascii()


def test_what_is_not_known_is_the_machines_own_english(world: World, web: Service) -> None:
    assert busy_with("fstrim of scsi0") == Heard(quote="fstrim of scsi0")
    assert refused("CPU model <x> is not there.") == Heard(quote="CPU model <x> is not there")
    in_japanese(world)
    world.wait(minutes=2)
    world.hypervisor.busy(web.external_id, "fstrim of scsi0")
    world.measure(web)
    page = person(world.owner).get(f"/services/{web.pk}/stored/snapshots")
    assert '<q lang="en">fstrim of scsi0</q>' in page.content.decode()
    world.wait(minutes=2)
    world.hypervisor.busy(web.external_id, "backup")
    world.measure(web)
    page = person(world.owner).get(f"/services/{web.pk}/stored/snapshots")
    assert "バックアップ" in text(page)
    assert "(backup)" not in text(page)


def test_a_refused_step_is_explained_in_the_readers_language(world: World, web: Service) -> None:
    change = world.change(web, memory=8, disk=120)
    world.hypervisor.change_component(web.external_id, "memory", refuses="no more <DIMM> slots")
    world.pay(change)
    world.work()
    assert world.reread(change).status == states.PARTLY_APPLIED
    in_japanese(world)
    page = person(world.owner).get(f"/changes/{change.reference}").content.decode()
    assert 'ハイパーバイザーの応答： <q lang="en">no more &lt;DIMM&gt; slots</q>' in page


def test_a_parked_change_says_what_the_machine_does(world: World, web: Service) -> None:
    change = world.change(web, memory=8)
    world.hypervisor.busy(web.external_id, "migrate")
    world.pay(change)
    world.work()
    assert "What it does now: a move to another host." in text(
        person(world.owner).get(f"/changes/{change.reference}")
    )


def test_a_deletion_that_is_refused_says_why(
    world: World, web: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_asked: object) -> None:
        raise StepRefused("the storage <pool-2> is read-only")

    monkeypatch.setattr(SandboxDriver, "delete_object", refuse)
    thing = world.hypervisor.add_object(web.external_id, "snapshots", "clean")
    world.measure(web)
    page = person(world.owner).post(f"/services/{web.pk}/stored/snapshots/{thing}/delete", follow=True)
    assert (
        'It was not deleted. The machine said: <q lang="en">the storage &lt;pool-2&gt; is read-only</q>'
        in page.content.decode()
    )
