"""Who sent a webhook."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

import pytest

from prorata.payments.gateways.base import BadSignature
from prorata.payments.gateways.sandbox import SandboxGateway
from support.gateway_world import SECRETS, SandboxWorld


class TestSignature:
    @pytest.fixture
    def message(self, gateway: SandboxGateway, world: SandboxWorld) -> tuple[Mapping[str, str], bytes]:
        _, ref, _ = world.open_payment(gateway)
        world.pay(ref)
        return world.webhook(ref)

    @pytest.mark.parametrize("secrets", [["new-secret"], ["old-secret"], ["other", "old-secret"]])
    def test_either_secret_verifies_during_a_rotation(
        self, world: SandboxWorld, message: tuple[Mapping[str, str], bytes], secrets: list[str]
    ) -> None:
        headers, body = message
        assert headers["Sandbox-Signature"].count("v1=") == 2
        self.adapter(secrets).verify_webhook(body=body, headers=headers, now=datetime.now(UTC))

    def test_a_strange_secret_does_not(self, message: tuple[Mapping[str, str], bytes]) -> None:
        headers, body = message
        with pytest.raises(BadSignature, match="no signature fits"):
            self.adapter(["new-secre", "stolen"]).verify_webhook(
                body=body, headers=headers, now=datetime.now(UTC)
            )

    @pytest.mark.parametrize(
        "spoil",
        [
            lambda value: "",
            lambda value: value.replace("t=", "x="),
            lambda value: value.replace("v1=", "v0="),
            lambda value: value.replace(",v1=", ",v1=0"),
            lambda value: value + ",t=1",
            lambda value: value.replace("t=", "t=-"),
            lambda value: value.replace("t=", "t=٣"),
            lambda value: value + ",v1=" + ",v1=".join(["0" * 64] * 20),
            lambda value: value.split(",")[0],
            lambda value: value.split(",", 1)[1],
            lambda value: "t=" + str(int(value[2:12]) + 1) + value[12:],
            lambda value: "\x00",
        ],
    )
    def test_a_spoilt_header_is_refused(
        self, message: tuple[Mapping[str, str], bytes], spoil: Callable[[str], str]
    ) -> None:
        headers, body = message
        spoilt = {**headers, "Sandbox-Signature": spoil(headers["Sandbox-Signature"])}
        with pytest.raises(BadSignature):
            self.adapter(SECRETS).verify_webhook(body=body, headers=spoilt, now=datetime.now(UTC))

    def test_two_headers_are_refused(self, message: tuple[Mapping[str, str], bytes]) -> None:
        headers, body = message
        doubled = {**headers, "SANDBOX-SIGNATURE": headers["Sandbox-Signature"]}
        with pytest.raises(BadSignature):
            self.adapter(SECRETS).verify_webhook(body=body, headers=doubled, now=datetime.now(UTC))

    def test_the_edge_of_five_minutes(self, message: tuple[Mapping[str, str], bytes]) -> None:
        headers, body = message
        signed = datetime.fromtimestamp(int(headers["Sandbox-Signature"][2:12]), UTC)
        for seconds in (-300, 300):
            self.adapter(SECRETS).verify_webhook(
                body=body, headers=headers, now=signed + timedelta(seconds=seconds)
            )
        for seconds in (-301, 301):
            with pytest.raises(BadSignature, match="too old"):
                self.adapter(SECRETS).verify_webhook(
                    body=body, headers=headers, now=signed + timedelta(seconds=seconds)
                )

    def adapter(self, secrets: list[str]) -> SandboxGateway:
        return SandboxGateway("http://127.0.0.1:1", secrets, "prorata-sandbox", mode="test")
