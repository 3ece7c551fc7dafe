"""The worker is killed with SIGKILL before and after every step of a change. Each change has one effect."""

from __future__ import annotations

import json
import os
import random
from collections import Counter
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

import pytest

from prorata.changes.models import Change
from prorata.credit.models import LogLine
from prorata.invoices.models import CreditNote, Layer
from prorata.provisioning.models import Job, JobEvent, JobStep
from prorata.services.models import Service
from support.killing import Site
from support.world import World

PROVE = bool(os.environ.get("PRORATA_PROVE"))
SEED = int(os.environ.get("PRORATA_STORY_SEED", "20261126"))
LIVE = {"grow": "live", "shrink": "live"}
RESTARTS = {"grow": "restart", "shrink": "restart"}
# How many changes stand still in one worker when it is killed; each takes a thread of it.
AT_ONCE = 24


@dataclass(frozen=True)
class Course:
    """A kind of change: how its machine is made, what is asked of it, and the one end it must come to."""

    name: str
    wanted: dict[str, int]
    status: str
    effects: tuple[tuple[str, int], ...]
    components: dict[str, dict[str, str]]
    refuses: tuple[str, ...] = ()
    host: str = "tokyo-1"
    may_restart: bool = True
    notes: int = 0
    layers: int = 0
    restarts: int = 0


COURSES = (
    Course(
        "reduced, grown, grown with a restart", {"backups": 4, "cpu": 4, "memory": 8}, "applied",
        (("backups", 4), ("cpu", 4), ("memory", 8)), {"backups": LIVE, "memory": RESTARTS}, layers=2, restarts=1,
    ),
    Course(
        "reduced, refused, put back", {"backups": 4, "snapshots": 1, "memory": 8}, "reversed",
        (("backups", 4), ("backups", 7)), {"backups": LIVE, "snapshots": LIVE}, refuses=("snapshots",), notes=1,
    ),
    Course(
        "grown, refused", {"cpu": 4, "memory": 8}, "partly_applied", (("cpu", 4),), {}, refuses=("memory",), notes=1,
        layers=1,
    ),
    Course("reduced with a restart", {"memory": 2}, "applied", (("memory", 2),), {"memory": RESTARTS}, notes=1, restarts=1),
    Course("grown, restarted later", {"memory": 8}, "applied", (), {"memory": RESTARTS}, may_restart=False, layers=1),
    Course("host full, moved, grown", {"memory": 8}, "applied", (("memory", 8),), {}, host="full", layers=1),
)  # fmt: skip


@dataclass(frozen=True)
class Told:
    """One change of a course, and the point at which the worker is killed in it."""

    course: Course
    change: Change
    service: Service
    point: str = ""


def begin(world: World, course: Course) -> Told:
    """A customer of his own buys with a gift, so that applying begins at once."""
    n = world.machines + 1
    customer, person = world.new_customer(f"Customer {n}", f"customer-{n}@example.com")
    world.gift(40_000, until=f"{world.summer[:4]}-12-31T00:00+09:00", customer=customer)  # type: ignore[attr-defined]
    service = world.service(
        name=f"web-{n}", customer=customer, components=course.components, host=course.host
    )
    for component in course.refuses:
        world.hypervisor.change_component(service.external_id, component, refuses="it cannot be done here")
    change = world.submit(
        world.quote(service, by=person, **course.wanted), by=person, may_restart=course.may_restart
    )
    assert change.status == "applying"
    return Told(course, change, service)


def ends_once(world: World, told: Told) -> None:
    """On the machine once, in the books once, in the journal once."""
    course, change = told.course, world.reread(told.change)
    what = f"{course.name}, killed at: {told.point}"
    assert change.status == course.status, what
    assert sorted(world.done(told.service)) == sorted(course.effects), what
    assert world.hypervisor.restarts(told.service.external_id) == course.restarts, what
    assert CreditNote.objects.filter(origin=change.origin).count() == course.notes, what
    assert Layer.objects.filter(origin=change.origin).count() == course.layers, what
    spent = LogLine.objects.filter(origin=change.origin, what="spent").count()
    assert spent == (1 if change.gross_minor > 0 else 0), what
    job = Job.objects.get(origin=change.origin)
    written = Counter(JobEvent.objects.filter(job=job).values_list("step", "what"))
    for step in JobStep.objects.filter(job=job):
        assert written[step.pk, "recorded"] == 1, what
        assert (written[step.pk, "intended"] > 0) == (step.attempts > 0), what
    assert written[None, "ended"] == 1, what
    if course.host == "full":
        assert world.hypervisor.machine(told.service.external_id)["host"] == "tokyo-1", what
        assert written[None, "moved"] <= 1, what


class Points:
    """The folder by which a worker and this test speak of points; see support/dying.py."""

    def __init__(self, site: Site, folder: Path) -> None:
        self.site, self.folder = site, folder
        (folder / "held").mkdir(parents=True)
        site.environment |= {
            "DJANGO_SETTINGS_MODULE": "support.dying_settings", "PRORATA_TEST_POINTS": str(folder),
        }  # fmt: skip

    def start_worker(self, plan: dict[str, tuple[str, int]] | dict[str, tuple[str, str, str]]) -> None:
        (self.folder / "plan.json").write_text(json.dumps(plan), encoding="utf-8")
        (self.folder / "points").write_text("", encoding="utf-8")
        for held in (self.folder / "held").iterdir():
            held.unlink()
        self.site.start_worker(concurrency=AT_ONCE + 8)

    def passed(self, machine: str) -> list[tuple[str, int, str]]:
        """(part, number within it, label) of the points that this machine's change has passed in this worker."""
        found, counts = [], Counter[str]()
        for line in (self.folder / "points").read_text(encoding="utf-8").splitlines():
            of, part, label = line.split("\t")
            if of == machine:
                found.append((part, counts[part], label))
                counts[part] += 1
        return found

    def standing(self) -> set[str]:
        return {held.name for held in (self.folder / "held").iterdir()}


