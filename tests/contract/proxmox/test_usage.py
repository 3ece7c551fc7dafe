"""How much is used, and how that is known."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from prorata.provisioning.drivers.base import (
    Step,
    StepRefused,
)
from prorata.provisioning.drivers.contract import new_key, value
from prorata.provisioning.drivers.proxmox import ProxmoxDriver
from support.proxmox import ProxmoxWorld, apply, writes
from support.proxmox_front import GIB


class TestUsage:
    """What the guest says, and nothing else."""

    def test_memory_that_the_guest_does_not_tell(self, driver: ProxmoxDriver, world: ProxmoxWorld) -> None:
        machine = world.machine()
        del world.vm(machine).stats["freemem"]
        assert "memory" not in driver.read(machine).usage
        with pytest.raises(StepRefused, match="does not tell how much of memory"):
            apply(driver, machine, Step("memory", 8, 4))
        assert apply(driver, machine, Step("memory", 8, 16)).state == "done"

    @pytest.mark.parametrize("config", [{}, {"hotplug": "memory", "numa": 1}], ids=["pending", "cold"])
    def test_use_that_grew_while_a_reduction_waited_withdraws_it(
        self, driver: ProxmoxDriver, world: ProxmoxWorld, config: dict[str, Any]
    ) -> None:
        machine, key, step = world.machine(**config), new_key(), Step("memory", 8, 4)
        assert apply(driver, machine, step, key=key, may_restart=False).state == "restart_pending"
        world.vm(machine).stats.update(mem=7 * GIB, freemem=GIB)
        begin = len(world.front.calls)
        with pytest.raises(StepRefused, match=r"7\.00 of memory are in use"):
            apply(driver, machine, step, key=key)
        assert driver.read(machine).restart_pending == frozenset()
        assert not any("POST" in call for call in writes(world.front, begin)), "it was not restarted"
        world.restart_machine(machine)
        assert value(driver, machine, "memory") == 8
        world.vm(machine).stats.update(mem=3 * GIB, freemem=5 * GIB)
        assert apply(driver, machine, step, key=key).state == "done"
        assert value(driver, machine, "memory") == 4

    def test_the_peak_of_the_day_counts(self, driver: ProxmoxDriver, world: ProxmoxWorld) -> None:
        machine = world.machine()
        world.front.peaks[int(machine)] = 6 * GIB
        assert driver.read(machine).usage["memory"] == 6
        with pytest.raises(StepRefused, match=r"6\.00 of memory are in use"):
            apply(driver, machine, Step("memory", 8, 5))

    def test_the_disk_as_the_agent_tells(self, driver: ProxmoxDriver, world: ProxmoxWorld) -> None:
        machine = world.machine()
        assert "disk" not in driver.read(machine).usage
        on = {"disk": [{"serial": "0QEMU_QEMU_HARDDISK_drive-scsi0"}], "used-bytes": 60 * GIB, "name": "sda1"}
        other = {"disk": [{"serial": "drive-scsi1"}], "used-bytes": 500 * GIB, "name": "sdb1"}
        twice = {**on, "mountpoint": "/snap"}
        world.vm(machine).agent = {"get-fsinfo": [on, other, twice, {"name": "tmpfs", "disk": []}]}
        assert driver.read(machine).usage["disk"] == Decimal(60)
        world.vm(machine).agent_hangs = True
        assert "disk" not in driver.read(machine).usage
