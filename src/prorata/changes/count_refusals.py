"""What refused people at Continue and at Submit is counted by day, for staff; never on an estimate, and never to whom."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from zoneinfo import ZoneInfo

from django.db import Error, connection, transaction

from prorata import clock
from prorata.changes.models import RefusalCount
from prorata.changes.refusals import Refusal, Refused
from prorata.changes.situation import NoSeller, seller
from prorata.language import language
from prorata.pricing.terms import local_date
from prorata.services.models import Service

log = logging.getLogger(__name__)
CONTINUE, SUBMIT = RefusalCount.Step.CONTINUE, RefusalCount.Step.SUBMIT
COUNT = """
INSERT INTO changes_refusalcount (day, product_id, component, code, step, language, times)
VALUES (%s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (day, product_id, component, code, step, language)
DO UPDATE SET times = changes_refusalcount.times + excluded.times
"""


@contextmanager
def refusals_counted(service: Service, step: str) -> Iterator[None]:
    """What is refused in the block is counted on its way out: put it around the transaction, which is rolled back, never
    into it. A count that fails is logged, and what was refused is refused as it would be."""
    try:
        yield
    except Refused as refused:
        try:
            _count(service, step, refused.refusals)
        except (Error, NoSeller):
            log.exception("a refusal could not be counted")
        raise


def _count(service: Service, step: str, refusals: Sequence[Refusal]) -> None:
    day = local_date(clock.now(), ZoneInfo(seller().zone))
    met = Counter((refusal.component or "", refusal.code) for refusal in refusals)
    # In one order for everybody: two who meet the same refusals at once wait for each other in a row, not in a circle.
    rows = [(day, service.product_id, *what, step, language(), times) for what, times in sorted(met.items())]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.executemany(COUNT, rows)
