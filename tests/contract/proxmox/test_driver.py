"""The Proxmox VE driver against a cluster of fakepve behind our own front: the contract as it stands."""

from __future__ import annotations

import pytest

from prorata.provisioning.drivers.contract import DriverContract, MovingContract
from prorata.provisioning.drivers.proxmox import ProxmoxDriver
from support.proxmox import ProxmoxWorld, driver_of
from support.proxmox_front import Front


class TestProxmoxDriver(DriverContract, MovingContract):
    """Tasks that end at once."""


class TestSlowProxmoxDriver(DriverContract, MovingContract):
    """The same when tasks take time and the driver does not wait for them: accepted first, done later."""

    @pytest.fixture(autouse=True)
    def slow(self, world: ProxmoxWorld) -> None:
        world.front.slow(0.15)

    @pytest.fixture
    def driver(self, front: Front) -> ProxmoxDriver:
        return driver_of(front, patience_seconds=0)
