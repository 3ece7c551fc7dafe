"""libvirt's Python library. It is loaded when a driver is made: who has no libvirt host does not need it."""

from __future__ import annotations

import threading
from functools import cache
from typing import Any

MISSING = (
    "The libvirt driver needs libvirt's Python library. Type: pip install 'prorata[libvirt]'"
    " (it is compiled: on Debian, apt install libvirt-dev pkg-config gcc python3-dev first)"
)


@cache
def library() -> Any:
    """The module. Raises RuntimeError that says how to install it.

    Its event loop runs from here on: without one, libvirt does not notice that a host no longer answers.
    """
    try:
        import libvirt
    except ImportError as missing:
        raise RuntimeError(MISSING) from missing
    # Errors are raised; libvirt would print them as well.
    libvirt.registerErrorHandler(lambda *_: None, None)
    libvirt.virEventRegisterDefaultImpl()
    threading.Thread(target=_turn, args=[libvirt], name="libvirt-events", daemon=True).start()
    return libvirt


def _turn(libvirt: Any) -> None:
    while True:
        libvirt.virEventRunDefaultImpl()
