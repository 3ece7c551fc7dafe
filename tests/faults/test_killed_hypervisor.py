"""The hypervisor is killed in the middle of changes and started again. Each ends applied, once."""

from __future__ import annotations

from functools import partial

from prorata.changes.models import Change
from prorata.services.models import Service
from support.ends_well import ends_applied
from support.killing import Site
from support.world import World

FOR_AGES = 3_600


def test_killed_before_and_after_an_answer_and_in_a_slow_step(site: Site, world: World) -> None:
    """Three changes are in its hands when it dies: a call it has not carried out, one it has, and a step that is running.
    A fourth comes while it is away. All wait, visibly, and go on by themselves when it is back."""
    machines = {name: world.service(name=name) for name in ("before", "after", "slow", "away")}
    world.at(world.summer)  # type: ignore[attr-defined]
    hypervisor = site.hypervisor
    slow_step = partial(hypervisor.change_component, machines["slow"].external_id, "cpu")
    slow_step(seconds=FOR_AGES)
    # More than once: on a slow machine the worker may give an answer up and ask again before all have come so far.
    hangs = {"call": "apply", "kind": "hang", "seconds": FOR_AGES, "times": 99}
    hypervisor.fault(**hangs, only_for={"component": "memory"})
    hypervisor.fault(**hangs, effect="after", only_for={"component": "disk"})
    changes = [
        _bought(world, "before", machines, memory=8),
        _bought(world, "after", machines, disk=200),
        _bought(world, "slow", machines, cpu=4),
    ]
    away = world.change(machines["away"], snapshots=5)
    site.start_worker()
    for component in ("memory", "disk", "cpu"):
        site.wait_for(site.called("apply", component=component), f"the call for {component}")

    hypervisor.kill()
    world.pay(away)
    waiting = [*changes, away]
    site.wait_for(lambda: _parked(waiting) == 4, "all four to be parked")
    assert {world.reread(change).reason for change in waiting} == {"unreachable"}
    hypervisor.start()
    hypervisor.clear_faults()
    slow_step(seconds=0)

    for change in waiting:
        ends_applied(site, world, change)
    assert site.alive()


def _bought(world: World, name: str, machines: dict[str, Service], **wanted: int) -> Change:
    change = world.change(machines[name], **wanted)
    world.pay(change)
    return change


def _parked(changes: list[Change]) -> int:
    return Change.objects.filter(pk__in=[change.pk for change in changes], status="parked").count()
