"""Restarts that survive a dead worker."""

from __future__ import annotations

from typing import Any

import pytest

from prorata.provisioning.drivers.base import (
    DriverUnreachable,
    Step,
)
from prorata.provisioning.drivers.contract import finish, new_key, value
from prorata.provisioning.drivers.proxmox import ProxmoxDriver
from support.proxmox import ProxmoxWorld, apply, writes


class TestRestarts:
    """Reductions are cold, also where Proxmox would unplug at once."""

    def test_a_cpu_is_never_unplugged(self, driver: ProxmoxDriver, world: ProxmoxWorld) -> None:
        machine, key, step = world.machine(vcpus=6), new_key(), Step("cpu", 6, 4)
        assert driver.plan(machine, step).mode == "restart"
        waiting = apply(driver, machine, step, key=key, may_restart=False)
        assert waiting.state == "restart_pending"
        reading = driver.read(machine)
        assert (reading.configuration["cpu"], reading.restart_pending) == (6, {"cpu"})
        begin = len(world.front.calls)
        assert apply(driver, machine, step, key=key).state == "done"
        assert writes(world.front, begin) == [
            "PUT config",
            "POST shutdown timeout",
            "PUT config vcpus",
            "POST start",
        ]
        reading = driver.read(machine)
        assert (reading.state, reading.configuration["cpu"], reading.restart_pending) == (
            "running",
            4,
            frozenset(),
        )
        assert world.front.unplugged == []
        assert world.effects(machine) == 1

    def test_memory_is_plugged_live_and_taken_cold(self, driver: ProxmoxDriver, world: ProxmoxWorld) -> None:
        machine = world.machine(hotplug="memory,cpu", numa=1)
        grow = Step("memory", 8, 16)
        assert driver.plan(machine, grow).mode == "live"
        assert apply(driver, machine, grow, may_restart=False).state == "done"
        assert value(driver, machine, "memory") == 16
        assert driver.plan(machine, Step("memory", 16, 4)).mode == "restart"
        assert apply(driver, machine, Step("memory", 16, 4)).state == "done"
        assert value(driver, machine, "memory") == 4
        assert world.front.unplugged == []

    def test_without_numa_memory_waits_for_a_restart(
        self, driver: ProxmoxDriver, world: ProxmoxWorld
    ) -> None:
        machine = world.machine(hotplug="memory")
        assert driver.plan(machine, Step("memory", 8, 16)).mode == "restart"

    def test_more_cpus_than_the_machine_was_started_for(
        self, driver: ProxmoxDriver, world: ProxmoxWorld
    ) -> None:
        machine = world.machine(cores=4)
        step = Step("cpu", 2, 6)
        assert driver.plan(machine, step).mode == "restart"
        assert apply(driver, machine, step).state == "done"
        assert value(driver, machine, "cpu") == 6
        assert world.vm(machine).config["cores"] == "6"

    @pytest.mark.parametrize(
        ("sockets", "cores", "target", "options"), [(2, 2, 6, ("3", None)), (2, 2, 5, ("3", "5"))]
    )
    def test_sockets_stay_as_they_are(
        self,
        driver: ProxmoxDriver,
        world: ProxmoxWorld,
        sockets: int,
        cores: int,
        target: int,
        options: tuple[str, Any],
    ) -> None:
        machine = world.machine(sockets=sockets, cores=cores, hotplug="disk")
        del world.vm(machine).config["vcpus"]
        assert value(driver, machine, "cpu") == 4
        assert apply(driver, machine, Step("cpu", 4, target)).state == "done"
        config = world.vm(machine).config
        assert (config["cores"], config.get("vcpus")) == options
        assert value(driver, machine, "cpu") == target

    @pytest.mark.parametrize("what", ["call", "answer"])
    @pytest.mark.parametrize("nth", range(1, 6))
    @pytest.mark.parametrize(
        ("config", "step"),
        [
            ({"vcpus": 6}, Step("cpu", 6, 4)),
            ({}, Step("memory", 8, 16)),
            ({}, Step("memory", 8, 4)),
            ({}, Step("disk", 100, 150)),
        ],
        ids=["cold", "growing", "shrinking", "disk"],
    )
    def test_a_worker_that_dies_at_any_write_is_followed_by_one_effect(
        self,
        driver: ProxmoxDriver,
        world: ProxmoxWorld,
        config: dict[str, Any],
        step: Step,
        nth: int,
        what: str,
    ) -> None:
        world.front.pve.storages["local-lvm"].pop("avail", None)
        machine, key = world.machine(**config), new_key()
        world.front.lose_nth_write, world.front.lose_what = nth, what
        try:
            apply(driver, machine, step, key=key)
        except DriverUnreachable:
            seen = driver.read(machine)
            ended = (
                seen.configuration[step.component] == step.target
                and step.component not in seen.restart_pending
            )
            assert not ended or seen.state == "running", "nothing is done while the machine is left off"
        world.front.lose_nth_write = 0
        assert finish(driver, machine, step, key=key).state == "done"
        reading = driver.read(machine)
        assert (reading.state, reading.configuration[step.component]) == ("running", step.target)
        assert reading.restart_pending == frozenset()
        assert world.effects(machine) == 1

    def test_a_guest_that_does_not_shut_down_is_not_switched_off(
        self, driver: ProxmoxDriver, world: ProxmoxWorld
    ) -> None:
        machine, key, step = world.machine(), new_key(), Step("memory", 8, 16)
        world.vm(machine).acpi = False
        waiting = apply(driver, machine, step, key=key)
        assert waiting.state == "restart_pending"
        assert "did not shut down" in waiting.reason
        assert world.vm(machine).status == "running"
        world.vm(machine).acpi = True
        assert apply(driver, machine, step, key=key).state == "done"

    def test_a_machine_that_goes_down_between_look_and_word_is_looked_at_again(
        self, driver: ProxmoxDriver, world: ProxmoxWorld
    ) -> None:
        machine, key, step = world.machine(), new_key(), Step("memory", 8, 16)

        def down_at_the_reboot() -> None:
            if world.front.calls[-1][1].endswith("/reboot"):
                world.vm(machine).status = "stopped"
            else:
                world.front.before_write = down_at_the_reboot

        world.front.before_write = down_at_the_reboot
        assert apply(driver, machine, step, key=key).state == "accepted"
        assert finish(driver, machine, step, key=key).state == "done"
        reading = driver.read(machine)
        assert (reading.state, reading.configuration["memory"]) == ("running", 16)
        assert world.effects(machine) == 1

    def test_a_machine_that_does_not_start_is_told_and_started_later(
        self, driver: ProxmoxDriver, world: ProxmoxWorld
    ) -> None:
        machine, key, step = world.machine(vcpus=6), new_key(), Step("cpu", 6, 4)
        world.vm(machine).start_error = "cannot allocate memory"
        with pytest.raises(DriverUnreachable, match="does not start: cannot allocate memory"):
            apply(driver, machine, step, key=key)
        reading = driver.read(machine)
        assert (reading.state, reading.configuration["cpu"]) == ("stopped", 6)
        assert reading.restart_pending == {"cpu"}, "not done while it is off because of us"
        world.vm(machine).start_error = None
        assert apply(driver, machine, step, key=key, may_restart=False).state == "done"
        assert driver.read(machine).state == "running"

    def test_what_a_customer_switches_off_stays_off(self, driver: ProxmoxDriver, world: ProxmoxWorld) -> None:
        machine, key, step = world.machine(vcpus=6), new_key(), Step("cpu", 6, 4)
        apply(driver, machine, step, key=key, may_restart=False)
        world.vm(machine).status = "stopped"
        assert apply(driver, machine, step, key=key).state == "done"
        reading = driver.read(machine)
        assert (reading.state, reading.configuration["cpu"]) == ("stopped", 4)
        assert world.vm(machine).status == "stopped"

    def test_after_a_restart_of_ours_off_means_off(self, driver: ProxmoxDriver, world: ProxmoxWorld) -> None:
        machine, key, step = world.machine(vcpus=6), new_key(), Step("cpu", 6, 4)
        assert apply(driver, machine, step, key=key).state == "done"
        world.vm(machine).status = "stopped"
        reading = driver.read(machine)
        assert (reading.configuration["cpu"], reading.restart_pending) == (4, frozenset())
        assert apply(driver, machine, step, key=key).state == "done"
        assert world.vm(machine).status == "stopped"

    def test_a_stopped_machine_needs_no_restart(self, driver: ProxmoxDriver, world: ProxmoxWorld) -> None:
        machine = world.machine()
        world.vm(machine).status = "stopped"
        assert driver.plan(machine, Step("memory", 8, 16)).mode == "live"
        assert apply(driver, machine, Step("memory", 8, 16), may_restart=False).state == "done"
        assert value(driver, machine, "memory") == 16
        assert world.vm(machine).status == "stopped"

    @pytest.mark.parametrize(("balloon", "after"), [(8192, 4096), (6144, 4096), (2048, 2048), (0, 0)])
    def test_the_balloon_never_holds_more_than_there_is(
        self, driver: ProxmoxDriver, world: ProxmoxWorld, balloon: int, after: int
    ) -> None:
        machine = world.machine(balloon=balloon)
        assert apply(driver, machine, Step("memory", 8, 4)).state == "done"
        assert int(world.vm(machine).config["balloon"]) == after
