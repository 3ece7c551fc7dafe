"""What is libvirt's own: disks it would shrink, vCPUs it cannot take back, calls that hang, restarts that are cut off."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator

import pytest

from prorata.changes.machine_words import busy_with as busy_words
from prorata.provisioning.drivers.base import (
    Applied,
    DriverUnreachable,
    HostFull,
    MachineBusy,
    Reading,
    StaleFence,
    Step,
    StepRefused,
)
from prorata.provisioning.drivers.contract import finish, new_key, value
from prorata.provisioning.drivers.kvm.driver import LibvirtDriver
from prorata.provisioning.drivers.kvm.lanes import Call
from prorata.provisioning.drivers.kvm.library import library
from prorata.provisioning.drivers.kvm.machine import JOBS, Machine
from support.guest import LibvirtDaemon
from support.libvirt_world import (
    BLOCK_RESIZE,
    CREATE,
    DESTROY,
    HOST_CPUS,
    MEMORY,
    METADATA,
    VCPUS,
    LibvirtWorld,
)
from support.sandboxes import wait_until

pytestmark = pytest.mark.real_machine
GIB = 2**30


@pytest.fixture(scope="module")
def worlds() -> Iterator[LibvirtWorld]:
    with LibvirtDaemon() as daemon:
        yield LibvirtWorld(daemon)


@pytest.fixture
def world(worlds: LibvirtWorld) -> Iterator[LibvirtWorld]:
    yield worlds
    worlds.clear()


@pytest.fixture
def driver(world: LibvirtWorld) -> LibvirtDriver:
    return world.driver()


# --- disks ------------------------------------------------------------------------------------------------


def test_a_disk_grows_while_the_machine_runs(driver: LibvirtDriver, world: LibvirtWorld) -> None:
    machine = world.machine()
    run = world.domain(machine).ID()
    assert finish(driver, machine, Step("disk", 100, 120), key=new_key(), may_restart=False).state == "done"
    assert world.domain(machine).blockInfo("vda")[0] == 120 * GIB
    assert world.domain(machine).ID() == run


def test_a_disk_grows_while_the_machine_is_off(driver: LibvirtDriver, world: LibvirtWorld) -> None:
    machine = world.machine()
    world.domain(machine).destroy()
    assert finish(driver, machine, Step("disk", 100, 120), key=new_key()).state == "done"
    reading = driver.read(machine)
    assert (reading.state, reading.configuration["disk"]) == ("stopped", 120)


def test_a_smaller_disk_is_never_asked_of_libvirt(driver: LibvirtDriver, world: LibvirtWorld) -> None:
    machine = world.machine()
    with pytest.raises(StepRefused, match="not made smaller"):
        driver.apply(machine, Step("disk", 100, 99), key=new_key(), fence=1, may_restart=True)
    assert BLOCK_RESIZE not in world.wire.seen
    # libvirt itself does it without a word; this is what is guarded against.
    world.domain(machine).blockResize("vda", 50 * GIB, 1)
    assert driver.read(machine).configuration["disk"] == 50


def test_a_disk_that_grows_at_the_same_moment_is_not_cut(world: LibvirtWorld) -> None:
    """Between the look and the call somebody makes it 200 GB; our 150 would cut 50 off."""
    machine = world.machine()

    def somebody(call: Call, seen: Machine) -> dict[str, int]:
        world.domain(machine).blockResize("vda", 200 * GIB, 1)
        return {}

    driver = world.driver(figures=somebody)
    with pytest.raises(StepRefused, match="not made smaller"):
        driver.apply(machine, Step("disk", 100, 150), key=new_key(), fence=1, may_restart=True)
    assert world.domain(machine).blockInfo("vda")[0] == 200 * GIB


def test_a_disk_has_the_room_of_its_pool(world: LibvirtWorld) -> None:
    machine = world.machine()
    capacity = world.connection.storagePoolLookupByName("disks").info()[1]
    sold = 100 * GIB
    roomy = world.driver(disk_ratio=1 + (sold + 30 * GIB) // capacity)
    room = roomy.read(machine).headroom["disk"]
    assert room == (capacity * (1 + (sold + 30 * GIB) // capacity) - sold) // GIB
    with pytest.raises(HostFull):
        roomy.apply(machine, Step("disk", 100, 101 + room), key=new_key(), fence=1, may_restart=True)
    assert world.domain(machine).blockInfo("vda")[0] == sold


# --- vCPUs and memory -------------------------------------------------------------------------------------


def test_vcpus_are_never_unplugged(driver: LibvirtDriver, world: LibvirtWorld) -> None:
    machine, key, step = world.machine(cpus=4), new_key(), Step("cpu", 4, 2)
    assert driver.plan(machine, step).mode == "restart"
    run = world.domain(machine).ID()
    assert finish(driver, machine, step, key=key, may_restart=False).state == "restart_pending"
    assert (world.domain(machine).ID(), world.domain(machine).info()[3]) == (run, 4)
    assert driver.read(machine).restart_pending == {"cpu"}
    assert finish(driver, machine, step, key=key).state == "done"
    domain = world.domain(machine)
    assert (domain.ID() != run, domain.info()[3]) == (True, 2)
    assert domain.vcpusFlags(2 | 4) == 16, "what may come without a restart stays as it was"


def test_vcpus_above_what_it_was_started_with_need_a_restart(
    driver: LibvirtDriver, world: LibvirtWorld
) -> None:
    machine, step = world.machine(most_cpus=2), Step("cpu", 2, 4)
    assert driver.plan(machine, step).mode == "restart"
    assert finish(driver, machine, step, key=new_key()).state == "done"
    assert world.domain(machine).info()[3] == 4


def test_a_value_that_waits_for_a_restart_is_sold(driver: LibvirtDriver, world: LibvirtWorld) -> None:
    waiting, other = world.machine(most_cpus=2), world.machine()
    assert driver.read(other).headroom["cpu"] == HOST_CPUS - 2 - 2
    finish(driver, waiting, Step("cpu", 2, 6), key=new_key(), may_restart=False)
    assert driver.read(other).headroom["cpu"] == HOST_CPUS - 6 - 2


def test_a_value_that_waits_for_a_restart_counts_for_the_machine_itself(
    driver: LibvirtDriver, world: LibvirtWorld
) -> None:
    """2026-11-26: it runs with 2 and has 6 from its next start on. What it may have more is counted from the 6."""
    machine = world.machine(most_cpus=2)
    finish(driver, machine, Step("cpu", 2, 6), key=new_key(), may_restart=False)
    room = driver.read(machine).headroom["cpu"]
    assert room == HOST_CPUS - 6
    assert not driver.plan(machine, Step("cpu", 2, HOST_CPUS + 1)).possible
    assert driver.plan(machine, Step("cpu", 2, HOST_CPUS)).possible
    assert driver.plan(machine, Step("cpu", 2, 4)).possible


def test_jobs_have_libvirts_names() -> None:
    """2026-11-26: a machine on its way to another host was said to be busy with a snapshot."""
    named = {getattr(library(), f"VIR_DOMAIN_JOB_OPERATION_{name}"): said for name, said in {
        "START": "start", "SAVE": "save", "RESTORE": "restore", "MIGRATION_IN": "migration",
        "MIGRATION_OUT": "migration", "SNAPSHOT": "snapshot", "SNAPSHOT_REVERT": "rollback", "DUMP": "dump",
        "BACKUP": "backup",
    }.items()}  # fmt: skip
    assert {number: JOBS[number] for number in named} == named
    assert all(busy_words(said).words for said in JOBS.values()), "said in the reader's language"


def test_a_guest_that_keeps_what_its_balloon_should_give_has_it(
    driver: LibvirtDriver, world: LibvirtWorld
) -> None:
    """What was defined as 8 of 16 is read as the 16 that it is; a reduction puts the rest out of its reach."""
    machine = world.machine(memory=8, most_memory=16)
    reading = driver.read(machine)
    assert (reading.configuration["memory"], reading.restart_pending) == (16, {"memory"})
    assert finish(driver, machine, Step("memory", 16, 8), key=new_key()).state == "done"
    assert world.domain(machine).info()[1] == 8 * 32 * 1024


def test_a_change_of_mind_waits_no_more(driver: LibvirtDriver, world: LibvirtWorld) -> None:
    machine = world.machine()
    finish(driver, machine, Step("memory", 8, 16), key=new_key(), may_restart=False)
    assert finish(driver, machine, Step("memory", 16, 8), key=new_key(), may_restart=False).state == "done"
    assert driver.read(machine).restart_pending == frozenset()
    assert world.effects(machine) == 0


def test_memory_that_nobody_tells_about_is_not_taken(world: LibvirtWorld) -> None:
    machine, driver = world.machine(), world.driver(figures=lambda call, seen: {})
    assert "memory" not in driver.read(machine).usage
    with pytest.raises(StepRefused, match="does not tell how much memory"):
        driver.apply(machine, Step("memory", 8, 7), key=new_key(), fence=1, may_restart=True)
    assert finish(driver, machine, Step("memory", 8, 9), key=new_key()).state == "done"


def test_memory_that_is_used_meanwhile_is_not_taken(driver: LibvirtDriver, world: LibvirtWorld) -> None:
    """A reduction waited for the restart; when it may restart, more is used. It is off, the key is free."""
    machine, key, step = world.machine(), new_key(), Step("memory", 8, 6)
    finish(driver, machine, step, key=key, may_restart=False)
    world.used_kib *= 2
    with pytest.raises(StepRefused, match="7 of memory are in use"):
        driver.apply(machine, step, key=key, fence=1, may_restart=True)
    reading = driver.read(machine)
    assert (reading.configuration["memory"], reading.restart_pending) == (8, frozenset())
    world.used_kib //= 2
    assert finish(driver, machine, step, key=key).state == "done"


def test_memory_used_between_the_look_and_the_stop(world: LibvirtWorld) -> None:
    machine, looks = world.machine(), []

    def more_each_time(call: Call, seen: Machine) -> dict[str, int]:
        looks.append(seen)
        world.used_kib += 100 * 1024
        return world.figures(call, seen)

    driver = world.driver(figures=more_each_time)
    run = world.domain(machine).ID()
    with pytest.raises(StepRefused, match="in use"):
        driver.apply(machine, Step("memory", 8, 7), key=new_key(), fence=1, may_restart=True)
    assert len(looks) == 2
    assert world.domain(machine).ID() == run
    assert world.driver().read(machine).restart_pending == frozenset()


def test_a_machine_that_does_not_start_larger_runs_as_before(world: LibvirtWorld) -> None:
    """16 TiB, which the host's kernel does not give."""
    machine, key = world.machine(), new_key()
    greedy = world.driver(memory_reserve=-(2**50))
    step = Step("memory", 8, 2**24 // 32)
    with pytest.raises((HostFull, StepRefused), match="runs as before"):
        finish(greedy, machine, step, key=key)
    reading = greedy.read(machine)
    assert (reading.state, reading.configuration["memory"]) == ("running", 8)
    assert reading.restart_pending == frozenset()


# --- restarts that take long or are cut off ---------------------------------------------------------------


def test_a_guest_that_needs_long_to_shut_down(world: LibvirtWorld) -> None:
    slow = world.driver(shutdown_seconds=4.0, seconds=7.0)
    machine, key, step = world.machine(), new_key(), Step("memory", 8, 16)
    assert slow.apply(machine, step, key=key, fence=1, may_restart=True).state == "accepted"
    reading = slow.read(machine)
    assert (reading.state, reading.busy_with, reading.configuration["memory"]) == ("busy", "restart", 8)
    with pytest.raises(MachineBusy):
        slow.apply(machine, Step("cpu", 2, 3), key=new_key(), fence=1, may_restart=True)
    assert finish(slow, machine, step, key=key).state == "done"
    assert value(slow, machine, "memory") == 16
    assert world.effects(machine) == 1


def test_a_machine_that_was_left_off_is_started_by_whoever_comes_next(world: LibvirtWorld) -> None:
    slow = world.driver(shutdown_seconds=60.0, seconds=7.0)
    machine, key, step = world.machine(), new_key(), Step("memory", 8, 16)
    assert slow.apply(machine, step, key=key, fence=1, may_restart=True).state == "accepted"
    world.domain(machine).destroy()  # the guest has shut down, and nobody was there
    reading = slow.read(machine)
    assert (reading.state, reading.configuration["memory"]) == ("stopped", 8), (
        "it is not done while it is off"
    )
    assert reading.restart_pending == {"memory"}
    assert finish(slow, machine, Step("memory", 8, 8), key=new_key()).state == "done"
    assert (slow.read(machine).state, value(slow, machine, "memory")) == ("running", 8)


def test_a_machine_that_was_left_off_is_started_whatever_comes_next(world: LibvirtWorld) -> None:
    """A job that gives up tells the machine, under its fence, something that it has already."""
    slow = world.driver(shutdown_seconds=60.0, seconds=7.0)
    machine, given_up = world.machine(), Step("memory", 8, 16)
    assert slow.apply(machine, given_up, key=new_key(), fence=1, may_restart=True).state == "accepted"
    world.domain(machine).destroy()
    assert finish(slow, machine, Step("backups", 3, 3), key=new_key(), may_restart=False).state == "done"
    reading = slow.read(machine)
    assert (reading.state, reading.configuration["memory"]) == ("running", 16), "which its definition said"
    assert (reading.configuration["backups"], reading.restart_pending) == (3, frozenset())


@pytest.mark.parametrize(
    ("step", "procedures"),
    [
        (Step("cpu", 2, 4), {METADATA: 3, VCPUS: 1}),
        (Step("memory", 8, 6), {METADATA: 5, MEMORY: 2, DESTROY: 1, CREATE: 1}),
    ],
    ids=["live", "cold"],
)
def test_cut_off_after_each_call(world: LibvirtWorld, step: Step, procedures: dict[int, int]) -> None:
    """The run dies after every single call that changes something; the next one ends it with one effect."""
    cuts = [(procedure, n) for procedure, times in procedures.items() for n in range(times)]
    for procedure, n in cuts:
        machine, key = world.machine(), new_key()
        world.wire.lose_answer_to, world.wire.answers_before = procedure, n
        with pytest.raises(DriverUnreachable):
            world.driver().apply(machine, step, key=key, fence=1, may_restart=True)
        assert world.wire.lose_answer_to is None, "it was cut off"
        seen = settled(world.driver(), machine)
        if seen.state == "stopped":
            assert seen.configuration[step.component] == step.current, "nobody believes it is done"
        assert finish_fenced(world.driver(), machine, step, key).state == "done"
        after = world.driver().read(machine)
        assert (after.state, after.configuration[step.component]) == ("running", step.target), (procedure, n)
        assert after.restart_pending == frozenset()
        assert world.effects(machine) == 1, (procedure, n)
        world.clear()


def test_a_growth_that_takes_the_last_room_is_ended_by_the_next_run(world: LibvirtWorld) -> None:
    """While the machine is off its definition already says 16: that must not count as taken by somebody else."""
    machine, key, step = world.machine(), new_key(), Step("memory", 8, 16)
    whole = world.connection.getInfo()[1] * 2**20
    tight = {"memory_reserve": whole - 16 * 32 * 2**20}
    assert world.driver(**tight).read(machine).headroom["memory"] == 8
    world.wire.lose_answer_to = DESTROY
    with pytest.raises(DriverUnreachable):
        world.driver(**tight).apply(machine, step, key=key, fence=1, may_restart=True)
    assert finish_fenced(world.driver(**tight), machine, step, key).state == "done"
    assert value(world.driver(**tight), machine, "memory") == 16


def settled(driver: LibvirtDriver, machine: str) -> Reading:
    """What is read once no restart of ours runs any more."""
    return wait_until(
        lambda: (seen := driver.read(machine)).state != "busy" and seen, "the end of the restart"
    )


def finish_fenced(driver: LibvirtDriver, machine: str, step: Step, key: str) -> Applied:
    """As the next run of the job does it: under a higher fence."""
    return wait_until(
        lambda: (
            (done := driver.apply(machine, step, key=key, fence=2, may_restart=True)).state == "done" and done
        ),
        "the end of the step",
    )


# --- two runs ---------------------------------------------------------------------------------------------


def test_a_run_that_wakes_up_in_the_middle_stops(world: LibvirtWorld) -> None:
    """After it has looked, a newer one does its work; the late one finds that out before it writes anything."""
    machine, newer = world.machine(), world.driver()

    def meanwhile(call: Call, seen: Machine) -> dict[str, int]:
        newer.apply(machine, Step("cpu", 2, 5), key=new_key(), fence=9, may_restart=True)
        return {}

    late = world.driver(figures=meanwhile)
    with pytest.raises(StaleFence):
        late.apply(machine, Step("cpu", 2, 3), key=new_key(), fence=8, may_restart=True)
    assert value(newer, machine, "cpu") == 5


# --- calls that hang --------------------------------------------------------------------------------------


def test_a_machine_that_hangs_keeps_nobody_waiting(world: LibvirtWorld) -> None:
    stuck, other = world.machine(), world.machine()
    driver = world.driver(seconds=4.0)
    key, step = new_key(), Step("cpu", 2, 4)
    with world.hanging(stuck):
        begun = time.monotonic()
        with pytest.raises(DriverUnreachable, match="in time"):
            driver.apply(stuck, step, key=key, fence=1, may_restart=True)
        assert time.monotonic() - begun < 60
        lanes = sum(thread.name == "libvirt-lane" for thread in threading.enumerate())
        for _ in range(5):
            with pytest.raises(DriverUnreachable, match="still owes"):
                driver.read(stuck)
        assert sum(thread.name == "libvirt-lane" for thread in threading.enumerate()) == lanes
        assert finish(driver, other, step, key=new_key()).state == "done"
        assert stuck in driver.list_machines()
    again = wait_until(lambda: unless_unreachable(driver, stuck, step, key), "the machine's return")
    assert again.state == "done"
    assert world.effects(stuck) == 1


def unless_unreachable(driver: LibvirtDriver, machine: str, step: Step, key: str) -> Applied | None:
    with contextlib.suppress(DriverUnreachable, MachineBusy):
        return finish(driver, machine, step, key=key)
    return None


def test_a_network_that_swallows_everything(world: LibvirtWorld) -> None:
    machine, driver = world.machine(), world.driver(seconds=1.0)
    driver.read(machine)
    world.wire.silent = True
    begun = time.monotonic()
    for ask in (lambda: driver.read(machine), driver.list_machines):
        with pytest.raises(DriverUnreachable):
            ask()
    assert time.monotonic() - begun < 60


# --- what stands in the way -------------------------------------------------------------------------------


def test_a_paused_machine_is_left_alone(driver: LibvirtDriver, world: LibvirtWorld) -> None:
    machine = world.machine()
    world.domain(machine).suspend()
    assert driver.read(machine).busy_with == "paused"
    with pytest.raises(MachineBusy):
        driver.apply(machine, Step("cpu", 2, 3), key=new_key(), fence=1, may_restart=True)
    world.domain(machine).resume()
    assert finish(driver, machine, Step("cpu", 2, 3), key=new_key()).state == "done"


def test_a_machine_without_a_definition_is_refused(driver: LibvirtDriver, world: LibvirtWorld) -> None:
    machine = world.machine()
    world.domain(machine).undefine()
    for step in (Step("cpu", 2, 3), Step("backups", 3, 4)):
        assert not driver.plan(machine, step).possible
        with pytest.raises(StepRefused, match="transient"):
            driver.apply(machine, step, key=new_key(), fence=1, may_restart=True)


def test_a_machine_is_found_by_its_uuid(driver: LibvirtDriver, world: LibvirtWorld) -> None:
    uuid = world.domain(world.machine()).UUIDString()
    assert driver.read(uuid).external_id == uuid
    assert finish(driver, uuid, Step("cpu", 2, 3), key=new_key()).state == "done"


def test_a_machine_that_is_off_is_changed_at_once(driver: LibvirtDriver, world: LibvirtWorld) -> None:
    machine = world.machine()
    world.domain(machine).destroy()
    step = Step("memory", 8, 4)
    assert driver.plan(machine, step).mode == "live", "nothing is interrupted"
    assert finish(driver, machine, step, key=new_key(), may_restart=False).state == "done"
    reading = driver.read(machine)
    assert (reading.state, reading.configuration["memory"]) == ("stopped", 4)


# --- snapshots and limits ---------------------------------------------------------------------------------


def test_snapshots_are_libvirts_own(driver: LibvirtDriver, world: LibvirtWorld) -> None:
    machine = world.machine()
    domain = world.domain(machine)
    assert driver.read(machine).configuration["snapshots"] == 0
    domain.snapshotCreateXML("<domainsnapshot><name>before php8</name></domainsnapshot>")
    domain.snapshotCreateXML("<domainsnapshot><name>monday</name></domainsnapshot>")
    reading = driver.read(machine)
    assert reading.configuration["snapshots"] == reading.usage["snapshots"] == 2, "no limit was ever set"
    first, second = [stored for stored in reading.objects if stored.kind == "snapshots"]
    assert {first.name, second.name} == {"before php8", "monday"}
    assert finish(driver, machine, Step("snapshots", 2, 5), key=new_key()).state == "done"
    driver.delete_object(machine, first.id)
    driver.delete_object(machine, first.id)
    assert domain.snapshotListNames() == [second.name]
    assert driver.read(machine).configuration["snapshots"] == 5


def test_a_snapshot_in_a_file_of_its_own_is_deleted(driver: LibvirtDriver, world: LibvirtWorld) -> None:
    machine = world.machine()
    disk_only = 16
    world.domain(machine).snapshotCreateXML(
        "<domainsnapshot><name>outside</name></domainsnapshot>", disk_only
    )
    [stored] = [stored for stored in driver.read(machine).objects if stored.kind == "snapshots"]
    driver.delete_object(machine, stored.id)
    assert world.domain(machine).snapshotListNames() == []


def test_a_late_deletion_spares_a_newer_backup_of_the_same_name(
    driver: LibvirtDriver, world: LibvirtWorld
) -> None:
    machine = world.machine()
    old = next(stored for stored in driver.read(machine).objects if stored.name == "monday")
    driver.delete_object(machine, old.id)
    world.volume("backups", f"{machine}@monday", 2**20, "raw")
    driver.delete_object(machine, old.id)
    assert "monday" in {stored.name for stored in driver.read(machine).objects}


def test_what_is_deleted_during_a_step_stays_known(world: LibvirtWorld) -> None:
    machine = world.machine()
    gone = world.driver().read(machine).objects[0].id

    def meanwhile(call: Call, seen: Machine) -> dict[str, int]:
        world.driver().delete_object(machine, gone)
        return {}

    during = world.driver(figures=meanwhile)
    assert finish(during, machine, Step("cpu", 2, 3), key=new_key()).state == "done"
    world.driver().delete_object(machine, gone)  # repeated, and still harmless


def test_backups_of_a_machine_with_a_longer_name_are_its_own(
    driver: LibvirtDriver, world: LibvirtWorld
) -> None:
    machine = world.machine()
    world.volume("backups", f"{machine}@eu@monday", 2**20, "raw")
    assert len(driver.read(machine).objects) == 2


def test_what_cannot_be_understood_is_no_answer(driver: LibvirtDriver, world: LibvirtWorld) -> None:
    machine = world.machine()
    world.domain(machine).setMetadata(2, "<machine fence='many'/>", "prorata", "urn:x-prorata:machine:1", 2)
    with pytest.raises(DriverUnreachable, match="metadata"):
        driver.read(machine)
