"""Drivers by code, as the installation configures them."""

from __future__ import annotations

from functools import lru_cache

from django.conf import settings
from django.utils.module_loading import import_string

from prorata.provisioning.drivers.base import Driver


class UnknownDriver(LookupError):
    """No driver of that code is configured."""


@lru_cache(maxsize=32)
def driver(code: str) -> Driver:
    """The driver that `code` names. Raises UnknownDriver."""
    if code not in settings.PRORATA_DRIVERS:
        raise UnknownDriver(f"No hypervisor connection {code!r} is configured.")
    path, _, argument = settings.PRORATA_DRIVERS[code].partition(":")
    made: Driver = import_string(path)(*([argument] if argument else []))
    return made
