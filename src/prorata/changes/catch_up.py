"""The net under the jobs: what should have moved a change and did not is found by looking at the facts.

Jobs are written with what they tell of and run at least once, so this finds nothing on an ordinary day.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

from django.db.models import Exists, OuterRef, Value
from django.db.models.functions import Concat

from prorata import clock
from prorata.changes import apply, cancel, states
from prorata.changes.models import Change
from prorata.changes.terms.catch_up import overdue as overdue_terms
from prorata.invoices.models import Invoice
from prorata.provisioning.models import Job

# Money that was on its way at the deadline may still arrive; a card answers within minutes.
GRACE = timedelta(minutes=5)
# A job that was just written is on its way to a worker.
MISSED_AFTER = timedelta(seconds=60)
MOST = 200

Action = tuple[Callable[[int], object], int]


def overdue() -> Iterator[Action]:
    """What to do, and to which row: unpaid changes past their deadline end; missed turns are taken."""
    now = clock.now()
    awaiting = Change.objects.filter(status=states.AWAITING_PAYMENT)
    unpaid = awaiting.filter(invoice__status=Invoice.Status.OPEN, deadline__lte=now - GRACE)
    yield from ((cancel.expire, pk) for pk in unpaid.order_by("deadline").values_list("pk", flat=True)[:MOST])
    paid = awaiting.filter(invoice__status=Invoice.Status.PAID, invoice__settled_at__lte=now - MISSED_AFTER)
    yield from ((apply.on_paid, pk) for pk in paid.values_list("invoice_id", flat=True)[:MOST])
    jobs = Job.objects.filter(origin=Concat(Value("change:"), OuterRef("reference")))
    begun = Change.objects.filter(status=states.APPLYING, started_at__lte=now - MISSED_AFTER)
    yield from ((apply.begin, pk) for pk in begun.filter(~Exists(jobs)).values_list("pk", flat=True)[:MOST])
    open_with_job = Change.objects.filter(status__in=[states.APPLYING, states.PARKED, states.ATTENTION])
    done = Job.objects.filter(state=Job.State.ENDED, ended_at__lte=now - MISSED_AFTER)
    origins = open_with_job.annotate(told=Concat(Value("change:"), "reference")).values("told")
    yield from (
        (apply.follow, pk) for pk in done.filter(origin__in=origins).values_list("pk", flat=True)[:MOST]
    )
    yield from overdue_terms(now, grace=GRACE, missed_after=MISSED_AFTER, most=MOST)
