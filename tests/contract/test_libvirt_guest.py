"""The libvirt driver and a guest that says what it sees: what is sold is what the machine itself has."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest

from prorata.provisioning.drivers.base import Step, StepRefused
from prorata.provisioning.drivers.contract import finish, new_key
from prorata.provisioning.drivers.kvm.driver import LibvirtDriver
from prorata.provisioning.drivers.kvm.settings import HostSettings, read_components
from support.guest import LibvirtDaemon, Report, Size
from support.sandboxes import wait_until

pytestmark = pytest.mark.real_machine
KIB_PER_UNIT = 256 * 1024
SETTINGS = HostSettings(
    components=read_components("cpu=cpu memory=memory:256MiB disk=disk:vda snapshots=snapshots"),
    memory_reserve=0,
)


@pytest.fixture(scope="module")
def daemon() -> Iterator[LibvirtDaemon]:
    with LibvirtDaemon() as daemon:
        yield daemon


def test_up_live_and_down_cold(daemon: LibvirtDaemon) -> None:
    driver = LibvirtDriver(daemon.uri, SETTINGS)
    guest = daemon.start_guest("vm-1042", Size(1, 512, 2), most=Size(4, 1024, 2))
    before = guest.report()
    first = driver.read("vm-1042")
    assert first.configuration == {"cpu": 1, "memory": 2, "disk": 2, "snapshots": 0}
    assert first.restart_pending == frozenset()

    # The guest tells what it uses, in units of 256 MiB.
    used = wait_until(lambda: driver.read("vm-1042").usage.get("memory"), "the balloon's figures")
    assert 0 < used < 1
    guest.use_memory(200)
    wait_until(lambda: driver.read("vm-1042").usage["memory"] > used + Decimal("0.7"), "what is used now")
    with pytest.raises(StepRefused, match="are in use"):
        driver.apply("vm-1042", Step("memory", 2, 1), key=new_key(), fence=1, may_restart=True)

    # More comes while it runs.
    run = daemon.domain("vm-1042").ID()
    for step in (Step("cpu", 1, 3), Step("memory", 2, 4), Step("disk", 2, 4)):
        assert driver.plan("vm-1042", step).mode == "live"
        assert finish(driver, "vm-1042", step, key=new_key(), may_restart=False).state == "done"
    assert daemon.domain("vm-1042").ID() == run
    wanted = Report(cpus=3, memory_kib=before.memory_kib + 2 * KIB_PER_UNIT, disk_bytes=4 * 2**30)
    guest.wait(lambda seen: seen == wanted, str(wanted))

    # Less comes with a restart, which the guest makes properly.
    step = Step("memory", 4, 3)
    assert driver.plan("vm-1042", step).mode == "restart"
    assert finish(driver, "vm-1042", step, key=new_key()).state == "done"
    assert daemon.domain("vm-1042").ID() != run
    after = guest.wait_until_booted()
    assert (after.cpus, after.disk_bytes) == (3, 4 * 2**30)
    assert 3 * KIB_PER_UNIT * 0.85 < after.memory_kib < 3 * KIB_PER_UNIT
    assert driver.read("vm-1042").configuration == {"cpu": 3, "memory": 3, "disk": 4, "snapshots": 0}
    # What is no longer sold is out of the guest's reach, so more of it needs a restart again.
    assert driver.plan("vm-1042", Step("memory", 3, 4)).mode == "restart"
