"""Stories run on real commits, a real gateway process, a real hypervisor process and a real worker."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from prorata.clock import HandClock
from prorata.config.wiring import SANDBOX_PAYEE
from support.sandboxes import GatewayProcess, HypervisorProcess, start_gateway, start_hypervisor
from support.world import SECRET, World, clear_caches


@pytest.fixture(scope="session")
def gateway_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    with start_gateway(
        tmp_path_factory.mktemp("gateway"), webhook_url=None, secret=SECRET, payee=SANDBOX_PAYEE
    ) as found:
        yield found


@pytest.fixture
def hypervisor_process(tmp_path: Path) -> Iterator[HypervisorProcess]:
    with start_hypervisor(tmp_path) as found:
        yield found


@pytest.fixture
def world(
    transactional_db: None,
    clock: HandClock,
    settings: Settings,
    gateway_process: GatewayProcess,
    hypervisor_process: HypervisorProcess,
) -> Iterator[World]:
    settings.PRORATA_SANDBOX_GATEWAY_URL = gateway_process.url
    settings.PRORATA_SANDBOX_GATEWAY_SECRETS = [SECRET]
    settings.PRORATA_SANDBOX_HYPERVISOR_URL = hypervisor_process.url
    settings.PRORATA_SANDBOX_HYPERVISOR_TOKEN = hypervisor_process.token
    clear_caches()
    yield World(clock, gateway_process, hypervisor_process)
    clear_caches()
