"""How far a change is: derived from the facts of every room, stored nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.utils.translation import gettext as _

from prorata.catalog.names import in_language
from prorata.changes import states
from prorata.changes.machine_words import Heard, refused
from prorata.changes.models import Change, ChangeLine
from prorata.changes.restarted import waits_for_restart
from prorata.changes.words import reason_words
from prorata.provisioning.models import Job, JobStep
from prorata.provisioning.usual import Usual, usual

StepState = Literal["done", "doing", "waiting", "failed", "skipped"]
GAP = "\u00a0"
WORTH_SAYING, MINUTE = 2, 60  # seconds


@dataclass(frozen=True, kw_only=True)
class ProgressStep:
    """One line of the list. `key` is stable; `detail` is words; `at` is when it ended, or began if it is being done.

    `usually` says in words how long such a step takes, where enough of them were done and it takes long enough to wait.
    `quote` is what the machine said in its own English, where there are no words for it.
    """

    key: str
    state: StepState
    name: str
    detail: str = ""
    at: datetime | None = None
    usually: str = ""
    quote: str = ""


@dataclass(frozen=True)
class Progress:
    steps: tuple[ProgressStep, ...]

    @property
    def percent(self) -> int:
        ended = sum(1 for step in self.steps if step.state in ("done", "failed", "skipped"))
        return 100 * ended // len(self.steps)


def progress(change: Change) -> Progress:
    """Submitted, paid, one step a component in the machine's order, measured, and the credit if there is one."""
    job = Job.objects.filter(origin=change.origin).prefetch_related("steps").first()
    lines = {line.component: line for line in change.lines.all()}
    return Progress((*_before(change), *_machine(change, lines, job), *_after(change)))


def _before(change: Change) -> Iterator[ProgressStep]:
    yield ProgressStep(key="submitted", state="done", name=_("Submitted"), at=change.submitted_at)
    if change.invoice is None:
        return
    if change.invoice.settled_at:
        yield ProgressStep(key="paid", state="done", name=_("Paid"), at=change.invoice.settled_at)
    elif change.status == states.AWAITING_PAYMENT:
        yield ProgressStep(key="paid", state="doing", name=_("Waiting for payment"))
    else:
        yield ProgressStep(key="paid", state="skipped", name=_("Not paid"), at=change.ended_at)


def _machine(change: Change, lines: dict[str, ChangeLine], job: Job | None) -> Iterator[ProgressStep]:
    if change.status in (states.CANCELLED, states.EXPIRED):
        return
    times = usual(change.service) if change.status in (states.APPLYING, states.PARKED) else {}
    if job is None:
        for line in lines.values():
            yield ProgressStep(
                key=line.component, state="waiting", name=step_name(line, line.from_value, line.to_value)
            )
        return
    for step in job.steps.all():
        line = lines[step.component]
        name = step_name(line, step.from_value, step.to_value)
        why = refused(step.reason) if step.state == JobStep.State.FAILED else Heard()
        yield ProgressStep(
            key=f"{step.component}-{step.kind}", state=_state(step), at=step.ended_at or step.started_at,
            name=_("Put back: %(what)s") % {"what": name} if step.kind == JobStep.Kind.UNDO else name,
            detail=_detail(change, job, step, why), quote=why.quote,
            usually=_usually(times.get((step.component, step.kind == JobStep.Kind.GROW))) if step.ended_at is None else "",
        )  # fmt: skip


def _usually(times: Usual | None) -> str:
    """Nothing for what is over before one has read it."""
    if times is None or times.most < WORTH_SAYING:
        return ""
    if times.most < 2 * MINUTE:
        spread = {"least": times.median, "most": times.most}
        if times.median == times.most:
            return _("usually %(most)d s") % spread
        return _("usually %(least)d to %(most)d s") % spread
    spread = {"least": max(1, round(times.median / MINUTE)), "most": round(times.most / MINUTE)}
    if spread["least"] == spread["most"]:
        return _("usually %(most)d min") % spread
    return _("usually %(least)d to %(most)d min") % spread


def step_name(line: ChangeLine, before: object, after: object) -> str:
    """What one step does, e.g. "Memory 4 → 8 GB", of which the values stay on one line."""
    unit = f"{GAP}{line.unit}" if line.unit else ""
    old, new = (in_language(line.named(value)) for value in (before, after))
    return f"{in_language(line.name)} {old}{GAP}→{GAP}{new}{unit}"


def _state(step: JobStep) -> StepState:
    shown: dict[str, StepState] = {
        JobStep.State.PENDING: "waiting", JobStep.State.DOING: "doing", JobStep.State.DONE: "done",
        JobStep.State.RESTART: "done", JobStep.State.FAILED: "failed", JobStep.State.SKIPPED: "skipped",
    }  # fmt: skip
    return shown[step.state]


def _detail(change: Change, job: Job, step: JobStep, why: Heard) -> str:
    if step.state == JobStep.State.RESTART:
        return _("Active after the next restart") if waits_for_restart(change) else ""
    if step.state == JobStep.State.FAILED:
        return not_done(why)
    if step.state == JobStep.State.DOING and job.state in (Job.State.PARKED, Job.State.ATTENTION):
        return reason_words(job.reason)
    return ""


def not_done(why: Heard) -> str:
    if why.quote:
        return _("Could not be done. The machine said:")
    return _("Could not be done: %(reason)s") % {"reason": why.words} if why.words else _("Could not be done")


def _after(change: Change) -> Iterator[ProgressStep]:
    if change.status in (states.CANCELLED, states.EXPIRED):
        return
    ended = change.ended_at is not None
    yield ProgressStep(
        key="measured",
        state="done" if ended else "waiting",
        name=_("Checked by measuring"),
        at=change.ended_at,
    )
    if change.gross_minor < 0 and change.status != states.REVERSED:
        yield ProgressStep(
            key="credited", state="done" if ended else "waiting", name=_("Credit booked"), at=change.ended_at
        )
