"""Disks, which only ever grow."""

from __future__ import annotations

import pytest

from prorata.provisioning.drivers.base import (
    DriverUnreachable,
    HostFull,
    MachineBusy,
    Step,
    StepRefused,
)
from prorata.provisioning.drivers.contract import new_key, value
from prorata.provisioning.drivers.proxmox import ProxmoxDriver
from support.proxmox import ProxmoxWorld, apply, writes
from support.proxmox_front import Front


class TestDisks:
    """Absolute sizes, upwards only."""

    def test_it_grows_to_an_absolute_size_while_the_machine_runs(
        self, driver: ProxmoxDriver, world: ProxmoxWorld
    ) -> None:
        machine, begin = world.machine(), len(world.front.calls)
        assert apply(driver, machine, Step("disk", 100, 160), may_restart=False).state == "done"
        assert writes(world.front, begin) == ["PUT config", "PUT resize disk size"]
        assert world.front.calls[-1 - self.after_resize(world.front)][2]["size"] == "160G"
        assert "discard=on,size=160G" in world.vm(machine).config["scsi0"]

    def after_resize(self, front: Front) -> int:
        """How many calls came after the resize."""
        return next(n for n, (_, path, _g) in enumerate(reversed(front.calls)) if path.endswith("/resize"))

    def test_a_shrink_never_reaches_proxmox(self, driver: ProxmoxDriver, world: ProxmoxWorld) -> None:
        machine, begin = world.machine(), len(world.front.calls)
        with pytest.raises(StepRefused, match="cannot shrink"):
            apply(driver, machine, Step("disk", 100, 99))
        assert writes(world.front, begin) == []

    def test_a_hand_grown_disk_is_not_shrunk_by_an_old_target(
        self, driver: ProxmoxDriver, world: ProxmoxWorld
    ) -> None:
        machine, key = world.machine(), new_key()
        world.front.lose_nth_write, world.front.lose_what = 2, "call"
        with pytest.raises(DriverUnreachable):
            apply(driver, machine, Step("disk", 100, 150), key=key)
        config = world.vm(machine).config
        config["scsi0"] = config["scsi0"].replace("100G", "200G")
        assert apply(driver, machine, Step("disk", 100, 150), key=key).state == "done"
        assert value(driver, machine, "disk") == 200

    @pytest.mark.parametrize(
        ("words", "error"),
        [
            ("lvextend: No space left on device", HostFull),
            ("VM is locked (backup)", MachineBusy),
            ("checksum mismatch (file change by other user?)", MachineBusy),
            ("shrinking disks is not supported", StepRefused),
            ("command 'lvextend' failed: exit code 5", DriverUnreachable),
        ],
    )
    def test_a_task_that_failed(
        self, driver: ProxmoxDriver, world: ProxmoxWorld, words: str, error: type[Exception]
    ) -> None:
        machine, key = world.machine(), new_key()
        world.front.task_errors["resize"] = words
        with pytest.raises(error):
            apply(driver, machine, Step("disk", 100, 150), key=key)
        assert value(driver, machine, "disk") == 100
        assert apply(driver, machine, Step("disk", 100, 150), key=key).state == "done"
        assert value(driver, machine, "disk") == 150

    def test_a_storage_without_room(self, driver: ProxmoxDriver, world: ProxmoxWorld) -> None:
        machine = world.machine()
        with pytest.raises(HostFull, match="room for 100 more of disk"):
            apply(driver, machine, Step("disk", 100, 201))
        assert not driver.plan(machine, Step("disk", 100, 201)).possible
