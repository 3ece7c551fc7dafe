"""What is tidied up behind people."""

from __future__ import annotations

from importlib import import_module

from django.conf import settings
from procrastinate.contrib.django import app


@app.periodic(cron="29 3 * * *")
@app.task(queueing_lock="customers.forget_sessions", name="customers.forget_sessions")
def forget_sessions(timestamp: int) -> None:
    """Sessions that have run out let nobody in; their rows would stay for ever."""
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
