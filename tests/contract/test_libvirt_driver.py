"""The libvirt driver against a real libvirt daemon with real QEMU processes: the contract, and what is libvirt's own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from prorata.provisioning.drivers.contract import DriverContract
from prorata.provisioning.drivers.kvm.driver import LibvirtDriver
from support.guest import LibvirtDaemon
from support.libvirt_world import LibvirtWorld

pytestmark = pytest.mark.real_machine


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


class TestLibvirtDriver(DriverContract):
    """The contract as it stands."""
