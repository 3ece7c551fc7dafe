"""The size that a service's documents say was delivered, by component.

The last word on a component is the newest of: a change's line that was applied (a growth has its invoice, a reduction its
credit note), and a value that staff took over without charge. Before any of those it is the purchase that was paid, or
the layer a machine was adopted with. Paid layers alone would not do: a reduction leaves no value in them, and a renewal
only repeats what was there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from prorata.catalog.values import Value
from prorata.changes.drift.models import Decision
from prorata.changes.models import ChangeLine, SoldTerm
from prorata.invoices.models import Layer
from prorata.services.models import Service


@dataclass(frozen=True)
class Settled:
    value: Value
    origin: str


def settled(service: Service) -> Mapping[str, Settled]:
    """The newest settled value of each component; one that no document speaks of is missing."""
    return _at_first(service) | {code: word for code, (_order, word) in _since(service).items()}


def _at_first(service: Service) -> dict[str, Settled]:
    bought = SoldTerm.objects.filter(
        service=service, kind=SoldTerm.Kind.PURCHASE, status=SoldTerm.Status.PAID
    ).first()
    if bought is not None:
        return {code: Settled(value, bought.origin) for code, value in bought.configuration.items()}
    adopted = Layer.objects.filter(service=service, origin=f"adopted:{service.pk}")
    return {layer.component: Settled(layer.high, layer.origin) for layer in adopted}


def _since(service: Service) -> dict[str, tuple[int, Settled]]:
    """A quote stands on one version of the service, and a decision makes a new one: that orders them, whatever the clock."""
    found: dict[str, tuple[int, Settled]] = {}
    lines = ChangeLine.objects.filter(change__service=service, state=ChangeLine.State.APPLIED)
    for line in lines.select_related("change__quote"):
        order = 2 * line.change.quote.service_version + 1
        _newest(found, line.component, order, Settled(line.to_value, line.change.origin))
    for taken in Decision.objects.filter(service=service, what=Decision.What.ACCEPT, measured__isnull=False):
        value: Any = taken.measured
        _newest(found, taken.component, 2 * (taken.version or 0), Settled(value, taken.origin))
    return found


def _newest(found: dict[str, tuple[int, Settled]], code: str, order: int, word: Settled) -> None:
    if code not in found or found[code][0] < order:
        found[code] = (order, word)
