"""Snapshots and backups."""

from __future__ import annotations

import pytest

from prorata.provisioning.drivers.base import (
    DriverUnreachable,
    Step,
    StepRefused,
)
from prorata.provisioning.drivers.contract import new_key
from prorata.provisioning.drivers.proxmox import ProxmoxDriver
from prorata.provisioning.drivers.proxmox.machine import Component
from support.proxmox import ProxmoxWorld, apply, driver_of
from support.proxmox_front import Front


class TestObjects:
    """Snapshots, and backups that count."""

    def test_snapshots(self, driver: ProxmoxDriver, world: ProxmoxWorld) -> None:
        machine, other = world.machine(), world.machine()
        for one in (machine, other):
            world.vm(one).snapshots["before-update"] = {"snaptime": 1_793_000_000}
        apply(driver, machine, Step("snapshots", 0, 3))
        reading = driver.read(machine)
        assert (reading.configuration["snapshots"], reading.usage["snapshots"]) == (3, 1)
        (snapshot,) = [stored for stored in reading.objects if stored.kind == "snapshots"]
        assert (snapshot.name, snapshot.created_at.year) == ("before-update", 2026)
        with pytest.raises(StepRefused, match="1 of snapshots are stored: before-update"):
            apply(driver, machine, Step("snapshots", 3, 0))
        with pytest.raises(StepRefused):
            driver.delete_object(other, snapshot.id)
        driver.delete_object(machine, snapshot.id)
        driver.delete_object(machine, snapshot.id)
        assert driver.read(machine).usage["snapshots"] == 0
        assert driver.read(other).usage["snapshots"] == 1
        assert apply(driver, machine, Step("snapshots", 3, 0)).state == "done"

    def test_a_protected_backup_is_refused(self, driver: ProxmoxDriver, world: ProxmoxWorld) -> None:
        machine = world.machine()
        for name, volume in world.front.pve.storages["local"]["volumes"].items():
            volume["protected"] = f"-{machine}-" in name
        with pytest.raises(StepRefused, match="cannot remove protected"):
            driver.delete_object(machine, driver.read(machine).objects[0].id)
        assert driver.read(machine).usage["backups"] == 2

    def test_a_backup_storage_that_is_away_leaves_the_count_unknown(
        self, driver: ProxmoxDriver, world: ProxmoxWorld
    ) -> None:
        machine = world.machine()
        world.front.pve.storages["local"]["active"] = 0
        try:
            reading = driver.read(machine)
            assert "backups" not in reading.usage
            assert reading.uncounted == {"backups"}
            assert reading.configuration["backups"] == 3
            with pytest.raises(DriverUnreachable, match="storage local is away"):
                apply(driver, machine, Step("backups", 3, 1))
        finally:
            world.front.pve.storages["local"]["active"] = 1

    def test_retention_is_that_of_the_machines_own_job(self, front: Front, world: ProxmoxWorld) -> None:
        driver = driver_of(front, components=(Component("backups", "retention"),))
        machine = world.machine()
        assert "backups" not in driver.read(machine).configuration
        with pytest.raises(StepRefused, match="has no retention"):
            apply(driver, machine, Step("backups", 3, 5))
        front.jobs += [
            {"id": "all", "all": 1, "prune-backups": {"keep-last": "9"}},
            {"id": "shared", "vmid": f"{machine},100", "prune-backups": "keep-last=8"},
            {"id": "own", "vmid": machine, "prune-backups": {"keep-last": "3"}},
        ]
        assert driver.read(machine).configuration["backups"] == 3
        with pytest.raises(StepRefused, match="2 of backups are stored"):
            apply(driver, machine, Step("backups", 3, 1))
        assert apply(driver, machine, Step("backups", 3, 5)).state == "done"
        assert driver.read(machine).configuration["backups"] == 5
        assert [job["prune-backups"] for job in front.jobs][1:] == ["keep-last=8", "keep-last=5"]
        old = new_key()
        assert apply(driver, machine, Step("backups", 5, 6), key=old).state == "done"
        assert apply(driver, machine, Step("backups", 6, 5)).state == "done"
        assert apply(driver, machine, Step("backups", 5, 6), key=old).state == "done"
        assert driver.read(machine).configuration["backups"] == 5, "an old key undoes nothing"
        with pytest.raises(StepRefused):
            apply(driver, machine, Step("backups", 5, 0))
