"""Legal numbers of series that are long (2026-11-26)."""

from __future__ import annotations

import pytest

from prorata.invoices.models import CreditNote, Invoice, NumberSeries
from prorata.services.models import Service
from support.world import World


@pytest.fixture
def web(world: World) -> Service:
    """With credit enough, so that a change is settled at once."""
    web = world.web_01("2026-08-15T14:02+09:00")
    world.gift(30_000, until="2026-12-31T00:00+09:00")
    return web


def test_after_999_999_comes_a_million(world: World, web: Service) -> None:
    """A number of seven digits is not cut to six: that would be one which was given before."""
    NumberSeries.objects.update(next_number=999_999)
    for memory, backups in ((6, 6), (8, 5)):
        world.change(web, memory=memory)
        world.work()
        world.change(web, backups=backups)
        world.work()
    assert sorted(Invoice.objects.values_list("number", flat=True)) == ["INV-1000000", "INV-999999"]
    assert sorted(CreditNote.objects.values_list("number", flat=True)) == ["CN-1000000", "CN-999999"]
