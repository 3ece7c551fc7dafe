"""Machines that go to another host."""

from __future__ import annotations

from typing import Protocol

import pytest

from prorata.provisioning.drivers.base import Driver, HostFull, Moving, StaleFence, Step
from prorata.provisioning.drivers.contract.calls import finish, move, new_key
from prorata.provisioning.drivers.contract.world import DriverWorld


class MovingWorld(DriverWorld, Protocol):
    """A world with more than one host."""

    def roomier_host(self, external_id: str) -> None:
        """Make another host, empty, with room for the machine and 30 more of `live`."""


class MovingContract:
    """For drivers that are Moving as well."""

    def test_a_full_host_is_left(self, driver: Driver, world: MovingWorld) -> None:
        assert isinstance(driver, Moving)
        machine, key = world.machine(), new_key()
        world.roomier_host(machine)
        world.fill_host(machine)
        before = driver.read(machine)
        move(driver, machine, {world.live: 20}, key=key)
        after = driver.read(machine)
        assert after.host != before.host
        assert after.configuration == before.configuration
        assert [stored.id for stored in after.objects] == [stored.id for stored in before.objects]
        assert after.headroom[world.live] >= 20
        assert finish(driver, machine, Step(world.live, 2, 22), key=new_key()).state == "done"
        move(driver, machine, {world.live: 20}, key=key)
        assert driver.read(machine).host == after.host, "a move is made once"

    def test_a_host_with_room_is_kept(self, driver: Driver, world: MovingWorld) -> None:
        assert isinstance(driver, Moving)
        machine = world.machine()
        world.roomier_host(machine)
        here = driver.read(machine).host
        move(driver, machine, {world.live: 10}, key=new_key())
        assert driver.read(machine).host == here

    def test_no_host_has_the_room(self, driver: Driver, world: MovingWorld) -> None:
        assert isinstance(driver, Moving)
        machine = world.machine()
        world.roomier_host(machine)
        here = driver.read(machine).host
        with pytest.raises(HostFull) as full:
            driver.move(machine, {world.live: 1_000_000}, key=new_key(), fence=1, may_restart=True)
        assert full.value.reason
        assert driver.read(machine).host == here

    def test_a_move_of_a_run_that_was_replaced(self, driver: Driver, world: MovingWorld) -> None:
        assert isinstance(driver, Moving)
        machine = world.machine()
        driver.apply(machine, Step(world.live, 2, 2), key=new_key(), fence=5, may_restart=False)
        with pytest.raises(StaleFence):
            driver.move(machine, {world.live: 1}, key=new_key(), fence=4, may_restart=True)
