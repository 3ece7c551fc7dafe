"""Undo what was reduced before something failed for good."""

from __future__ import annotations

from prorata.provisioning.lease import Run
from prorata.provisioning.models import JobStep
from prorata.provisioning.step import NeedsPerson, came_to, do, read

StepState = JobStep.State


def skip_rest(run: Run) -> None:
    with run.writing():
        for step in run.job.steps.filter(state=StepState.PENDING).exclude(kind=JobStep.Kind.UNDO):
            came_to(run, step, StepState.SKIPPED, "an earlier step failed")


def put_back(run: Run) -> None:
    """Undo what was reduced before the failure. If that fails too, a person must look: money stays frozen."""
    waiting = run.job.steps.filter(kind=JobStep.Kind.UNDO).exclude(state=StepState.FAILED)
    known = set(waiting.values_list("component", flat=True))
    # An undoing that was refused is tried anew, as a step of its own, when staff send the job on.
    missing = [step for step in _reduced(run) if step.component not in known]
    if missing:
        with run.writing():
            last = run.job.steps.count()
            JobStep.objects.bulk_create(
                JobStep(
                    job=run.job, position=last + n, kind=JobStep.Kind.UNDO, component=s.component, from_value=s.to_value,
                    to_value=s.from_value,
                )
                for n, s in enumerate(missing, start=1)
            )  # fmt: skip
    for step in run.steps(JobStep.Kind.UNDO):
        do(run, step)
    if stuck := _reduced(run):
        names = ", ".join(step.component for step in stuck)
        raise NeedsPerson("undo_failed", f"not put back: {names}")


def _reduced(run: Run) -> list[JobStep]:
    """Reductions of ours that still show on the machine, whole, half done, or waiting for its next restart."""
    seen = read(run)
    begun = [
        step for step in run.steps(JobStep.Kind.REDUCE) if step.attempts and step.state != StepState.SKIPPED
    ]
    return [
        step for step in begun
        if seen.configuration.get(step.component) != step.from_value or step.component in seen.restart_pending
    ]  # fmt: skip
