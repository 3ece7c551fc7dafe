"""What every driver must do, as tests: subclass DriverContract and give the fixtures `driver` and `world`.

The world builds machines at the hypervisor's side and counts what really happened there. A machine of the world has
four components, whose codes differ between hypervisors: see DriverWorld.
"""

from __future__ import annotations

import time
import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Protocol

import pytest

from prorata.provisioning.drivers.base import (
    Applied,
    Driver,
    DriverUnreachable,
    HostFull,
    MachineBusy,
    MachineUnknown,
    Moving,
    Reading,
    StaleFence,
    Step,
    StepRefused,
)


class DriverWorld(Protocol):
    """The hypervisor's side of a test.

    live       component that grows while the machine runs; 2 at the start
    restart    component that needs a restart both ways; 8 at the start, 3.5 of it used
    fixed      component that never shrinks; 100 at the start
    counted    component that limits stored objects; 3 at the start, 2 are stored
    """

    live: str
    restart: str
    fixed: str
    counted: str

    def machine(self) -> str:
        """A new running machine as above, alone on a host with room for 10 more of `live`."""

    def effects(self, external_id: str) -> int:
        """How often a value really changed."""

    def fill_host(self, external_id: str) -> None:
        """Nothing more fits on the machine's host."""

    def keep_busy(self, external_id: str) -> None:
        """Something runs on the machine until release()."""

    def release(self, external_id: str) -> None:
        """It has ended."""

    def restart_machine(self, external_id: str) -> None:
        """The customer restarts the machine."""

    def lose_call(self, call: str) -> None:
        """The next call (read, plan, apply, delete_object, list) never reaches the hypervisor."""

    def lose_answer(self, call: str) -> None:
        """The next call has its effect, but no answer comes back."""

    def go_down(self) -> None:
        """The hypervisor is not there."""

    def come_back(self) -> None:
        """It is there again, and remembers everything."""


def new_key() -> str:
    """The key of a new operation."""
    return f"operation-{uuid.uuid4()}"


def finish(driver: Driver, external_id: str, step: Step, *, key: str, may_restart: bool = True) -> Applied:
    """Apply, and repeat while it is still running."""
    deadline = time.monotonic() + 60
    applied = driver.apply(external_id, step, key=key, fence=1, may_restart=may_restart)
    while applied.state == "accepted":
        assert time.monotonic() < deadline, "the operation does not end"
        time.sleep(0.05)
        applied = driver.apply(external_id, step, key=key, fence=1, may_restart=may_restart)
    return applied


def value(driver: Driver, external_id: str, code: str) -> int | str:
    """What the machine has, as measured."""
    return driver.read(external_id).configuration[code]


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
        after = self.when_free(driver, machine)
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

    def when_free(self, driver: Driver, machine: str) -> Reading:
        """The first reading in which the machine is no longer busy."""
        deadline = time.monotonic() + 60
        while (reading := driver.read(machine)).state == "busy":
            assert time.monotonic() < deadline, "the machine stays busy"
            time.sleep(0.05)
        return reading


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


class FencingContract:
    """A run that was replaced changes nothing any more."""

    def test_a_run_that_was_replaced_is_refused(self, driver: Driver, world: DriverWorld) -> None:
        machine, mine = world.machine(), new_key()
        step = Step(world.live, 2, 4)
        assert self.applied(driver, machine, step, mine, fence=7).state == "done"
        for late in (mine, new_key()):
            with pytest.raises(StaleFence) as stale:
                driver.apply(machine, Step(world.live, 4, 2), key=late, fence=6, may_restart=True)
            assert stale.value.reason
        assert value(driver, machine, world.live) == 4
        assert self.applied(driver, machine, step, mine, fence=7).state == "done", "the newest run goes on"
        assert self.applied(driver, machine, Step(world.live, 4, 5), new_key(), fence=8).state == "done"
        assert value(driver, machine, world.live) == 5

    def test_a_run_that_changes_nothing_shuts_the_older_out_too(
        self, driver: Driver, world: DriverWorld
    ) -> None:
        """Told what it has already, the machine remembers the fence: a call still on its way is refused from then on."""
        machine = world.machine()
        assert self.applied(driver, machine, Step(world.live, 2, 2), new_key(), fence=7).state == "done"
        with pytest.raises(StaleFence):
            driver.apply(machine, Step(world.live, 2, 4), key=new_key(), fence=6, may_restart=True)
        assert value(driver, machine, world.live) == 2

    def test_fences_of_machines_are_their_own(self, driver: Driver, world: DriverWorld) -> None:
        one, other = world.machine(), world.machine()
        self.applied(driver, one, Step(world.live, 2, 3), new_key(), fence=9)
        assert self.applied(driver, other, Step(world.live, 2, 3), new_key(), fence=1).state == "done"

    def applied(self, driver: Driver, machine: str, step: Step, key: str, *, fence: int) -> Applied:
        """Apply under a fence, and repeat while it is still running."""
        deadline = time.monotonic() + 60
        while (
            applied := driver.apply(machine, step, key=key, fence=fence, may_restart=True)
        ).state == "accepted":
            assert time.monotonic() < deadline, "the operation does not end"
            time.sleep(0.05)
        return applied


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
        self.moved(driver, machine, {world.live: 20}, key)
        after = driver.read(machine)
        assert after.host != before.host
        assert after.configuration == before.configuration
        assert [stored.id for stored in after.objects] == [stored.id for stored in before.objects]
        assert after.headroom[world.live] >= 20
        assert finish(driver, machine, Step(world.live, 2, 22), key=new_key()).state == "done"
        self.moved(driver, machine, {world.live: 20}, key)
        assert driver.read(machine).host == after.host, "a move is made once"

    def test_a_host_with_room_is_kept(self, driver: Driver, world: MovingWorld) -> None:
        assert isinstance(driver, Moving)
        machine = world.machine()
        world.roomier_host(machine)
        here = driver.read(machine).host
        self.moved(driver, machine, {world.live: 10}, new_key())
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

    def moved(self, driver: Moving, machine: str, room: dict[str, int], key: str) -> None:
        """Move, and repeat while the machine is on its way."""
        deadline = time.monotonic() + 60
        while driver.move(machine, room, key=key, fence=1, may_restart=True).state == "accepted":
            assert time.monotonic() < deadline, "the move does not end"
            time.sleep(0.05)


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


class DriverContract(ReadingContract, ApplyingContract, RefusingContract, FencingContract, LosingContract):
    """All of it."""
