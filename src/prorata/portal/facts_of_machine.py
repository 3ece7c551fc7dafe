"""What happened to the machine of a service: the steps of its changes, what they waited for, its move to another host, what
was deleted on it, and the restart that made values active. From the journal of the jobs and the readings, in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.db.models import F, Window
from django.db.models.functions import Lag
from django.urls import reverse
from django.utils.translation import gettext as _

from prorata.changes.machine_words import refused
from prorata.changes.models import Change, ChangeLine
from prorata.changes.progress import not_done, step_name
from prorata.changes.words import reason_words
from prorata.customers.models import User
from prorata.portal.facts import Fact
from prorata.provisioning.models import Deletion, JobEvent, JobStep
from prorata.services.models import Reading, Service

What = JobEvent.What


def of_machine(service: Service, changes: Iterable[Change], reader: User) -> Iterator[Fact]:
    yield from _of_jobs(service, {change.origin: change for change in changes})
    yield from _deletions(service, reader)
    yield from _restarts(service)


def _of_jobs(service: Service, changes: dict[str, Change]) -> Iterator[Fact]:
    """The journal, without its repetitions: a step begins once, and what is waited for is said when it begins to be so."""
    events = JobEvent.objects.filter(job__service=service).select_related("job", "step").order_by("job", "id")
    begun: set[int] = set()
    waiting: tuple[int, str] | None = None
    for event in events:
        change = changes.get(event.job.origin)
        if change is None:
            continue
        if event.what in (What.WAITS, What.ATTENTION):
            reason = (event.job_id, event.detail.partition(":")[0])
            if reason != waiting:
                yield _fact(event, change, _waits(event), reason_words(reason[1]))
            waiting = reason
        elif event.what == What.MOVED:
            yield _fact(event, change, _("Moved to another host"))
        elif event.step is not None and event.what == What.INTENDED and event.step_id not in begun:
            begun.add(event.step.pk)
            yield _fact(event, change, _("Step begun"), _name(event.step, change))
        elif event.step is not None and event.what == What.RECORDED:
            waiting = None
            yield _of_step(event, event.step, change)


def _fact(event: JobEvent, change: Change, what: str, detail: str = "", quote: str = "") -> Fact:
    return Fact(
        key=f"{change.reference}-machine-{event.pk}", turn=1, at=event.at, kind="machine", what=what, detail=detail,
        by=_("by itself"), address=reverse("portal:show_change", args=[change.reference]), reference=change.reference,
        quote=quote, order=event.pk,
    )  # fmt: skip


def _waits(event: JobEvent) -> str:
    return _("Waiting for the machine") if event.what == What.WAITS else _("Being looked at by our staff")


def _name(step: JobStep, change: Change) -> str:
    lines: dict[str, ChangeLine] = {line.component: line for line in change.lines.all()}
    name = step_name(lines[step.component], step.from_value, step.to_value)
    return _("Put back: %(what)s") % {"what": name} if step.kind == JobStep.Kind.UNDO else name


def _of_step(event: JobEvent, step: JobStep, change: Change) -> Fact:
    name = _name(step, change)
    if step.state == JobStep.State.FAILED:
        why = refused(step.reason)
        detail = _("%(what)s. %(why)s") % {"what": name, "why": not_done(why)}
        return _fact(event, change, _("Step not done"), detail, why.quote)
    what = {
        JobStep.State.RESTART: _("Step done, active after the next restart"),
        JobStep.State.SKIPPED: _("Step left out"),
    }.get(JobStep.State(step.state), _("Step done"))
    return _fact(event, change, what, name)


def _deletions(service: Service, reader: User) -> Iterator[Fact]:
    for one in service.deletions.select_related("asked_by").exclude(ended_at=None):
        assert one.ended_at is not None
        gone = one.state == Deletion.State.GONE
        why = refused("" if gone else one.reason)
        yield Fact(
            key=f"deletion-{one.pk}", at=one.ended_at, kind="machine", detail=why.words, quote=why.quote,
            what=(_("“%(name)s” was deleted") if gone else _("“%(name)s” could not be deleted"))
            % {"name": one.name or one.object_id},
            by=_("you") if one.asked_by_id == reader.pk else str(one.asked_by),
        )  # fmt: skip


def _restarts(service: Service) -> Iterator[Fact]:
    """The first reading on which nothing waits for a restart any more."""
    before = Window(Lag("restart_pending"), order_by=[F("taken_at").asc(), F("id").asc()])
    rows = Reading.objects.filter(service=service).annotate(before=before)
    for reading in rows.exclude(before=[]).exclude(before=None):
        if reading.restart_pending:  # asked here: in the statement it would hide those before from the window
            continue
        yield Fact(
            key=f"restart-{reading.pk}", turn=1, at=reading.taken_at, kind="machine", by=_("by itself"),
            what=_("Restarted"), detail=_("What waited for the restart is active now."),
        )  # fmt: skip
