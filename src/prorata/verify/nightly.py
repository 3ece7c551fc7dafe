"""Verify by itself, every night, and keep what was found."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from prorata import clock
from prorata.events.publish import publish
from prorata.verify.models import Run
from prorata.verify.promise import Asked, Finding
from prorata.verify.says import SAYS
from prorata.verify.walk import Walk, walk

# More than these are not kept: somebody must look anyway, and `prorata verify` prints them all.
KEPT = 100


def run() -> Run:
    """Walk the books and keep the result; publishes verify.broken when something is found.

    The sample of quotes is another one each day, so that all of them are priced again in time.
    """
    now = clock.now()
    return keep(walk(Asked(now=now, seed=now.toordinal())))


@transaction.atomic
def keep(done: Walk) -> Run:
    """Write the result of a walk, with the newest seal: a chain that is cut short later is found by the next walk."""
    kept = Run.objects.create(
        at=clock.now(), recorded_at=clock.machine_now(), seconds=round(done.seconds, 3), rows=done.rows,
        promises=done.promises, broken=len(done.findings), findings=[as_json(one) for one in done.findings[:KEPT]],
        last_seal=done.last_seal, last_hash=done.last_hash,
    )  # fmt: skip
    if kept.broken:
        publish("verify.broken", id=kept.pk)
    return kept


def as_json(finding: Finding) -> dict[str, Any]:
    return vars(finding) | {"says": SAYS[finding.promise]}
