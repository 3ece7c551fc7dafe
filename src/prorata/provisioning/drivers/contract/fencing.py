"""Runs of a change that were replaced by newer ones."""

from __future__ import annotations

import pytest

from prorata.provisioning.drivers.base import Driver, StaleFence, Step
from prorata.provisioning.drivers.contract.calls import finish, new_key, value
from prorata.provisioning.drivers.contract.world import DriverWorld


class FencingContract:
    """A run that was replaced changes nothing any more."""

    def test_a_run_that_was_replaced_is_refused(self, driver: Driver, world: DriverWorld) -> None:
        machine, mine = world.machine(), new_key()
        step = Step(world.live, 2, 4)
        assert finish(driver, machine, step, key=mine, fence=7).state == "done"
        for late in (mine, new_key()):
            with pytest.raises(StaleFence) as stale:
                driver.apply(machine, Step(world.live, 4, 2), key=late, fence=6, may_restart=True)
            assert stale.value.reason
        assert value(driver, machine, world.live) == 4
        assert finish(driver, machine, step, key=mine, fence=7).state == "done", "the newest run goes on"
        assert finish(driver, machine, Step(world.live, 4, 5), key=new_key(), fence=8).state == "done"
        assert value(driver, machine, world.live) == 5

    def test_a_run_that_changes_nothing_shuts_the_older_out_too(
        self, driver: Driver, world: DriverWorld
    ) -> None:
        """Told what it has already, the machine remembers the fence: a call still on its way is refused from then on."""
        machine = world.machine()
        assert finish(driver, machine, Step(world.live, 2, 2), key=new_key(), fence=7).state == "done"
        with pytest.raises(StaleFence):
            driver.apply(machine, Step(world.live, 2, 4), key=new_key(), fence=6, may_restart=True)
        assert value(driver, machine, world.live) == 2

    def test_fences_of_machines_are_their_own(self, driver: Driver, world: DriverWorld) -> None:
        one, other = world.machine(), world.machine()
        finish(driver, one, Step(world.live, 2, 3), key=new_key(), fence=9)
        assert finish(driver, other, Step(world.live, 2, 3), key=new_key(), fence=1).state == "done"
