"""Jobs of the changes room: wake-ups; what there is to do stands in our own rows."""

from __future__ import annotations

import logging
from datetime import timedelta

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from prorata import clock
from prorata.changes import apply, cancel, states
from prorata.changes.models import Change
from prorata.changes.refusals import Refused

log = logging.getLogger(__name__)
RETRY = RetryStrategy(max_attempts=20, exponential_wait=2)
# Money that was on its way at the deadline may still arrive; a card answers within minutes.
GRACE = timedelta(minutes=5)


@app.task(name="changes.on_paid", retry=RETRY)
def on_paid(id: int) -> None:
    apply.on_paid(id)


@app.task(name="changes.start", retry=RETRY)
def start(id: int) -> None:
    apply.begin(id)


@app.task(name="changes.follow", retry=RETRY)
def follow(id: int) -> None:
    apply.follow(id)


@app.periodic(cron="* * * * * */15")
@app.task(name="changes.sweep", queueing_lock="changes.sweep")
def sweep(timestamp: int) -> None:
    """Unpaid changes whose time is over end; one that cannot be closed delays no other."""
    over = Change.objects.filter(status=states.AWAITING_PAYMENT, deadline__lte=clock.now() - GRACE)
    for change_id in over.order_by("deadline").values_list("pk", flat=True)[:200]:
        try:
            cancel.expire(change_id)
        except Refused as refused:
            log.info("change %s did not expire: %s", change_id, refused)
        except Exception:  # the next sweep tries it again
            log.exception("change %s could not be expired", change_id)
