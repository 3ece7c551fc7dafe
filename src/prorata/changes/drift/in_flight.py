"""Whether something is being done to a service: then its machine is between two sizes, and nothing is compared."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from prorata.changes import states
from prorata.changes.models import Change
from prorata.provisioning.models import Job
from prorata.services.models import Service


def in_flight(service: Service, since: datetime | None = None) -> str:
    """The reference of the open change, or the origin of the machine's job that runs (or ended after `since`); or ""."""
    change = Change.objects.filter(service=service, status__in=states.OPEN).first()
    if change is not None:
        return str(change)
    running = Q(ended_at=None) if since is None else Q(ended_at=None) | Q(ended_at__gt=since)
    job = Job.objects.filter(running, service=service).first()
    return job.origin if job is not None else ""
