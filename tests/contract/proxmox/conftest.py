"""A cluster, its world and its driver, for the tests of one file."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from prorata.provisioning.drivers.proxmox import ProxmoxDriver
from support.proxmox import ProxmoxWorld, driver_of
from support.proxmox_front import Front


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    front = Front(tmp_path_factory.mktemp("proxmox"))
    yield front
    front.close()


@pytest.fixture(scope="module")
def worlds(front: Front) -> ProxmoxWorld:
    return ProxmoxWorld(front)


@pytest.fixture
def world(worlds: ProxmoxWorld) -> Iterator[ProxmoxWorld]:
    yield worlds
    front = worlds.front
    front.lost_calls.clear()
    front.lost_answers.clear()
    front.before_write = front.answers_instead = None
    front.lose_nth_write = 0
    front.lies = front.ha = False
    front.writes_pass.set()
    front.pve.failures.clear()
    for thing in (
        front.task_errors,
        front.preconditions,
        front.unplugged,
        front.local_resources,
        front.jobs,
        front.peaks,
    ):
        thing.clear()
    front.slow(0)


@pytest.fixture
def driver(front: Front) -> ProxmoxDriver:
    return driver_of(front)
