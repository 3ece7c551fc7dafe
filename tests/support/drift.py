"""Machines that are changed by hand, and the night that finds it."""

from __future__ import annotations

from prorata.changes import states
from prorata.changes.drift.compare_all import compare_all
from prorata.changes.drift.models import Comparison, Difference
from prorata.changes.drift.open_now import open_now
from prorata.changes.models import Change
from prorata.services.models import Service
from support.world import World


def by_hand(world: World, web: Service, **configuration: int | str) -> None:
    """An administrator changes the machine on its hypervisor."""
    world.hypervisor.change_machine(web.external_id, configuration=configuration)


def compared(world: World) -> Comparison:
    """The nightly run, and what the worker makes of it."""
    run = compare_all()
    world.work()
    return run


def found(world: World, web: Service, **configuration: int | str) -> Difference:
    """One component of the machine was changed by hand, and the night found it."""
    by_hand(world, web, **configuration)
    assert compared(world).opened == 1
    return open_now().get()


def figures(one: Difference) -> tuple[object, object, object]:
    """Sold, invoiced, measured."""
    return one.sold, one.invoiced, one.measured


def paid(world: World, web: Service, **wanted: int) -> Change:
    """A change that was paid by card and delivered."""
    change = world.change(web, **wanted)
    world.pay(change)
    world.work()
    assert world.reread(change).status == states.APPLIED
    return change


def drifted(world: World, web: Service, value: int = 6) -> Change:
    """Memory 4 to 8 is paid, 5,596; between submit and apply an administrator made it another size."""
    change = world.change(web, memory=8)
    world.pay(change)
    by_hand(world, web, memory=value)
    world.work()
    change = world.reread(change)
    assert (change.status, change.reason) == (states.ATTENTION, "drift")
    assert world.done(web) == []
    return change
