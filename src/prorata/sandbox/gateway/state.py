"""What the running gateway process holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from prorata.sandbox import web

if TYPE_CHECKING:
    from prorata.sandbox.gateway.delivery import Courier
    from prorata.sandbox.gateway.face import Face


@dataclass
class GatewaySandbox(web.Sandbox):
    """`secrets`: all sign each webhook, so that a receiver may know either of them during a rotation.

    `api_key` is what a face's merchants show, where it is not the sandbox's own key.
    """

    secrets: tuple[str, ...]
    payee: str
    started_at: float
    face: Face
    api_key: str = ""
    courier: Courier = field(init=False)


def gateway() -> GatewaySandbox:
    """The gateway this process runs."""
    return cast(GatewaySandbox, web.sandbox())
