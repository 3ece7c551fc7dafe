"""A step of the libvirt driver on a real machine is what the machine itself sees."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from prorata.provisioning.drivers.base import MachineBusy, Step, StepRefused
from prorata.provisioning.drivers.contract import finish, new_key
from prorata.provisioning.drivers.kvm.driver import LibvirtDriver
from prorata.provisioning.drivers.kvm.settings import HostSettings, read_components
from support.guest import ANSWER_SECONDS, Guest, LibvirtDaemon, Report, Size
from support.sandboxes import wait_until

pytestmark = pytest.mark.real_machine
MIB, GIB = 1024, 1024**3
COMPONENTS = "cpu=cpu memory=memory:256MiB disk=disk:vda:GiB"


@pytest.fixture(scope="module")
def libvirt() -> Iterator[LibvirtDaemon]:
    with LibvirtDaemon() as daemon:
        yield daemon


@pytest.fixture
def driver(libvirt: LibvirtDaemon) -> LibvirtDriver:
    return LibvirtDriver(libvirt.uri, HostSettings(read_components(COMPONENTS), memory_reserve=0))


def test_the_guest_sees_what_it_was_given_and_what_was_taken(
    libvirt: LibvirtDaemon, driver: LibvirtDriver
) -> None:
    guest = libvirt.start_guest("vm-1", Size(1, 512, 2), most=Size(4, 768, 2))
    wait_until(lambda: "memory" in driver.read("vm-1").usage, "what the guest uses", seconds=ANSWER_SECONDS)
    first = guest.report()
    boots = guest.console.count("guest ready")

    what_is_used_is_not_taken(driver, guest)
    assert guest.report() == first

    grown = {"cpu": 3, "memory": 3, "disk": 4}
    for code, target in grown.items():
        now = int(driver.read("vm-1").configuration[code])
        step = Step(code, now, target)
        assert driver.plan("vm-1", step).mode == "live"
        assert finish(driver, "vm-1", step, key=new_key(), may_restart=False).state == "done"
    assert driver.read("vm-1").configuration == grown
    bigger = Report(cpus=3, memory_kib=first.memory_kib + 256 * MIB, disk_bytes=4 * GIB)
    guest.wait(lambda seen: seen == bigger, f"{bigger}")
    assert guest.console.count("guest ready") == boots, "it was not restarted"

    for code, target in {"cpu": 2, "memory": 2}.items():
        step = Step(code, grown[code], target)
        assert driver.plan("vm-1", step).mode == "restart"
        finish_on(driver, step)
    guest.wait_until_booted()
    assert driver.read("vm-1").configuration == {"cpu": 2, "memory": 2, "disk": 4}
    smaller = guest.wait(lambda seen: seen.memory_kib < 512 * MIB, "the memory it gave back")
    assert (smaller.cpus, smaller.disk_bytes) == (2, 4 * GIB)
    assert abs(smaller.memory_kib - first.memory_kib) < 16 * MIB
    assert guest.console.count("guest ready") > boots, "only a restart takes something away"


def what_is_used_is_not_taken(driver: LibvirtDriver, guest: Guest) -> None:
    """Nor is a disk ever made smaller, used or not."""
    guest.use_memory(200)
    wait_until(lambda: driver.read("vm-1").usage["memory"] > 1, "what the guest uses", seconds=ANSWER_SECONDS)
    for step, why in ((Step("memory", 2, 1), "in use"), (Step("disk", 2, 1), "smaller")):
        assert not driver.plan("vm-1", step).possible
        with pytest.raises(StepRefused, match=why):
            driver.apply("vm-1", step, key=new_key(), fence=1, may_restart=True)
    guest.use_memory(0)
    wait_until(
        lambda: driver.read("vm-1").usage["memory"] < 1, "what the guest uses no more", seconds=ANSWER_SECONDS
    )


def finish_on(driver: LibvirtDriver, step: Step) -> None:
    """To the end; a guest that has just started must be waited for: it is not known yet what it uses."""
    key, busy = new_key(), 0

    def over() -> bool:
        nonlocal busy
        try:
            return finish(driver, "vm-1", step, key=key).state == "done"
        except MachineBusy:
            busy += 1
            return False

    wait_until(over, f"{step}", seconds=ANSWER_SECONDS)
    assert bool(busy) == (step.component == "memory"), "the step before has restarted it"
