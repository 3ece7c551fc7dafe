"""Calls and answers that get lost."""

from __future__ import annotations

import pytest

from prorata.provisioning.drivers.base import Driver, DriverUnreachable, Step
from prorata.provisioning.drivers.contract.calls import finish, new_key, value
from prorata.provisioning.drivers.contract.world import DriverWorld


class LosingContract:
    """Calls and answers that get lost."""

    def test_a_lost_call_is_repeated(self, driver: Driver, world: DriverWorld) -> None:
        machine, key, step = world.machine(), new_key(), Step(world.live, 2, 4)
        world.lose_call("apply")
        with pytest.raises(DriverUnreachable):
            driver.apply(machine, step, key=key, fence=1, may_restart=True)
        assert value(driver, machine, world.live) == 2
        assert finish(driver, machine, step, key=key).state == "done"
        assert world.effects(machine) == 1

    def test_a_lost_answer_is_repeated_harmlessly(self, driver: Driver, world: DriverWorld) -> None:
        machine, key, step = world.machine(), new_key(), Step(world.live, 2, 4)
        world.lose_answer("apply")
        with pytest.raises(DriverUnreachable):
            driver.apply(machine, step, key=key, fence=1, may_restart=True)
        assert finish(driver, machine, step, key=key).state == "done"
        assert value(driver, machine, world.live) == 4
        assert world.effects(machine) == 1

    def test_a_lost_answer_to_deleting(self, driver: Driver, world: DriverWorld) -> None:
        machine = world.machine()
        gone = driver.read(machine).objects[0].id
        world.lose_answer("delete_object")
        with pytest.raises(DriverUnreachable):
            driver.delete_object(machine, gone)
        driver.delete_object(machine, gone)
        assert len(driver.read(machine).objects) == 1

    def test_a_hypervisor_that_is_not_there_is_no_refusal(self, driver: Driver, world: DriverWorld) -> None:
        machine, key, step = world.machine(), new_key(), Step(world.live, 2, 4)
        finish(driver, machine, step, key=key)
        world.go_down()
        for ask in (
            lambda: driver.read(machine),
            lambda: driver.plan(machine, step),
            lambda: driver.apply(machine, step, key=key, fence=1, may_restart=True),
            lambda: driver.delete_object(machine, "object-1"),
            lambda: driver.list_machines(),
        ):
            with pytest.raises(DriverUnreachable):
                ask()
        world.come_back()
        assert finish(driver, machine, step, key=key).state == "done"
        assert value(driver, machine, world.live) == 4
        assert world.effects(machine) == 1
