"""What a driver tells: readings, lists and plans."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from prorata.provisioning.drivers.base import Driver, MachineUnknown, Step
from prorata.provisioning.drivers.contract.calls import new_key
from prorata.provisioning.drivers.contract.world import DriverWorld


class ReadingContract:
    """Looking changes nothing."""

    def test_a_reading(self, driver: Driver, world: DriverWorld) -> None:
        machine = world.machine()
        reading = driver.read(machine)
        assert reading.external_id == machine
        assert (reading.state, reading.busy_with) == ("running", "")
        expected = {world.live: 2, world.restart: 8, world.fixed: 100, world.counted: 3}
        assert {code: reading.configuration[code] for code in expected} == expected
        assert reading.usage[world.restart] == Decimal("3.5")
        assert reading.usage[world.counted] == 2
        assert reading.headroom[world.live] == 10
        assert reading.restart_pending == frozenset()
        assert reading.fixed[world.fixed], "what never shrinks says why"
        assert world.live not in reading.fixed
        assert world.restart not in reading.fixed
        assert reading.host
        assert reading.taken_at.tzinfo is not None
        assert abs(reading.taken_at - datetime.now(UTC)) < timedelta(minutes=5)

    def test_stored_objects_are_named(self, driver: Driver, world: DriverWorld) -> None:
        objects = driver.read(world.machine()).objects
        assert [stored.kind for stored in objects] == [world.counted, world.counted]
        assert len({stored.id for stored in objects}) == 2
        assert all(stored.name and stored.size_gb > 0 and stored.created_at.tzinfo for stored in objects)

    def test_machines_are_listed(self, driver: Driver, world: DriverWorld) -> None:
        made = {world.machine(), world.machine()}
        listed = driver.list_machines()
        assert made <= set(listed)
        assert listed == sorted(listed)

    @pytest.mark.parametrize("machine", ["nowhere", "", "..", "a/b", "?", "機械"])
    def test_an_unknown_machine(self, driver: Driver, world: DriverWorld, machine: str) -> None:
        step = Step(world.live, 2, 4)
        with pytest.raises(MachineUnknown):
            driver.read(machine)
        with pytest.raises(MachineUnknown):
            driver.plan(machine, step)
        with pytest.raises(MachineUnknown):
            driver.apply(machine, step, key=new_key(), fence=1, may_restart=True)
        with pytest.raises(MachineUnknown):
            driver.delete_object(machine, "object-1")

    def test_a_plan_changes_nothing(self, driver: Driver, world: DriverWorld) -> None:
        machine = world.machine()
        live = driver.plan(machine, Step(world.live, 2, 4))
        restart = driver.plan(machine, Step(world.restart, 8, 6))
        assert (live.mode, live.possible, live.reason) == ("live", True, "")
        assert (restart.mode, restart.possible, restart.reason) == ("restart", True, "")
        assert world.effects(machine) == 0
        assert driver.read(machine).configuration[world.live] == 2

    def test_a_plan_says_why_not(self, driver: Driver, world: DriverWorld) -> None:
        machine = world.machine()
        for step in (
            Step(world.fixed, 100, 99),
            Step(world.restart, 8, 3),
            Step(world.counted, 3, 1),
            Step(world.live, 2, 13),
            Step("no-such-component", 1, 2),
        ):
            plan = driver.plan(machine, step)
            assert not plan.possible, step
            assert plan.reason, step
