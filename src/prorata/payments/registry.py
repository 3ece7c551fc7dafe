"""Gateways by code, as the installation configures them."""

from __future__ import annotations

from functools import lru_cache

from django.conf import settings
from django.utils.module_loading import import_string

from prorata.payments.gateways.base import Gateway


class UnknownGateway(LookupError):
    """No gateway of that code is configured."""


@lru_cache(maxsize=32)
def gateway(code: str) -> Gateway:
    """The gateway that `code` names. Raises UnknownGateway."""
    if code not in settings.PRORATA_GATEWAYS:
        raise UnknownGateway(f"No payment gateway {code!r} is configured.")
    made: Gateway = import_string(settings.PRORATA_GATEWAYS[code])()
    return made
