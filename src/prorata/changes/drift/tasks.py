"""Jobs of drift."""

from __future__ import annotations

from procrastinate.contrib.django import app

from prorata.changes.drift.compare_all import compare_all


@app.periodic(cron="23 2 * * *")
@app.task(name="drift.nightly", queueing_lock="drift.nightly", lock="drift")
def nightly(timestamp: int) -> None:
    """Before the nightly walk over the books, which counts on it."""
    compare_all()


@app.task(name="drift.compare_now", lock="drift")
def compare_now(id: int) -> None:
    """Staff asked for it; `id` is who."""
    compare_all()
