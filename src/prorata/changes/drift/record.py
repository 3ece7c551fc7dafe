"""Keep what a comparison found: one open difference for each thing that differs, closed by itself when it is gone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from prorata.changes.drift.models import Decision, Difference
from prorata.customers.lock import assert_locked
from prorata.provisioning.models import Job, JobStep
from prorata.services.models import Service

# (kind, component) -> the values that differ
Found = Mapping[tuple[str, str], Mapping[str, Any]]


@dataclass(frozen=True)
class Kept:
    opened: int = 0
    closed: int = 0


def record(service: Service, found: Found, now: datetime) -> Kept:
    """Write all that differs on a service now. The customer and the service must be locked."""
    assert_locked(service.customer_id)
    known = {
        (one.kind, one.component): one for one in Difference.objects.filter(service=service, closed_at=None)
    }
    new = [key for key in found if key not in known]
    for kind, component in new:
        Difference.objects.create(
            kind=kind, driver=service.driver, external_id=service.external_id, service=service, component=component,
            first_seen_at=now, last_seen_at=now, **found[kind, component],
        )  # fmt: skip
    gone = [one for key, one in known.items() if key not in found]
    for key, one in known.items():
        if key in found:
            see_again(one, found[key], now)
        else:
            close(one, _how(one), now)
    mark(service)
    return Kept(len(new), len(gone))


def see_again(one: Difference, values: Mapping[str, Any], now: datetime) -> None:
    """What staff left as it was is another thing as soon as one of its sizes is."""
    sizes = ("sold", "invoiced", "measured")
    if any(getattr(one, name) != values.get(name) for name in sizes):
        one.left_until = None
    for name, value in values.items():
        setattr(one, name, value)
    one.last_seen_at, one.times_seen = now, one.times_seen + 1
    one.save()


def close(one: Difference, ended: str, now: datetime) -> None:
    one.closed_at, one.ended = now, ended
    one.save(update_fields=["closed_at", "ended"])


def mark(service: Service) -> None:
    """Write on the service which of its components differ: whoever reads it for a price need not ask again."""
    open_now = Difference.objects.filter(service=service, closed_at=None)
    found = set(open_now.values_list("kind", "component"))
    whole = {kind for kind, _component in found} - {Difference.Kind.SIZE.value}
    codes = set(service.configuration) if whole else {component for _kind, component in found}
    service.differing = sorted(codes)
    service.save(update_fields=["differing"])


def _how(one: Difference) -> str:
    """Brought, if the last of our jobs for it reached its target; else it is gone by itself."""
    last = Decision.objects.filter(difference=one, what=Decision.What.BRING).first()
    if last is not None:
        steps = JobStep.objects.filter(job__origin=last.origin, job__state=Job.State.ENDED)
        if steps.filter(state__in=[JobStep.State.DONE, JobStep.State.RESTART]).exists():
            return Difference.Ended.BROUGHT
    return Difference.Ended.GONE
