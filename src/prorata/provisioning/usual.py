"""How long the steps of a product usually take, from what its machines really took."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from django.db import connection

from prorata.services.models import Service

# Fewer say nothing; older ones tell of other machines.
LEAST, NEWEST = 5, 500
# Every page of progress asks every few seconds; what is usual does not change so fast.
REMEMBERED_SECONDS = 300
USUAL = """
SELECT component, grows, percentile_disc(0.5) WITHIN GROUP (ORDER BY took), percentile_disc(0.9) WITHIN GROUP (ORDER BY took)
  FROM (SELECT step.component, step.kind = 'grow' AS grows, extract(epoch FROM step.ended_at - step.started_at) AS took
          FROM provisioning_jobstep step
          JOIN (SELECT job.id FROM provisioning_job job JOIN services_service service ON service.id = job.service_id
                 WHERE service.product_id = %(product)s AND service.driver = %(driver)s AND job.state = 'ended'
                 ORDER BY job.id DESC LIMIT %(newest)s) job ON job.id = step.job_id
         WHERE step.state = 'done') steps
 GROUP BY component, grows HAVING count(*) >= %(least)s
"""


@dataclass(frozen=True)
class Usual:
    """Whole seconds: half of the steps took at most `median`, nine of ten at most `most`."""

    median: int
    most: int


def usual(service: Service) -> Mapping[tuple[str, bool], Usual]:
    """By component and whether it grows, from the newest jobs of the same product under the same driver; asked for once in
    a few minutes by a process.

    Steps that waited for somebody (host full, a restart by the customer) count too: that is how long it takes.
    A component with fewer than a handful of steps is left out.
    """
    return _usual(service.product_id, service.driver, int(time.monotonic() // REMEMBERED_SECONDS))


@lru_cache(maxsize=256)
def _usual(product: int, driver: str, _while: int) -> Mapping[tuple[str, bool], Usual]:
    with connection.cursor() as cursor:
        cursor.execute(USUAL, {"product": product, "driver": driver, "newest": NEWEST, "least": LEAST})
        return {
            (component, grows): Usual(round(median), round(most))
            for component, grows, median, most in cursor.fetchall()
        }


def forget() -> None:
    """Between tests, whose rows have the same numbers."""
    _usual.cache_clear()
