"""The payment methods on offer, as the installation configures them."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings

from prorata.payments.bank import BANK


@dataclass(frozen=True)
class Method:
    """A way to pay that customers choose from, and the gateway behind it."""

    code: str
    name: str
    gateway: str

    @property
    def is_transfer(self) -> bool:
        """Paid at the customer's own bank: there is no page of a processor to go to."""
        return self.gateway == BANK


def methods() -> list[Method]:
    """The payment methods on offer, in order."""
    return [Method(code, str(name), gate) for code, name, gate in settings.PRORATA_PAYMENT_METHODS]


def method(code: str) -> Method | None:
    return next((m for m in methods() if m.code == code), None)
