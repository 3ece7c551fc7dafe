"""Reductions that could go wrong: what is used, what is stored, what runs beside it, and when the credit comes."""

from __future__ import annotations

import pytest
from django.forms.models import model_to_dict

from prorata.catalog.models import ResourceType
from prorata.changes import states
from prorata.changes.estimate import estimate
from prorata.changes.models import Change
from prorata.changes.refresh import refresh
from prorata.changes.refusals import Refused, words
from prorata.changes.situation import situation
from prorata.changes.tasks import follow
from prorata.provisioning import run as runner
from prorata.provisioning import step
from prorata.provisioning.models import Job
from prorata.services.models import Reading, Service
from prorata.services.readings import newest
from support.world import WEB, World

GAP = "\u00a0"
LIVE = {code: {"grow": "live", "shrink": "live"} for code in WEB}


@pytest.fixture
def web(world: World) -> Service:
    """web-01 with 62 GB of its disk in use and one snapshot."""
    return world.web_01(
        "2026-08-15T14:02+09:00", components=LIVE, usage={"memory": "0.9", "disk": "62"},
        objects=[{"kind": "snapshots", "name": "before-php8", "created_at": "2026-07-06T03:00:00Z"}],
    )  # fmt: skip


def assert_nothing_given(world: World, web: Service, change: Change, **still: int) -> None:
    """The change ended, the machine and the service are as before, and nobody got a credit."""
    assert world.reread(change).status == states.REVERSED
    for code, value in still.items():
        assert world.measured(web)[code] == world.reread(web).configuration[code] == value
    assert world.credit() == 0
    assert world.log() == []


def refused_by_page_and_estimate(web: Service, code: str, value: int) -> str:
    refresh(web)
    now = situation(web)
    assert value not in now.limits[code].allowed
    with pytest.raises(Refused) as caught:
        estimate(now, {code: value})
    return words(caught.value.refusals[0])


# --- 61: usage grows between check and shrink ---------------------------------------------------------------------


def test_use_that_grew_since_continue_is_refused_at_submit(world: World, web: Service) -> None:
    """Quoted with 62 GB in use. Half a minute later, before the next round of readings, the machine tells of 88.4."""
    quote = world.quote(web, disk=80)
    world.at("2026-08-15T14:02:30+09:00")
    world.hypervisor.change_machine(web.external_id, usage={"disk": "88.4"})
    with world.refusing(f"NVMe SSD cannot go below 100{GAP}GB"):
        world.submit(quote)


def test_a_machine_that_is_silent_at_submit_stops_nobody(world: World, web: Service) -> None:
    """What it told half a minute ago stands; the job asks again before it does anything."""
    quote = world.quote(web, disk=80)
    world.at("2026-08-15T14:02:30+09:00")
    world.hypervisor.settings(down=True)
    change = world.submit(quote)
    assert change.status == states.APPLYING
    world.hypervisor.settings(down=False)
    world.work()
    assert world.reread(change).status == states.APPLIED


def test_a_machine_that_is_busy_at_submit_is_waited_for(world: World, web: Service) -> None:
    """While it makes its backup it does not tell how much is used: the change is taken, and waits."""
    quote = world.quote(web, disk=80)
    world.at("2026-08-15T14:02:30+09:00")
    world.hypervisor.busy(web.external_id, "backup")
    told = model_to_dict(newest(web.pk), exclude=["id", "service"]) | {
        "usage": {},
        "state": "busy",
        "busy_with": "backup",
    }
    Reading.objects.create(service=web, **told | {"taken_at": world.clock.now()})
    change = world.submit(quote)
    world.work()
    assert world.reread(change).status == states.PARKED
    assert world.log() == []


def test_use_that_grows_after_submit_is_seen_in_the_breath_of_the_shrink(world: World, web: Service) -> None:
    """80 GB was possible with 62 in use. 88.4 are when the machine is told: it refuses, nothing is credited."""
    change = world.change(web, disk=80)
    world.hypervisor.change_machine(web.external_id, usage={"disk": "88.4"})
    world.work()
    assert_nothing_given(world, web, change, disk=100)
    assert "88.4 of disk are in use" in Job.objects.get().steps.get().reason


