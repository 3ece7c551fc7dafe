"""Steps, applied once each, with restarts that are allowed or not."""

from __future__ import annotations

import pytest

from prorata.provisioning.drivers.base import Driver, Step, StepRefused
from prorata.provisioning.drivers.contract.calls import finish, new_key, value, when_free
from prorata.provisioning.drivers.contract.world import DriverWorld


class ApplyingContract:
    """Absolute targets, each at most once."""

    def test_growing_live(self, driver: Driver, world: DriverWorld) -> None:
        machine = world.machine()
        assert (
            finish(driver, machine, Step(world.live, 2, 12), key=new_key(), may_restart=False).state == "done"
        )
        reading = driver.read(machine)
        assert reading.configuration[world.live] == 12
        assert reading.headroom[world.live] == 0
        assert world.effects(machine) == 1

    def test_the_same_key_has_effect_once(self, driver: Driver, world: DriverWorld) -> None:
        machine, key, step = world.machine(), new_key(), Step(world.live, 2, 4)
        for _ in range(3):
            assert finish(driver, machine, step, key=key).state == "done"
        assert world.effects(machine) == 1

    def test_an_old_key_does_not_undo_what_came_later(self, driver: Driver, world: DriverWorld) -> None:
        machine, old = world.machine(), new_key()
        finish(driver, machine, Step(world.live, 2, 4), key=old)
        finish(driver, machine, Step(world.live, 4, 6), key=new_key())
        finish(driver, machine, Step(world.live, 2, 4), key=old)
        assert value(driver, machine, world.live) == 6

    def test_a_key_belongs_to_one_target(self, driver: Driver, world: DriverWorld) -> None:
        machine, key = world.machine(), new_key()
        finish(driver, machine, Step(world.live, 2, 4), key=key)
        with pytest.raises(StepRefused):
            driver.apply(machine, Step(world.live, 2, 5), key=key, fence=1, may_restart=True)
        with pytest.raises(StepRefused):
            driver.apply(world.machine(), Step(world.live, 2, 4), key=key, fence=1, may_restart=True)
        assert value(driver, machine, world.live) == 4

    def test_a_target_already_reached_is_done(self, driver: Driver, world: DriverWorld) -> None:
        machine = world.machine()
        assert finish(driver, machine, Step(world.fixed, 90, 100), key=new_key()).state == "done"
        assert world.effects(machine) == 0

    def test_a_restart_that_is_allowed(self, driver: Driver, world: DriverWorld) -> None:
        machine = world.machine()
        assert finish(driver, machine, Step(world.restart, 8, 16), key=new_key()).state == "done"
        assert value(driver, machine, world.restart) == 16
        assert finish(driver, machine, Step(world.restart, 16, 4), key=new_key()).state == "done"
        assert value(driver, machine, world.restart) == 4
        assert world.effects(machine) == 2

    def test_a_restart_that_is_not_allowed_waits(self, driver: Driver, world: DriverWorld) -> None:
        machine, key, step = world.machine(), new_key(), Step(world.restart, 8, 16)
        assert finish(driver, machine, step, key=key, may_restart=False).state == "restart_pending"
        assert finish(driver, machine, step, key=key, may_restart=False).state == "restart_pending"
        waiting = driver.read(machine)
        assert waiting.configuration[world.restart] == 8
        assert waiting.restart_pending == {world.restart}
        assert world.effects(machine) == 0
        world.restart_machine(machine)
        after = when_free(driver, machine)
        assert after.configuration[world.restart] == 16
        assert after.restart_pending == frozenset()
        assert finish(driver, machine, step, key=key, may_restart=True).state == "done"
        assert world.effects(machine) == 1

    def test_leave_to_restart_may_come_later(self, driver: Driver, world: DriverWorld) -> None:
        machine, key, step = world.machine(), new_key(), Step(world.restart, 8, 6)
        finish(driver, machine, step, key=key, may_restart=False)
        assert finish(driver, machine, step, key=key, may_restart=True).state == "done"
        reading = driver.read(machine)
        assert reading.configuration[world.restart] == 6
        assert reading.restart_pending == frozenset()
        assert world.effects(machine) == 1
