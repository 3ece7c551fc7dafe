"""A gateway process, the shop it tells, its world and its adapter, for the tests of one file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from prorata.payments.gateways.sandbox import SandboxGateway
from support.gateway_world import SECRETS, SandboxWorld
from support.sandboxes import (
    GatewayProcess,
    WebhookReceiver,
    start_gateway,
)

QUIET: dict[str, Any] = {
    "webhook_mode": "before",
    "webhook_seconds": 0.2,
    "webhook_copies": 1,
    "different_events": False,
    "event_id": None,
    "retry_seconds": 0.1,
    "processing_seconds": 3600,
    "latency_seconds": 0,
    "down": False,
    "capture_amount_minor": None,
    "capture_currency": None,
    "report_payee": None,
    "report_live": None,
    "refund_mode": "at_once",
    "webhook_seed": None,
}


@pytest.fixture(scope="module")
def shop() -> Iterator[WebhookReceiver]:
    with WebhookReceiver() as shop:
        yield shop


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory, shop: WebhookReceiver) -> Iterator[GatewayProcess]:
    with start_gateway(tmp_path_factory.mktemp("gateway"), shop.url, SECRETS) as process:
        yield process


@pytest.fixture
def world(process: GatewayProcess, shop: WebhookReceiver) -> Iterator[SandboxWorld]:
    process.settings(**QUIET)
    yield SandboxWorld(process, shop)
    shop.status = 200
    process.clear_faults()


@pytest.fixture
def gateway(process: GatewayProcess) -> SandboxGateway:
    return process.adapter()
