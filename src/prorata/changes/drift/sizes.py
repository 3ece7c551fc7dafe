"""Sold, invoiced and measured of one service, and where they differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from prorata.catalog.values import Value
from prorata.changes.drift.settled import Settled
from prorata.services.models import Reading, Service


@dataclass(frozen=True)
class Size:
    """One component. None: no document speaks of it, or the machine does not say."""

    component: str
    sold: Value
    invoiced: Settled | None
    measured: Value | None

    @property
    def differs(self) -> bool:
        """What is not known is never a difference."""
        invoiced = self.sold if self.invoiced is None else self.invoiced.value
        measured = self.sold if self.measured is None else self.measured
        return not self.sold == invoiced == measured


def sizes(service: Service, reading: Reading, settled: Mapping[str, Settled]) -> Iterator[Size]:
    """Every component that is sold. What waits for the machine's restart is on its way, and counts as not measured."""
    for code, sold in service.configuration.items():
        measured = None if code in reading.restart_pending else reading.configuration.get(code)
        yield Size(code, sold, settled.get(code), measured)
