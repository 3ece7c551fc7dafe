"""What happened to the machine of a service: the steps of its changes, what they waited for, its move to another host, what
was deleted on it, and the restart that made values active. From the journal of the jobs and the readings, in words."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Exists, OuterRef, Q, Subquery
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
TOLD = Q(what__in=(What.WAITS, What.ATTENTION, What.MOVED)) | Q(
    what__in=(What.INTENDED, What.RECORDED), step__isnull=False
)


def of_machine(service: Service, reader: User, rows: int | None) -> Iterator[Fact]:
    yield from _of_jobs(service, rows)
    yield from _deletions(service, reader, rows)
    yield from _restarts(service, rows)


def _of_jobs(service: Service, rows: int | None) -> Iterator[Fact]:
    """The journal of the newest jobs with something to tell, without its repetitions: a step begins once, and what is waited
    for is said when it begins to be so. As there is one change at a time, each job is younger than all of the one before."""
    told = JobEvent.objects.filter(TOLD)
    jobs = service.jobs.filter(Exists(told.filter(job=OuterRef("pk"))), origin__startswith="change:")
    newest = jobs.order_by("-pk").values("pk")[:rows]
    events = list(told.filter(job__in=newest).select_related("job", "step").order_by("job", "id"))
    references = {event.job.origin.removeprefix("change:") for event in events}
    found = Change.objects.filter(reference__in=references).prefetch_related("lines")
    changes = {change.origin: change for change in found}
    begun: set[int] = set()
    waiting: tuple[int, str] | None = None
    for event in events:
        change = changes[event.job.origin]
        if event.what in (What.WAITS, What.ATTENTION):
            reason = (event.job_id, event.detail.partition(":")[0])
            if reason != waiting:
                yield _fact(event, change, _waits(event), reason_words(reason[1]))
            waiting = reason
        elif event.what == What.MOVED:
            yield _fact(event, change, _("Moved to another host"))
        elif event.step is not None and event.what == What.RECORDED:
            waiting = None
            yield _of_step(event, event.step, change)
        elif event.step is not None and event.step_id not in begun:
            begun.add(event.step.pk)
            yield _fact(event, change, _("Step begun"), _name(event.step, change))


def _fact(event: JobEvent, change: Change, what: str, detail: str = "", quote: str = "") -> Fact:
    return Fact(
        key=f"{change.reference}-machine-{event.pk}", turn=2, at=event.at, kind="machine", what=what, detail=detail,
        by=_("by itself"), address=reverse("portal:show_change", args=[change.reference]), reference=change.reference,
        quote=quote, row=event.pk,
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


def _deletions(service: Service, reader: User, rows: int | None) -> Iterator[Fact]:
    ended = service.deletions.select_related("asked_by").exclude(ended_at=None)
    for one in ended.order_by("-ended_at", "-pk")[:rows]:
        assert one.ended_at is not None
        gone = one.state == Deletion.State.GONE
        why = refused("" if gone else one.reason)
        yield Fact(
            key=f"deletion-{one.pk}", at=one.ended_at, kind="machine", detail=why.words, quote=why.quote,
            what=(_("“%(name)s” was deleted") if gone else _("“%(name)s” could not be deleted"))
            % {"name": one.name or one.object_id},
            by=_("you") if one.asked_by_id == reader.pk else str(one.asked_by), row=one.pk,
        )  # fmt: skip


def _restarts(service: Service, rows: int | None) -> Iterator[Fact]:
    """The first reading on which nothing waits for a restart any more: the one after a reading on which something did."""
    later = Reading.objects.filter(service=OuterRef("service"), taken_at__gte=OuterRef("taken_at")).exclude(
        taken_at=OuterRef("taken_at"), pk__lte=OuterRef("pk")
    )
    after = later.order_by("taken_at", "pk")
    waiting = Reading.objects.filter(service=service).exclude(restart_pending=[])
    restarted = waiting.annotate(
        after=Subquery(after.values("pk")[:1]), then=Subquery(after.values("taken_at")[:1]),
        still=Subquery(after.values("restart_pending")[:1]),
    ).filter(still=[])  # fmt: skip
    newest = restarted.order_by("-taken_at", "-pk")[:rows]
    for pk, taken_at in newest.values_list("after", "then"):
        yield Fact(
            key=f"restart-{pk}", turn=1, at=taken_at, kind="machine", by=_("by itself"), row=pk,
            what=_("Restarted"), detail=_("What waited for the restart is active now."),
        )  # fmt: skip
