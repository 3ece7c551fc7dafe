"""Compare everything, every night and when staff ask for it, and keep what was found."""

from __future__ import annotations

import logging

from django.db import transaction

from prorata import clock
from prorata.changes.drift.compare import GONE, compare
from prorata.changes.drift.machines import compare_machines
from prorata.changes.drift.models import Comparison, Difference
from prorata.events.publish import publish
from prorata.services.models import Service

log = logging.getLogger(__name__)
# More than these are counted, not named: where so many do not answer, it is the hypervisor that staff look at.
NAMED = 200


def compare_all() -> Comparison:
    """One run, kept as a row; publishes drift.found when something is new. A service that cannot be compared delays none."""
    run = Comparison(at=clock.now())
    for service in Service.objects.exclude(status__in=GONE).order_by("pk").iterator():
        try:
            _one(run, service)
        except Exception:  # one bad service must not keep the others from being compared
            log.exception("%s could not be compared", service)
            _leave_out(run, service, "it could not be compared: the worker's log says why")
            run.unmeasured += 1
    compare_machines(run)
    return _keep(run)


def _one(run: Comparison, service: Service) -> None:
    seen = compare(service.pk)
    run.opened += seen.kept.opened
    run.closed += seen.kept.closed
    if seen.busy_with:
        run.in_flight += 1
        _leave_out(run, service, f"in flight: {seen.busy_with}")
    elif seen.silence:
        run.unmeasured += 1
        _leave_out(run, service, f"not measured: {seen.silence}")
    else:
        run.services += 1


def _leave_out(run: Comparison, service: Service, why: str) -> None:
    if len(run.left_out) < NAMED:
        run.left_out = [
            *run.left_out,
            {"place": f"services_service {service.pk}", "name": service.name, "why": why},
        ]


@transaction.atomic
def _keep(run: Comparison) -> Comparison:
    run.still_open = Difference.objects.filter(closed_at=None).count()
    run.save(force_insert=True)
    if run.opened and run.pk is not None:
        publish("drift.found", id=run.pk)
    return run
