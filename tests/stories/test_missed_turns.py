"""Jobs get lost in ways nobody thought of; the sweep looks at the facts and takes the turn that was missed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from prorata.changes import states
from prorata.changes.apply import begin
from prorata.changes.tasks import sweep
from prorata.provisioning.models import Job
from prorata.provisioning.run import run
from support.world import World


def lose_jobs() -> None:
    """As if a queue had been emptied by hand."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_events")
        cursor.execute("DELETE FROM procrastinate_jobs")


@pytest.mark.parametrize("turns_before_the_loss", [0, 1, 2])
def test_a_paid_change_goes_on_although_its_jobs_are_lost(world: World, turns_before_the_loss: int) -> None:
    web = world.web_01("2026-08-15T14:02+09:00")
    change = world.change(web, memory=8)
    world.pay(change)
    for _ in range(turns_before_the_loss):
        lose_jobs()
        world.clock.forward(timedelta(seconds=61))
        world.sweep()
    lose_jobs()
    assert world.reread(change).status != states.APPLIED

    world.wait(seconds=61)
    world.wait(seconds=61)

    assert world.reread(change).status == states.APPLIED
    assert world.measured(web)["memory"] == 8
    assert len(world.hypervisor.operations(web.external_id)) == 1


def test_a_finished_job_is_followed_although_nobody_was_told(world: World) -> None:
    web = world.web_01("2026-08-15T14:02+09:00")
    world.gift(9_000, until="2026-12-31T00:00+09:00")
    change = world.change(web, memory=8)
    begin(change.pk)
    run(Job.objects.get().pk)
    lose_jobs()
    assert world.reread(change).status == states.APPLYING
    sweep(0)
    assert world.reread(change).status == states.APPLYING, "a minute is left for the job that follows"

    world.clock.forward(timedelta(seconds=61))
    sweep(0)
    assert world.reread(change).status == states.APPLIED
