"""Locks, high availability and what else keeps a machine busy."""

from __future__ import annotations

import pytest

from prorata.provisioning.drivers.base import (
    MachineBusy,
    Step,
)
from prorata.provisioning.drivers.contract import new_key, value
from prorata.provisioning.drivers.proxmox import ProxmoxDriver
from support.proxmox import ProxmoxWorld, apply
from support.proxmox_front import TOKEN_ID


class TestBusy:
    """Locks and tasks keep us out, by name; someone who looks does not."""

    @pytest.mark.parametrize(
        "lock", ["backup", "migrate", "snapshot", "snapshot-delete", "rollback", "suspended"]
    )
    def test_a_lock(self, driver: ProxmoxDriver, world: ProxmoxWorld, lock: str) -> None:
        machine = world.machine()
        world.front.pve.snapshot_lock(int(machine), lock)
        assert (driver.read(machine).state, driver.read(machine).busy_with) == ("busy", lock)
        with pytest.raises(MachineBusy, match=lock):
            apply(driver, machine, Step("cpu", 2, 3))
        with pytest.raises(MachineBusy, match=lock):
            driver.move(machine, {"cpu": 20}, key=new_key(), fence=1, may_restart=True)

    def test_a_lock_that_comes_between_look_and_write(
        self, driver: ProxmoxDriver, world: ProxmoxWorld
    ) -> None:
        machine = world.machine()
        vm = world.vm(machine)
        world.front.before_write = lambda: setattr(vm, "lock", "backup")
        with pytest.raises(MachineBusy, match=r"VM is locked \(backup\)"):
            apply(driver, machine, Step("cpu", 2, 3))
        vm.lock = None
        assert value(driver, machine, "cpu") == 2

    def test_a_running_task(self, driver: ProxmoxDriver, world: ProxmoxWorld) -> None:
        machine = world.machine()
        record = {
            "node": world.vm(machine).node,
            "starttime": 1,
            "id": machine,
            "user": TOKEN_ID,
            "upid": "UPID:x",
        }
        log = world.front.pve.tasklog
        log += [{**record, "type": "vncproxy", "status": "running"}]
        assert driver.read(machine).state == "running"
        log += [{**record, "type": "qmrestore", "status": "running"}]
        assert driver.read(machine).busy_with == "qmrestore"
        with pytest.raises(MachineBusy, match="qmrestore"):
            apply(driver, machine, Step("cpu", 2, 3))
        del log[-2:]