@pytest.fixture
def points(site: Site, tmp_path: Path) -> Points:
    return Points(site, tmp_path / "points")


def together(world: World, told: list[Course]) -> list[Told]:
    """These changes are submitted; then their hosts are as they are to be found."""
    world.hypervisor.create_host("tokyo-1")
    world.hypervisor.create_host("full")
    made = [begin(world, course) for course in told]
    world.hypervisor.fill_host("full")
    return made


def all_ended(site: Site, changes: list[Told]) -> None:
    left = Change.objects.filter(pk__in=[told.change.pk for told in changes], ended_at=None)
    site.wait_for(lambda: not left.exists(), "every change to end", seconds=600)


def batches(
    found: list[tuple[Course, tuple[str, int, str]]],
) -> list[list[tuple[Course, tuple[str, int, str]]]]:
    """At most AT_ONCE in one worker, and of the points that may hold what all others need, one."""
    alone = [one for one in found if one[1][0] == "follow" and one[1][2].endswith("not committed")]
    others = [one for one in found if one not in alone]
    size = min(AT_ONCE - 1, max(1, -(-len(others) // max(len(alone), 1))))
    cut = [others[n : n + size] for n in range(0, len(others), size)]
    paired = zip_longest(cut, [[one] for one in alone], fillvalue=list[tuple[Course, tuple[str, int, str]]]())
    return [[*some, *one] for some, one in paired]


@pytest.mark.timeout(3_600 if PROVE else 1_800)
def test_killed_at_every_point(site: Site, world: World, points: Points) -> None:
    """Each course runs once undisturbed, and names its points. Then one change a point is begun, and the worker is
    killed while they stand there, each at its own: a fifth of the points drawn by the seed, all of them in ./prove."""
    world.at(world.summer)  # type: ignore[attr-defined]
    first = together(world, list(COURSES))
    points.start_worker({})
    all_ended(site, first)
    for told in first:
        ends_once(world, told)
    found = [(told.course, point) for told in first for point in points.passed(told.service.external_id)]
    counted = Counter(course.name for course, _ in found)
    assert set(counted) == {course.name for course in COURSES}
    dice = random.Random(SEED)
    chosen = found if PROVE else dice.sample(found, len(found) // 5)
    site.kill()

    killed: list[Told] = []
    for batch in batches(chosen):
        some = together(world, [course for course, _ in batch])
        plan = {t.service.external_id: point[:2] for t, (_, point) in zip(some, batch, strict=True)}
        points.start_worker(plan)
        site.wait_for(
            lambda plan=plan: points.standing() == set(plan),
            "every change to stand at its point",
            seconds=300,
        )
        for told, (course, (part, n, label)) in zip(some, batch, strict=True):
            assert (part, n, label) in points.passed(told.service.external_id)
            killed.append(Told(course, told.change, told.service, f"{part} {n}: {label}"))
        site.kill()
    points.start_worker({})
    all_ended(site, killed)

    for told in killed:
        ends_once(world, told)
    assert len(killed) == len(chosen)
    print(f"\n{len(killed)} of {len(found)} points at which the worker was killed, by course:")
    for name, n in counted.items():
        print(f"  {n:3} {name}")


def test_a_worker_that_wakes_up_before_its_call_is_refused_by_the_machine(
    site: Site, world: World, points: Points
) -> None:
    """It sleeps between its intention and its call, while another worker does the change and then the next one. Its call
    comes last: the machine has seen newer runs and does nothing."""
    world.at(world.summer)  # type: ignore[attr-defined]
    web = world.service()
    world.gift(40_000, until=f"{world.summer[:4]}-12-31T00:00+09:00")  # type: ignore[attr-defined]
    world.hypervisor.change_component(web.external_id, "memory", shrink="live")
    change = world.change(web, memory=8)
    points.start_worker({web.external_id: ("run", "before apply memory", "sleep")})
    site.wait_for(lambda: points.standing() == {web.external_id}, "the worker to sleep")
    (points.folder / "plan.json").write_text("{}", encoding="utf-8")
    site.start_worker("second")
    site.wait_for(lambda: world.reread(change).status == "applied", "the change")
    down = world.change(world.reread(web), memory=4)
    site.wait_for(lambda: world.reread(down).status == "applied", "the way back")

    def refused() -> list[str]:
        calls = world.hypervisor.calls("apply")
        return [call["facts"]["component"] for call in calls if call["outcome"] == "stale_fence"]

    site.resume()
    site.wait_for(refused, "the machine to refuse the call")
    # Its own record refuses it next, unless the queue has struck the sleeper off meanwhile: then it ends.
    site.wait_for(
        lambda: "is worked on by another run" in site.whole_log("worker") or not site.alive(),
        "the first worker to be refused",
    )
    assert refused() == ["memory"]
    assert world.measured(web)["memory"] == 4
    assert world.done(web) == [("memory", 8), ("memory", 4)]
