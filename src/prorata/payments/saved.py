"""What payment services keep for a customer, such as a saved card: each gateway tells it itself, none is made up here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from django.conf import settings

from prorata.payments.registry import gateway


@dataclass(frozen=True, kw_only=True)
class Saved:
    """One thing kept at a payment service: `name` as people know it ("Visa •••• 4242"), `detail` until when it is good."""

    id: str
    method: str
    name: str
    detail: str = ""


@runtime_checkable
class Keeper(Protocol):
    """A gateway that keeps something for customers."""

    def saved(self, customer_ref: str) -> list[Saved]:
        """What is kept for a customer, newest first. Contacts nobody."""
        ...


def saved(customer_id: int) -> list[Saved]:
    """What all configured gateways keep for this customer; nothing where none of them can keep anything."""
    found: list[Saved] = []
    for code in settings.PRORATA_GATEWAYS:
        keeper = gateway(code)
        if isinstance(keeper, Keeper):
            found += keeper.saved(str(customer_id))
    return found
