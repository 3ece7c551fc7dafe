"""Stories run on real commits, a real gateway process, a real hypervisor process and a real worker."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django import Settings

from prorata.clock import HandClock
from prorata.config.wiring import SANDBOX_PAYEE
from prorata.sandbox.gateway.settings import DEFAULTS
from support.books import assert_books_hold
from support.sandboxes import GatewayProcess, HypervisorProcess, start_gateway, start_hypervisor
from support.world import SECRET, World, clear_caches

# Gateway and hypervisor outlive a story; what one ordered of them must not reach the next.
ORDINARY: dict[str, Any] = {
    **DEFAULTS, "webhook_seconds": 0.2, "retry_seconds": 0.1, "processing_seconds": 86_400,
}  # fmt: skip


@pytest.fixture(scope="session")
def shared_gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    with start_gateway(
        tmp_path_factory.mktemp("gateway"), webhook_url=None, secret=SECRET, payee=SANDBOX_PAYEE
    ) as found:
        yield found


@pytest.fixture
def gateway_process(shared_gateway: GatewayProcess) -> GatewayProcess:
    shared_gateway.clear_faults()
    shared_gateway.settings(**ORDINARY)
    return shared_gateway


@pytest.fixture(scope="session")
def shared_hypervisor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HypervisorProcess]:
    with start_hypervisor(tmp_path_factory.mktemp("hypervisor")) as found:
        yield found


@pytest.fixture
def hypervisor_process(shared_hypervisor: HypervisorProcess) -> HypervisorProcess:
    shared_hypervisor.empty()
    return shared_hypervisor


@pytest.fixture
def world(
    transactional_db: None,
    clock: HandClock,
    settings: Settings,
    gateway_process: GatewayProcess,
    hypervisor_process: HypervisorProcess,
) -> Iterator[World]:
    """The provider's surroundings; when the story is told, its books are checked."""
    settings.PRORATA_SANDBOX_GATEWAY_URL = gateway_process.url
    settings.PRORATA_SANDBOX_GATEWAY_SECRETS = [SECRET]
    settings.PRORATA_SANDBOX_HYPERVISOR_URL = hypervisor_process.url
    settings.PRORATA_SANDBOX_HYPERVISOR_TOKEN = hypervisor_process.token
    clear_caches()
    told = World(clock, gateway_process, hypervisor_process)
    yield told
    assert_books_hold(told.breaks)
    clear_caches()
