"""Steps a machine or its host cannot take."""

from __future__ import annotations

import pytest

from prorata.provisioning.drivers.base import Driver, HostFull, MachineBusy, Step, StepRefused
from prorata.provisioning.drivers.contract.calls import finish, new_key, value
from prorata.provisioning.drivers.contract.world import DriverWorld


class RefusingContract:
    """A certain no leaves the machine as it was."""

    def test_not_below_what_is_used(self, driver: Driver, world: DriverWorld) -> None:
        machine = world.machine()
        self.refused(driver, world, machine, Step(world.restart, 8, 3))
        assert finish(driver, machine, Step(world.restart, 8, 4), key=new_key()).state == "done"

    def test_what_never_shrinks(self, driver: Driver, world: DriverWorld) -> None:
        self.refused(driver, world, world.machine(), Step(world.fixed, 100, 99))

    def test_not_below_what_is_stored(self, driver: Driver, world: DriverWorld) -> None:
        machine, key = world.machine(), new_key()
        step = Step(world.counted, 3, 1)
        self.refused(driver, world, machine, step, key=key)
        gone = driver.read(machine).objects[0].id
        driver.delete_object(machine, gone)
        assert gone not in {stored.id for stored in driver.read(machine).objects}
        assert finish(driver, machine, step, key=key).state == "done"
        assert value(driver, machine, world.counted) == 1

    @pytest.mark.parametrize("target", [-1, "a word"])
    def test_nonsense(self, driver: Driver, world: DriverWorld, target: int | str) -> None:
        self.refused(driver, world, world.machine(), Step(world.live, 2, target))

    def test_an_unknown_component(self, driver: Driver, world: DriverWorld) -> None:
        self.refused(driver, world, world.machine(), Step("no-such-component", 1, 2))

    def test_deleting_twice_is_harmless(self, driver: Driver, world: DriverWorld) -> None:
        machine = world.machine()
        gone = driver.read(machine).objects[0].id
        driver.delete_object(machine, gone)
        driver.delete_object(machine, gone)
        assert len(driver.read(machine).objects) == 1

    def test_objects_of_others_are_safe(self, driver: Driver, world: DriverWorld) -> None:
        mine, other = world.machine(), world.machine()
        with pytest.raises(StepRefused):
            driver.delete_object(mine, driver.read(other).objects[0].id)
        with pytest.raises(StepRefused):
            driver.delete_object(mine, "../../..")
        assert len(driver.read(other).objects) == 2

    def test_a_full_host(self, driver: Driver, world: DriverWorld) -> None:
        machine, key = world.machine(), new_key()
        with pytest.raises(HostFull) as full:
            driver.apply(machine, Step(world.live, 2, 13), key=key, fence=1, may_restart=True)
        assert full.value.reason
        world.fill_host(machine)
        assert driver.read(machine).headroom[world.live] == 0
        with pytest.raises(HostFull):
            driver.apply(machine, Step(world.live, 2, 3), key=new_key(), fence=1, may_restart=True)
        assert finish(driver, machine, Step(world.restart, 8, 4), key=new_key()).state == "done"
        assert world.effects(machine) == 1

    def test_a_busy_machine(self, driver: Driver, world: DriverWorld) -> None:
        machine, key, step = world.machine(), new_key(), Step(world.live, 2, 4)
        stored = driver.read(machine).objects[0].id
        world.keep_busy(machine)
        reading = driver.read(machine)
        assert reading.state == "busy"
        assert reading.busy_with
        with pytest.raises(MachineBusy) as busy:
            driver.apply(machine, step, key=key, fence=1, may_restart=True)
        assert busy.value.reason
        with pytest.raises(MachineBusy):
            driver.delete_object(machine, stored)
        assert world.effects(machine) == 0
        world.release(machine)
        assert finish(driver, machine, step, key=key).state == "done"
        assert world.effects(machine) == 1

    def refused(
        self, driver: Driver, world: DriverWorld, machine: str, step: Step, *, key: str | None = None
    ) -> None:
        """Refused with a reason, and nothing is different."""
        before = driver.read(machine).configuration
        with pytest.raises(StepRefused) as refusal:
            driver.apply(machine, step, key=key or new_key(), fence=1, may_restart=True)
        assert refusal.value.reason
        assert driver.read(machine).configuration == before
        assert world.effects(machine) == 0
