"""What a job finds on its machine that nobody of us made: read now, so that staff decide on what is there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from prorata.provisioning.drivers.base import Value
from prorata.provisioning.models import Job, JobStep
from prorata.provisioning.registry import driver
from prorata.provisioning.step import in_the_way


@dataclass(frozen=True)
class ByHand:
    """One component that a step expected otherwise. `found` None: the machine does not say."""

    component: str
    expected: Value
    found: Value | None
    wanted: Value


def made_by_hand(origin: str) -> tuple[ByHand, ...]:
    """What stands in the way of the steps of a job that were not begun; nothing where there is no job.

    Raises DriverError, UnknownDriver.
    """
    job = Job.objects.select_related("service").filter(origin=origin).first()
    if job is None:
        return ()
    seen = driver(job.service.driver).read(job.service.external_id)
    return tuple(
        ByHand(step.component, step.from_value, seen.configuration.get(step.component), step.to_value)
        for step in job.steps.filter(state=JobStep.State.PENDING)
        if in_the_way(step, seen)
    )


def may_be_replaced(job: Job, found: Mapping[str, Value]) -> None:
    """These very values may be replaced by the steps that were not begun; another one still stops the job."""
    for component, value in found.items():
        job.steps.filter(component=component, state=JobStep.State.PENDING).update(overwrites=value)
