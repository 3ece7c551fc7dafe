"""Housekeeping of the job queue itself."""

from __future__ import annotations

import logging

from django.conf import settings
from procrastinate import JobContext
from procrastinate.contrib.django import app
from procrastinate.exceptions import UniqueViolation
from procrastinate.jobs import Status

log = logging.getLogger(__name__)
# Three missed heartbeats. The setting PRORATA_STALLED_AFTER_SECONDS is for tests, which also make hearts beat faster.
STALLED_AFTER_SECONDS = 30.0


@app.periodic(cron="* * * * * */10")
@app.task(queueing_lock="events.retry_stalled", name="events.retry_stalled", pass_context=True)
async def retry_stalled(context: JobContext, timestamp: int) -> None:
    """Jobs of a worker that was killed stay "doing" for ever unless somebody puts them back: every job may run twice."""
    jobs = context.app.job_manager
    silent_for = getattr(settings, "PRORATA_STALLED_AFTER_SECONDS", STALLED_AFTER_SECONDS)
    for job in await jobs.get_stalled_jobs(seconds_since_heartbeat=silent_for):
        try:
            await jobs.retry_job(job)
            log.warning("job %s was left by a worker that is gone; it runs again", job.call_string)
        except UniqueViolation:
            # A sweep of which the next one waits already: this one is not missed, and must not keep the others waiting.
            await jobs.finish_job(job, Status.ABORTED, delete_job=True)


@app.periodic(cron="17 3 * * *")
@app.task(queueing_lock="events.remove_old", name="events.remove_old", pass_context=True)
async def remove_old(context: JobContext, timestamp: int) -> None:
    """Finished jobs are kept for three days, long enough to ask what happened."""
    await context.app.job_manager.delete_old_jobs(nb_hours=72, include_failed=False)
