"""Gateways and payment methods by code, as the installation configures them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from django.conf import settings
from django.utils.module_loading import import_string

from prorata.payments.gateways.base import Gateway


class UnknownGateway(LookupError):
    """No gateway of that code is configured."""


@dataclass(frozen=True)
class Method:
    """A way to pay that customers choose from, and the gateway behind it."""

    code: str
    name: str
    gateway: str


@lru_cache(maxsize=32)
def gateway(code: str) -> Gateway:
    """The gateway that `code` names. Raises UnknownGateway."""
    if code not in settings.PRORATA_GATEWAYS:
        raise UnknownGateway(f"No payment gateway {code!r} is configured.")
    made: Gateway = import_string(settings.PRORATA_GATEWAYS[code])()
    return made


def methods() -> list[Method]:
    """The payment methods on offer, in order."""
    return [Method(code, str(name), gate) for code, name, gate in settings.PRORATA_PAYMENT_METHODS]


def method(code: str) -> Method | None:
    return next((m for m in methods() if m.code == code), None)
