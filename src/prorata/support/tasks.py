"""Jobs of the support room."""

from __future__ import annotations

from procrastinate.contrib.django import app

from prorata.support import close


@app.periodic(cron="*/10 * * * *")
@app.task(name="support.sweep", queueing_lock="support.sweep")
def sweep(timestamp: int) -> None:
    """Answered tickets that are left alone are told of, and close."""
    close.sweep()
