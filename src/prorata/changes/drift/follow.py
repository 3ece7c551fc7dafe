"""The job of a decision has moved: when it has ended, the machine is compared again."""

from __future__ import annotations

from django.db import transaction

from prorata import clock
from prorata.changes.drift.compare import compare
from prorata.customers.lock import lock_customer
from prorata.provisioning.models import Job
from prorata.provisioning.reserve import release


def follow(job_id: int) -> None:
    """What was reached closes the difference; what was not stays before staff, with the step's reason."""
    job = Job.objects.select_related("service").get(pk=job_id)
    if not job.origin.startswith("drift:") or job.state != Job.State.ENDED:
        return
    with transaction.atomic():
        lock_customer(job.service.customer_id)
        release(job.origin, clock.now())
    compare(job.service_id)
