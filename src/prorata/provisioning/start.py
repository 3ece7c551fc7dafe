"""Write the job that brings a machine to its new configuration, and wake the worker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from prorata.customers.lock import assert_locked
from prorata.events.publish import publish
from prorata.provisioning.models import Job, JobStep
from prorata.services.models import Service


@dataclass(frozen=True)
class Wanted:
    component: str
    kind: Literal["reduce", "grow"]
    from_value: int | str
    to_value: int | str


def start(
    *,
    service: Service,
    origin: str,
    wanted: Sequence[Wanted],
    may_restart: bool,
    may_move: bool,
    deadline: datetime,
    now: datetime,
) -> Job:
    """One job an origin, with reductions first: what is given back is never needed for what grows. Repeat-safe."""
    assert_locked(service.customer_id)
    job, made = Job.objects.get_or_create(
        origin=origin,
        defaults={
            "service": service, "may_restart": may_restart, "may_move": may_move, "deadline": deadline, "created_at": now,
        },
    )  # fmt: skip
    if made:
        ordered = sorted(wanted, key=lambda w: w.kind != "reduce")
        JobStep.objects.bulk_create(
            JobStep(
                job=job,
                position=n,
                kind=w.kind,
                component=w.component,
                from_value=w.from_value,
                to_value=w.to_value,
            )
            for n, w in enumerate(ordered, start=1)
        )
        publish("provisioning.queued", id=job.pk, lock=f"service:{service.pk}")
    return job
