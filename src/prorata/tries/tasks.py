"""What was tried long ago is forgotten: addresses and e-mail addresses stand in it."""

from __future__ import annotations

from datetime import timedelta

from django.db.models.functions import Now
from procrastinate.contrib.django import app

from prorata.tries.models import Kept, Pace

# What a host's clock says it keeps until a minute from now is not gone for another's.
MARGIN = timedelta(hours=1)


@app.periodic(cron="41 * * * *")
@app.task(queueing_lock="tries.forget", name="tries.forget")
def forget(timestamp: int) -> None:
    """Rows that limit nothing any more."""
    Kept.objects.filter(expires__lt=Now() - MARGIN).delete()
    Pace.objects.filter(spent_until__lt=Now() - MARGIN).delete()
