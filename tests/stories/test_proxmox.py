"""A paid change on a Proxmox VE machine: from the quote to what the machine has, through the worker and the real driver."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from django.utils.translation import override
from pytest_django import Settings

from prorata import clock as business
from prorata.changes import states
from prorata.changes.adopt import adopt
from prorata.changes.refusals import words
from prorata.changes.situation import situation
from prorata.config.environment.proxmox import Proxmox
from prorata.provisioning.deletions import asked
from prorata.provisioning.measure import measure
from prorata.provisioning.registry import driver
from prorata.services import readings
from prorata.services.models import Service
from support.proxmox import ProxmoxWorld
from support.proxmox_front import GIB, SECRET, TOKEN_ID, Front
from support.world import WEB, World, clear_caches


@pytest.fixture
def front(tmp_path: Path) -> Iterator[Front]:
    front = Front(tmp_path)
    yield front
    front.close()


@pytest.fixture
def cluster(front: Front, settings: Settings) -> Iterator[ProxmoxWorld]:
    settings.PRORATA_DRIVERS = {
        **settings.PRORATA_DRIVERS, "proxmox": "prorata.config.wiring.proxmox_driver",
    }  # fmt: skip
    settings.PRORATA_PROXMOX = Proxmox(
        url=front.url, token_id=TOKEN_ID, token_secret=SECRET, ca=front.certificate,
        components={
            "cpu": ("cpu", 0), "memory": ("memory", 0), "disk": ("scsi0", 0), "snapshots": ("snapshots", 2),
            "backups": ("backups", 7),
        },
        cpu_ratio=Decimal(1), memory_ratio=Decimal(1), shutdown_seconds=60,
    )  # fmt: skip
    clear_caches()
    yield ProxmoxWorld(front)
    clear_caches()


@pytest.fixture
def web(world: World, cluster: ProxmoxWorld) -> Service:
    """Adopted on 1 June 2026 for six months at 34,188 JPY; it is 15 August."""
    world.open("2026-06-01T08:00+09:00")
    machine = cluster.machine(memory=4096)
    cluster.vm(machine).stats.update(mem=int(2.9 * GIB))
    found = adopt(
        customer=world.customer, product=world.cloud, name="web-01", driver="proxmox", external_id=machine,
        term_starts_at=business.now(), term_ends_at=datetime.fromisoformat("2026-12-01T08:00+09:00"), term_months=6,
        configuration=WEB, paid_minor=34_188, currency="JPY", staff=None,
    )  # fmt: skip
    world.at("2026-08-15T14:02+09:00")
    return found


def test_paid_memory_and_cpus_arrive(world: World, cluster: ProxmoxWorld, web: Service) -> None:
    change = world.change(web, cpu=4, memory=8, snapshots=3)
    world.pay(change)
    world.work()

    assert world.reread(change).status == states.APPLIED
    config = cluster.vm(web.external_id).config
    assert (config["vcpus"], config["memory"]) == ("4", "8192")
    assert '"limits":{"snapshots":3}' in config["description"]
    assert cluster.vm(web.external_id).status == "running"
    assert cluster.effects(web.external_id) == 3
    assert world.reread(web).configuration == {**WEB, "cpu": 4, "memory": 8, "snapshots": 3}


def test_up_and_down_again(world: World, cluster: ProxmoxWorld, web: Service) -> None:
    """Two CPUs are plugged live for 3,731: 1,200 x 106/30 x 0.80 and tax. Giving them back restarts the machine; then
    the credit is there: the layer was for 108 days, 107 are left."""
    change = world.change(web, cpu=4)
    world.pay(change)
    world.work()
    assert (world.reread(change).gross_minor, cluster.vm(web.external_id).config["vcpus"]) == (3_731, "4")

    back = world.change(web, cpu=2)
    world.work()

    assert world.reread(back).status == states.APPLIED
    assert cluster.vm(web.external_id).config["vcpus"] == "2"
    assert cluster.front.unplugged == []
    assert world.log() == [("reduced", 3_696, 3_696)]


def test_a_node_that_filled_up_after_the_payment_is_waited_for(
    world: World, cluster: ProxmoxWorld, web: Service
) -> None:
    change = world.change(web, cpu=4)
    cluster.fill_host(web.external_id)
    world.pay(change)
    world.work()
    assert (world.reread(change).status, world.reread(change).reason) == (states.PARKED, "host_full")

    cluster.front.pve.vms.pop()
    world.wait(minutes=5)

    assert world.reread(change).status == states.APPLIED
    assert driver("proxmox").read(web.external_id).configuration["cpu"] == 4


def test_a_cluster_that_is_away_costs_nothing_and_loses_nothing(
    world: World, cluster: ProxmoxWorld, web: Service
) -> None:
    change = world.change(web, memory=8)
    world.pay(change)
    cluster.go_down()
    world.work()
    assert (world.reread(change).status, world.reread(change).reason) == (states.PARKED, "unreachable")

    cluster.come_back()
    world.wait(minutes=5)

    assert world.reread(change).status == states.APPLIED
    assert cluster.effects(web.external_id) == 1


def test_a_backup_storage_that_is_away_holds_an_unknown_number(
    world: World, cluster: ProxmoxWorld, web: Service
) -> None:
    """What cannot be listed is not none: nothing less is sold meanwhile, and nothing counts as deleted."""
    measure(web)
    (first, *_) = [one for one in readings.newest(web.pk).objects_stored if one["kind"] == "backups"]
    deletion = asked(web, first, world.owner)
    storage = cluster.front.pve.storages["local"]
    storage["active"] = 0
    try:
        measure(web)
        limit = situation(world.reread(web)).limits["backups"]
        assert (limit.floor, limit.current) == (7, 7)
        (why,) = limit.floor_reasons
        assert words(why) == "Backup generations cannot go below 7: how many are stored is not known now."
        assert limit.ceiling == 14, "more is sold"
        assert world.reread(deletion).ended_at is None
        with override("ja"):
            assert "保存数" in words(why)
    finally:
        storage["active"] = 1
    measure(web)
    assert situation(world.reread(web)).limits["backups"].floor == 2
