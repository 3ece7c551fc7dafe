"""Jobs of the changes room: wake-ups; what there is to do stands in our own rows."""

from __future__ import annotations

import logging

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from prorata.changes import apply, catch_up
from prorata.changes.drift import follow as drift
from prorata.changes.refusals import Refused
from prorata.changes.terms import book
from prorata.changes.terms.refused import CannotSell

log = logging.getLogger(__name__)
RETRY = RetryStrategy(max_attempts=20, exponential_wait=2)


@app.task(name="changes.on_paid", retry=RETRY)
def on_paid(id: int) -> None:
    """An invoice is paid: of a change, which goes on, or of a term, which counts from now on."""
    apply.on_paid(id)
    book.on_paid(id)


@app.task(name="changes.start", retry=RETRY)
def start(id: int) -> None:
    apply.begin(id)


@app.task(name="changes.follow", retry=RETRY)
def follow(id: int) -> None:
    """The machine's job has moved: of a change, or of a decision about a difference."""
    apply.follow(id)
    drift.follow(id)


@app.periodic(cron="* * * * * */15")
@app.task(name="changes.sweep", queueing_lock="changes.sweep")
def sweep(timestamp: int) -> None:
    """Unpaid changes and terms whose time is over end, missed turns are taken; one that cannot be helped delays no other."""
    for act, subject in catch_up.overdue():
        try:
            act(subject)
        except (Refused, CannotSell) as refused:
            log.info("%s of %s: %s", act.__name__, subject, refused)
        except Exception:  # the next sweep tries it again
            log.exception("%s of %s did not work", act.__name__, subject)