def test_use_that_grows_between_our_last_look_and_the_call_is_seen_too(
    world: World, web: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The job has read 62 GB and recorded its intent; the disk fills up before the call arrives."""
    call = step._call

    def filled_up(run: object, one: object) -> None:
        world.hypervisor.change_machine(web.external_id, usage={"disk": "99"})
        call(run, one)  # type: ignore[arg-type]

    monkeypatch.setattr(step, "_call", filled_up)
    change = world.change(web, disk=80)
    world.work()
    assert_nothing_given(world, web, change, disk=100)


# --- 62: a limit below what is stored -----------------------------------------------------------------------------


def test_a_limit_below_the_snapshots_names_them(world: World, web: Service) -> None:
    said = refused_by_page_and_estimate(web, "snapshots", 0)
    assert said == "Snapshot limit cannot go below 1: 1 exists (“before-php8” of 6 Jul 2026)."
    with world.refusing(said):
        world.quote(web, snapshots=0)


def test_a_snapshot_taken_after_submit_keeps_its_place(world: World, web: Service) -> None:
    change = world.change(web, snapshots=1)
    world.hypervisor.add_object(web.external_id, "snapshots", "before-move")
    world.work()
    assert_nothing_given(world, web, change, snapshots=2)
    assert "before-php8, before-move" in Job.objects.get().steps.get().reason


# --- 63: submitted twice ------------------------------------------------------------------------------------------


def test_submitted_twice_worked_twice_and_followed_twice_it_is_one_credit(world: World, web: Service) -> None:
    quote = world.quote(web, backups=4)
    first = world.submit(quote)
    assert world.submit(quote) == first
    world.work()
    job = Job.objects.get()
    runner.run(job.pk)
    follow(job.pk)
    assert world.submit(quote) == first
    world.work()
    assert world.log() == [("reduced", 2_431, 2_431)]
    assert world.done(web) == [("backups", 4)]


# --- 64: while an upgrade provisions ------------------------------------------------------------------------------


def test_a_downgrade_waits_until_the_upgrade_is_there(world: World, web: Service) -> None:
    """Refused by estimate, quote and submit as long as the other is open; then one after the other on the machine."""
    ready = world.quote(web, backups=4)
    world.hypervisor.busy(web.external_id, "backup")
    upgrade = world.change(web, memory=8)
    world.pay(upgrade)
    world.work()
    assert world.reread(upgrade).status == states.PARKED
    told = f"Change {upgrade.reference} of this service is still open. Finish or cancel it first."
    for ask in (
        lambda: estimate(situation(web), {"backups": 4}),
        lambda: world.quote(web, backups=4),
        lambda: world.submit(ready),
    ):
        with world.refusing(told):
            ask()
    world.hypervisor.not_busy(web.external_id)
    world.wait(minutes=5)
    assert world.reread(upgrade).status == states.APPLIED
    world.change(world.reread(web), backups=4)
    world.work()
    assert world.done(web) == [("memory", 8), ("backups", 4)]


# --- 65: credit only after the verified shrink --------------------------------------------------------------------


def test_a_machine_that_only_says_it_shrank_brings_no_credit(world: World, web: Service) -> None:
    """It lies: backups stay 7. The credit comes when the machine has been read and has 4."""
    world.hypervisor.fault(call="apply", kind="lie")
    change = world.change(web, backups=4)
    world.work()
    assert world.measured(web)["backups"] == 7
    assert world.credit() == 0
    assert world.reread(change).status == states.PARKED
    world.wait(minutes=5)
    assert world.measured(web)["backups"] == 4
    assert world.log() == [("reduced", 2_431, 2_431)]


def test_a_shrink_whose_answer_was_lost_brings_its_credit_once(world: World, web: Service) -> None:
    world.hypervisor.fault(call="apply", effect="after")
    change = world.change(web, backups=4)
    world.work()
    assert world.reread(change).status == states.APPLIED
    assert world.log() == [("reduced", 2_431, 2_431)]
    assert world.done(web) == [("backups", 4)]


# --- 66: a disk shrinks only where product and machine both can ---------------------------------------------------


@pytest.mark.parametrize(("product", "machine"), [(True, True), (True, False), (False, True), (False, False)])
def test_a_disk_shrinks_where_product_and_machine_both_allow_it(
    world: World, product: bool, machine: bool
) -> None:
    web = world.web_01(
        "2026-08-15T14:02+09:00", components={"disk": {"shrink": "live" if machine else "never"}},
        usage={"disk": "12"},
    )  # fmt: skip
    ResourceType.objects.filter(code="disk").update(may_shrink=product)
    if product and machine:
        change = world.change(web, disk=80)
        world.work()
        assert world.reread(change).status == states.APPLIED
        assert world.measured(web)["disk"] == 80
        return
    said = refused_by_page_and_estimate(web, "disk", 80)
    assert said == (
        f"NVMe SSD can grow but not shrink: 100{GAP}GB is the lowest possible."
        if not product
        else f"NVMe SSD cannot go below 100{GAP}GB: disk cannot be reduced on this machine."
    )
    with world.refusing(said):
        world.quote(web, disk=80)


def test_a_machine_that_stops_shrinking_after_submit_gives_nothing(world: World, web: Service) -> None:
    change = world.change(web, disk=80)
    world.hypervisor.change_component(web.external_id, "disk", shrink="never")
    world.work()
    assert_nothing_given(world, web, change, disk=100)
