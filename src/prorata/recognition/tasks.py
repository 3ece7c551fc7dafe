"""The job of the recognition room."""

from __future__ import annotations

from procrastinate.contrib.django import app

from prorata.recognition.recognise import recognise


# A seller's day ends at midnight in the seller's own zone, so the job looks often; mostly there is nothing to do.
@app.periodic(cron="7-57/10 * * * *")
@app.task(name="recognition.days", queueing_lock="recognition.days")
def days(timestamp: int) -> None:
    """Every day that is over is recognised, with those that were missed."""
    recognise()
