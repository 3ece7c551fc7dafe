"""Housekeeping of the job queue itself."""

from __future__ import annotations

from procrastinate import JobContext
from procrastinate.contrib.django import app

STALLED_AFTER_SECONDS = 30.0


@app.periodic(cron="* * * * * */10")
@app.task(queueing_lock="events.retry_stalled", name="events.retry_stalled", pass_context=True)
async def retry_stalled(context: JobContext, timestamp: int) -> None:
    """Jobs of a worker that was killed stay "doing" for ever unless somebody puts them back: every job may run twice."""
    for job in await context.app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_AFTER_SECONDS):
        await context.app.job_manager.retry_job(job)


@app.periodic(cron="17 3 * * *")
@app.task(queueing_lock="events.remove_old", name="events.remove_old", pass_context=True)
async def remove_old(context: JobContext, timestamp: int) -> None:
    """Finished jobs are kept for three days, long enough to ask what happened."""
    await context.app.job_manager.delete_old_jobs(nb_hours=72, include_failed=False)
