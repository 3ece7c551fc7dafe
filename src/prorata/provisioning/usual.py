"""How long the steps of a product usually take, from what its machines really took."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection

from prorata.services.models import Service

# Fewer say nothing; older ones tell of other machines.
LEAST, NEWEST = 5, 500
USUAL = """
SELECT component, grows, percentile_disc(0.5) WITHIN GROUP (ORDER BY took), percentile_disc(0.9) WITHIN GROUP (ORDER BY took)
  FROM (SELECT step.component, step.kind = 'grow' AS grows, extract(epoch FROM step.ended_at - step.started_at) AS took
          FROM provisioning_jobstep step
          JOIN (SELECT job.id FROM provisioning_job job JOIN services_service service ON service.id = job.service_id
                 WHERE service.product_id = %(product)s AND service.driver = %(driver)s AND job.state = 'ended'
                 ORDER BY job.id DESC LIMIT %(newest)s) job ON job.id = step.job_id
         WHERE step.state = 'done' AND step.component = ANY(%(components)s)) steps
 GROUP BY component, grows HAVING count(*) >= %(least)s
"""


@dataclass(frozen=True)
class Usual:
    """Whole seconds: half of the steps took at most `median`, nine of ten at most `most`."""

    median: int
    most: int


def usual(service: Service, components: Iterable[str]) -> dict[tuple[str, bool], Usual]:
    """By component and whether it grows, from the newest jobs of the same product under the same driver; one statement.

    Steps that waited for somebody (host full, a restart by the customer) count too: that is how long it takes.
    A component with fewer than a handful of steps is left out.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            USUAL,
            {
                "product": service.product_id, "driver": service.driver, "components": list(components),
                "newest": NEWEST, "least": LEAST,
            },
        )  # fmt: skip
        return {
            (component, grows): Usual(round(median), round(most))
            for component, grows, median, most in cursor.fetchall()
        }
