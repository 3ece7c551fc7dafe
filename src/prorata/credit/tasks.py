"""Jobs of the credit room: wake-ups; what there is to do stands in our own rows."""

from __future__ import annotations

import logging

from procrastinate.contrib.django import app

from prorata import clock
from prorata.credit import expire

log = logging.getLogger(__name__)


@app.periodic(cron="* * * * *")
@app.task(name="credit.sweep", queueing_lock="credit.sweep")
def sweep(timestamp: int) -> None:
    """Gifts past their end are ended, and near ends are told; one that cannot be helped delays no other."""
    now = clock.now()
    for act, due in ((expire.expire, expire.ended(now)), (expire.tell_end, expire.ending_soon(now))):
        for purse_id in due.values_list("pk", flat=True)[: expire.MOST]:
            try:
                act(purse_id)
            except Exception:  # the next sweep tries it again
                log.exception("%s of purse %s did not work", act.__name__, purse_id)
