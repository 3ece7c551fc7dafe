"""What cannot be chosen is refused with the same words by estimate, quote and submit, and the way out beside them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from prorata.changes import states
from prorata.changes.estimate import estimate
from prorata.changes.free import delete_object
from prorata.changes.models import Quote
from prorata.changes.parse import parse_wanted
from prorata.changes.refusals import Refused, way_out, words
from prorata.changes.situation import situation
from prorata.services.models import Service
from support.world import World

LIVE = {"grow": "live", "shrink": "live"}
MACHINE = {
    "components": dict.fromkeys(("cpu", "memory", "disk", "backups", "snapshots"), LIVE),
    "usage": {"memory": "2.9", "disk": "62"},
    "objects": [{"kind": "snapshots", "name": "before-php8", "created_at": "2026-07-06T03:00:00Z"}],
}


@pytest.fixture
def web(world: World) -> Service:
    """web-01 with 62 GB of disk and 2.9 GB of memory in use, and one snapshot."""
    return world.web_01("2026-08-15T14:02+09:00", **MACHINE)


def refusal(ask: Callable[[], object]) -> tuple[str, str]:
    with pytest.raises(Refused) as caught:
        ask()
    first = caught.value.refusals[0]
    return words(first), way_out(first)


def refused_by_all(world: World, quote: Quote, **wanted: int | str) -> tuple[str, str]:
    """Ask for an estimate, a quote, and to submit a quote that was good before: all say the same; nothing changes."""
    service = world.reread(quote.service)
    with world.unchanged():
        said = {
            refusal(lambda: estimate(situation(service), wanted)),
            refusal(lambda: world.quote(service, **wanted)),
            refusal(lambda: world.submit(quote)),
        }
    assert len(said) == 1, said
    return said.pop()


def typed(world: World, service: Service, **fields: str) -> str:
    """What the page answers to these typed values, without a word about the others."""
    world.measure(service)
    return refusal(lambda: parse_wanted(situation(world.reread(service)), fields))[0]


def test_a_disk_that_has_filled_up_since_the_quote_is_not_shrunk(world: World, web: Service) -> None:
    """80 GB was possible with 62 in use. 88.4 with 10 % of the disk free needs 98.2, so 100 is the floor; of 80, 72 fit."""
    quote = world.quote(web, disk=80)
    world.hypervisor.change_machine(web.external_id, usage={"disk": "88.4"})
    world.measure(web)

    assert refused_by_all(world, quote, disk=80) == (
        "NVMe SSD cannot go below 100\u00a0GB: 88.4\u00a0GB is used and 10 % must stay free.",
        "To choose 80\u00a0GB, free 16.4\u00a0GB first.",
    )


def test_whole_figures_are_said_whole(world: World, web: Service) -> None:
    """88 less 72 is 16, not 16.0."""
    world.hypervisor.change_machine(web.external_id, usage={"disk": "88"})
    world.measure(web)
    with pytest.raises(Refused) as caught:
        estimate(situation(world.reread(web)), {"disk": 80})
    assert way_out(caught.value.refusals[0]) == "To choose 80\u00a0GB, free 16\u00a0GB first."


def test_freeing_what_the_way_out_says_makes_it_possible(world: World, web: Service) -> None:
    """88.4 less 16.4 is 72.0, which leaves 10 % of 80 GB free."""
    world.hypervisor.change_machine(web.external_id, usage={"disk": "72"})
    assert world.quote(web, disk=80).gross_minor < 0
    world.hypervisor.change_machine(web.external_id, usage={"disk": "72.1"})
    world.measure(web)
    assert refusal(lambda: estimate(situation(web), {"disk": 80}))[0].startswith("NVMe SSD cannot go below")


def test_a_snapshot_limit_below_the_snapshots_names_them(world: World, web: Service) -> None:
    """Limit 1 with one snapshot was possible; a second one was taken meanwhile."""
    quote = world.quote(web, snapshots=1)
    second = world.hypervisor.add_object(web.external_id, "snapshots", "before-move")
    world.measure(web)

    said, out = refused_by_all(world, quote, snapshots=1)
    assert said.startswith(
        "Snapshot limit cannot go below 2: 2 exist (“before-php8” of 6 Jul 2026, “before-move” of "
    )
    assert out == "Delete what you no longer need to choose less."

    delete_object(world.owner, web, second)
    change = world.submit(quote)
    world.work()
    assert world.reread(change).status == states.APPLIED
    assert world.measured(web)["snapshots"] == 1


def test_snapshots_cannot_be_limited_to_none_while_one_exists(world: World, web: Service) -> None:
    with world.refusing("Snapshot limit cannot go below 1: 1 exists (“before-php8” of 6 Jul 2026)."):
        world.quote(web, snapshots=0)


def test_a_value_between_the_steps_names_the_two_nearest(world: World, web: Service) -> None:
    with world.refusing("Memory can be 4\u00a0GB or 6\u00a0GB."):
        world.quote(web, memory=5)
    assert typed(world, web, memory="5") == "Memory can be 4\u00a0GB or 6\u00a0GB."
    assert typed(world, web, disk="399") == "NVMe SSD can be 320\u00a0GB or 400\u00a0GB."


def test_more_than_is_sold_is_refused(world: World, web: Service) -> None:
    for huge in (65, 128, 10**9, 10**30):
        with world.refusing("Memory cannot go above 64\u00a0GB: more is not sold."):
            world.quote(web, memory=huge)
    assert typed(world, web, memory="999999999") == "Memory cannot go above 64\u00a0GB: more is not sold."


def test_less_than_is_sold_is_refused(world: World, web: Service) -> None:
    for little in (0, -1, -(10**12)):
        with world.refusing("CPU cores cannot go below 1: less is not sold."):
            world.quote(web, cpu=little)


def test_what_is_not_a_whole_number_is_refused_before_anything_is_computed(
    world: World, web: Service
) -> None:
    nonsense = [
        "",
        " ",
        "-8",
        "+8",
        "8.0",
        "8,0",
        "8 GB",
        "1e1",
        "0x8",
        "NaN",
        "8\x00",
        "9" * 10,
        "9" * 5_000,
    ]
    with world.unchanged():
        for text in [*nonsense, "\uff18", "\u0668", "\u516b"]:  # an eight in full width, Arabic, Chinese
            assert typed(world, web, memory=text) == "Memory must be a whole number, such as 4.", text


def test_every_wrong_field_is_told_at_once(world: World, web: Service) -> None:
    world.measure(web)
    with pytest.raises(Refused) as caught:
        parse_wanted(
            situation(world.reread(web)),
            {"cpu": "x", "memory": "5", "disk": "60", "backups": "15", "other": "1"},
        )
    assert [(r.component, r.code) for r in caught.value.refusals] == [
        ("cpu", "not_a_number"), ("memory", "off_step_between"), ("disk", "in_use_reserve"), ("backups", "above_maximum"),
    ]  # fmt: skip


def test_an_instance_type_or_resource_that_is_not_sold_is_refused(world: World, web: Service) -> None:
    cvm = world.cvm_01()
    with world.refusing("Instance type: choose one of the options shown."):
        world.quote(cvm, instance_type="64c512g")
    with world.refusing("Instance type: choose one of the options shown."):
        world.quote(cvm, instance_type=2)
    with world.refusing("gpu: choose one of the options shown."):
        world.quote(web, gpu=1)
    with world.refusing("Memory: choose one of the options shown."):
        world.quote(web, memory="8")


def test_no_change_at_all_is_refused(world: World, web: Service) -> None:
    with world.refusing("Change at least one value to continue."):
        world.quote(web, memory=4)
    with world.refusing("Change at least one value to continue."):
        world.quote(web)


def test_what_is_not_known_is_not_reduced_but_may_grow(world: World, web: Service) -> None:
    """The hypervisor has been silent for a quarter of an hour."""
    quote = world.quote(web, backups=4)
    world.hypervisor.settings(down=True)
    world.clock.forward(timedelta(minutes=15, seconds=1))
    said = "Backup generations cannot be reduced now: how much is used is not known. Increases are possible."
    assert refusal(lambda: estimate(situation(web), {"backups": 4}))[0] == said
    assert refusal(lambda: world.submit(quote))[0] == said
    assert estimate(situation(web), {"backups": 8}).direction == "upgrade"
    world.hypervisor.settings(down=False)


def test_usage_that_grows_after_submit_is_caught_by_the_machine_itself(world: World, web: Service) -> None:
    """Nobody measured in between: the hypervisor refuses, nothing is credited, and the change says why."""
    change = world.change(web, disk=80)
    world.hypervisor.change_machine(web.external_id, usage={"disk": "88.4"})
    world.work()

    change = world.reread(change)
    assert (change.status, change.reason) == (states.REVERSED, "step_failed")
    assert change.detail == "88.4 of disk are in use; at least 89 must stay"
    assert (world.credit(), world.ledger(), world.log()) == (0, {}, [])
    assert world.measured(web)["disk"] == world.reread(web).configuration["disk"] == 100
