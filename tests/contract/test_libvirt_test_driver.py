"""The libvirt driver on libvirt's own pretend host, test:///default: no daemon, no QEMU, only libvirt's library.

It has no jobs, no balloon that moves and no way to resize a disk, and forgets all when its last connection closes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from prorata.provisioning.drivers.base import MachineUnknown, StaleFence, Step, StepRefused
from prorata.provisioning.drivers.contract import finish, new_key, value
from prorata.provisioning.drivers.kvm import carry_out
from prorata.provisioning.drivers.kvm.driver import LibvirtDriver
from prorata.provisioning.drivers.kvm.settings import HostSettings, read_components

libvirt = pytest.importorskip("libvirt", reason="libvirt-python is not installed")
COMPONENTS = read_components("cpu=cpu memory=memory disk=disk:vda snapshots=snapshots")


@pytest.fixture
def driver() -> LibvirtDriver:
    return LibvirtDriver("test:///default", HostSettings(COMPONENTS, memory_reserve=0))


@pytest.fixture(autouse=True)
def machine(driver: LibvirtDriver) -> Iterator[Any]:
    """libvirt's machine "test", 2 vCPUs and 2 of 8 GiB, as it always begins."""
    driver.list_machines()  # libvirt's events run before the first connection is made
    connection = libvirt.open("test:///default")
    yield connection.lookupByName("test")
    connection.close()
    driver._lanes._idle.clear()


def test_it_is_read(driver: LibvirtDriver) -> None:
    reading = driver.read("test")
    assert (reading.state, reading.busy_with) == ("running", "")
    assert reading.configuration["cpu"] == 2
    assert reading.configuration["memory"] == 2
    assert set(reading.fixed) == {"disk"}
    assert driver.list_machines() == ["test"]
    with pytest.raises(MachineUnknown):
        driver.read("other")


def test_vcpus_above_what_it_was_started_with_come_cold(driver: LibvirtDriver, machine: Any) -> None:
    step, key = Step("cpu", 2, 4), new_key()
    assert driver.plan("test", step).mode == "restart"
    assert finish(driver, "test", step, key=key, may_restart=False).state == "restart_pending"
    assert driver.read("test").restart_pending == {"cpu"}
    assert finish(driver, "test", step, key=key).state == "done"
    assert (value(driver, "test", "cpu"), machine.info()[3]) == (4, 4)
    assert finish(driver, "test", Step("cpu", 4, 2), key=new_key()).state == "done"
    assert value(driver, "test", "cpu") == 2


def test_memory_that_the_guest_does_not_take_comes_with_a_restart(
    driver: LibvirtDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carry_out, "give_memory", lambda work: False)
    step, key = Step("memory", 2, 3), new_key()
    assert driver.plan("test", step).mode == "live"
    assert finish(driver, "test", step, key=key, may_restart=False).state == "restart_pending"
    assert finish(driver, "test", step, key=key).state == "done"
    assert value(driver, "test", "memory") == 3


def test_fences_and_limits_stand_in_its_metadata(driver: LibvirtDriver, machine: Any) -> None:
    step = Step("snapshots", 0, 4)
    assert driver.apply("test", step, key=new_key(), fence=7, may_restart=True).state == "done"
    assert 'fence="7"' in machine.metadata(2, "urn:x-prorata:machine:1", 2)
    with pytest.raises(StaleFence):
        driver.apply("test", step, key=new_key(), fence=6, may_restart=True)
    assert value(driver, "test", "snapshots") == 4


def test_what_libvirt_cannot_do_is_a_certain_no(driver: LibvirtDriver) -> None:
    now, key = int(value(driver, "test", "disk")), new_key()
    for target in (now + 1, now + 2):  # nothing happened, so the key is free for another target
        with pytest.raises(StepRefused, match="not supported"):
            driver.apply("test", Step("disk", now, target), key=key, fence=9, may_restart=True)
