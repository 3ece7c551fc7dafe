"""The worker is killed, paused or cut off from its database in the middle of changes. Each ends applied, once."""

from __future__ import annotations

from functools import partial

from prorata.changes.models import Change
from prorata.provisioning.models import Job, JobStep
from prorata.services.models import Service
from support.attacks import Attack, attack
from support.ends_well import ends_applied
from support.killing import Site
from support.world import World

__all__ = ["attack"]
FOR_AGES = 3_600.0


def bought(world: World, service: Service, **wanted: int) -> Change:
    """An upgrade that is paid by card; the worker has the rest to do."""
    change = world.change(service, **wanted)
    world.pay(change)
    return change


def test_killed_before_during_and_after_its_calls(site: Site, world: World, attack: Attack) -> None:
    """Five changes are worked on at once, each at another point, when the worker is killed:

    before   the call has arrived and was never carried out      after   it was carried out, the answer never came
    slow     the step takes its time and the worker watches it   asking  the machine was only being read
    ending   the machine is done, and the credit is being booked
    """
    other, ryo = world.new_customer("Sato Print", "ryo@example.com")
    names = ("before", "after", "slow", "asking")
    machines = {name: world.service(name=name) for name in names}
    ending = world.service(name="ending", customer=other)
    world.at(world.summer)  # type: ignore[attr-defined]
    hypervisor = site.hypervisor
    slow_step = partial(hypervisor.change_component, machines["slow"].external_id, "cpu")
    slow_step(seconds=FOR_AGES)
    changes = {
        "before": bought(world, machines["before"], memory=8),
        "after": bought(world, machines["after"], disk=200),
        "slow": bought(world, machines["slow"], cpu=4),
        "asking": bought(world, machines["asking"], snapshots=5),
    }
    last = world.change(ending, by=ryo, backups=4)
    # More than once: the minute's measuring reads too, and on a slow machine the worker may give an answer up and ask
    # again before all have come so far.
    hangs = {"kind": "hang", "seconds": FOR_AGES, "times": 99}
    hypervisor.fault(call="apply", **hangs, only_for={"component": "memory"})
    hypervisor.fault(call="apply", **hangs, effect="after", only_for={"component": "disk"})
    asked = {"machine": machines["asking"].external_id}
    hypervisor.fault(call="read", **hangs, only_for=asked)
    with attack() as sql:
        # Whoever ends the last change has written everything but the number of its credit note.
        sql.execute("SELECT 1 FROM invoices_numberseries WHERE kind = 'credit_note' FOR UPDATE")
        site.start_worker()
        for component in ("memory", "disk", "cpu"):
            site.wait_for(site.called("apply", component=component), f"the call for {component}")
        site.wait_for(site.called("read", **asked), "the reading that hangs")
        site.wait_for(site.waits_for("invoices_numberseries"), "the credit note")
        site.kill()
    hypervisor.clear_faults()
    assert Change.objects.exclude(status="applied").count() == 5
    assert world.credit(customer=other) == 0
    assert hypervisor.effects(ending.external_id) == 1
    assert hypervisor.effects(machines["before"].external_id) == 0
    assert hypervisor.effects(machines["after"].external_id) == 1

    slow_step(seconds=0.5)
    site.start_worker()

    for change in (*changes.values(), last):
        ends_applied(site, world, change)
    # Backups 7 to 4 for 107 of 183 days, worked out in the stories: given once.
    assert world.credit(customer=other) == 2_431


def test_killed_again_and_again(site: Site, world: World) -> None:
    """A mixed change of three steps; the worker dies at the first and at the last, and goes on where it was."""
    web = world.service()
    world.at(world.summer)  # type: ignore[attr-defined]
    change = bought(world, web, backups=4, cpu=4, memory=8)
    deaths = ("backups", "memory")
    for component in deaths:
        site.hypervisor.fault(call="apply", kind="hang", seconds=FOR_AGES, only_for={"component": component})
    for component in deaths:
        site.start_worker()
        site.wait_for(site.called("apply", component=component), f"the call for {component}")
        site.kill()
    site.start_worker()
    ends_applied(site, world, change, effects=3)
    done = [
        line["component"] for line in reversed(site.hypervisor.operations(web.external_id)) if line["effect"]
    ]
    assert done == ["backups", "cpu", "memory"]


def test_a_worker_that_wakes_up_too_late_writes_nothing(site: Site, world: World) -> None:
    """It stands still in the middle of a call while another takes over and ends the change; then it goes on."""
    web = world.service()
    world.at(world.summer)  # type: ignore[attr-defined]
    change = bought(world, web, memory=8)
    site.hypervisor.fault(
        call="apply", kind="hang", effect="after", seconds=8, only_for={"component": "memory"}
    )
    site.start_worker()
    site.wait_for(site.called("apply", component="memory"), "the call")
    site.pause()
    site.start_worker("second")
    ends_applied(site, world, change)
    before = _journal(change)

    site.resume()
    refused = ("is worked on by another run", "was taken over")  # at its next write, or at giving the job up
    site.wait_for(
        lambda: any(words in site.whole_log("worker") for words in refused), "the first worker to be refused"
    )
    another = bought(world, world.reread(web), cpu=4)
    ends_applied(site, world, another, effects=2)
    assert _journal(change) == before


def _journal(change: Change) -> list[dict[str, object]]:
    job = Job.objects.filter(origin=change.origin)
    steps = JobStep.objects.filter(job__in=job).order_by("position")
    return [*job.values(), *steps.values()]


def test_connections_cut_in_the_middle(site: Site, world: World) -> None:
    """PostgreSQL ends all connections of the worker while it waits for a machine, and again while it is idle."""
    web = world.service()
    world.at(world.summer)  # type: ignore[attr-defined]
    change = bought(world, web, memory=8)
    site.hypervisor.fault(
        call="apply", kind="hang", effect="after", seconds=2, only_for={"component": "memory"}
    )
    site.start_worker()
    site.wait_for(site.called("apply", component="memory"), "the call")
    assert site.cut_connections() > 0
    site.wait_for(lambda: world.reread(change).status == "applied", "the change", supervised=True)
    ends_applied(site, world, change)


def test_connections_of_idle_jobs_cut(site: Site, world: World) -> None:
    """All but the one it listens on are gone, as after an idle timeout: nobody notices until the next job, which must
    not fail for it again and again."""
    web = world.service()
    world.at(world.summer)  # type: ignore[attr-defined]
    site.start_worker()
    first = bought(world, web, memory=8)
    ends_applied(site, world, first)
    for effects, wanted in ((2, {"cpu": 4}), (3, {"cpu": 6})):
        # What has told of the change may not have ended yet, and a job that is cut off in the middle is another story.
        site.wait_for(site.rests, "the jobs to end")
        assert site.cut_connections(but="LISTEN") > 0
        change = bought(world, world.reread(web), **wanted)
        ends_applied(site, world, change, effects=effects)
    assert site.alive()
