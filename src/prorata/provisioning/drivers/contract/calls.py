"""Calls to a driver, repeated until the machine is ready."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from typing import TypeVar

from prorata.provisioning.drivers.base import Applied, Driver, Moving, Reading, Step

Answer = TypeVar("Answer", Applied, Reading)


def new_key() -> str:
    """The key of a new operation."""
    return f"operation-{uuid.uuid4()}"


def finish(
    driver: Driver, external_id: str, step: Step, *, key: str, fence: int = 1, may_restart: bool = True
) -> Applied:
    """Apply, and repeat while it is still running."""
    return _no_longer(
        "accepted", lambda: driver.apply(external_id, step, key=key, fence=fence, may_restart=may_restart)
    )


def move(driver: Moving, external_id: str, room: dict[str, int], *, key: str) -> Applied:
    """Move, and repeat while the machine is on its way."""
    return _no_longer("accepted", lambda: driver.move(external_id, room, key=key, fence=1, may_restart=True))


def when_free(driver: Driver, external_id: str) -> Reading:
    """The first reading in which the machine is no longer busy."""
    return _no_longer("busy", lambda: driver.read(external_id))


def value(driver: Driver, external_id: str, code: str) -> int | str:
    """What the machine has, as measured."""
    return driver.read(external_id).configuration[code]


def _no_longer(state: str, call: Callable[[], Answer]) -> Answer:
    """The first answer in another state."""
    deadline = time.monotonic() + 60
    while (answer := call()).state == state:
        assert time.monotonic() < deadline, f"the machine stays {state}"
        time.sleep(0.05)
    return answer
