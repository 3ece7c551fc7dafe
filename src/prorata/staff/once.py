"""A form that gives money works once, however often its button is pressed."""

from __future__ import annotations

import secrets

from django.contrib.sessions.models import Session
from django.db import transaction
from django.http import HttpRequest

KEY = "desk_once"
KEPT = 20


def ticket(request: HttpRequest) -> str:
    """A fresh ticket for a form that is about to be shown."""
    fresh = secrets.token_urlsafe(12)
    request.session[KEY] = [*request.session.get(KEY, []), fresh][-KEPT:]
    return fresh


def use(request: HttpRequest, used: str) -> bool:
    """Take the ticket; False if it was used before. Call inside the transaction of what it is for.

    The session's row is locked until that transaction ends, so of two that press at once the second sees it gone.
    """
    key = request.session.session_key
    Session.objects.select_for_update().filter(session_key=key).first()
    stored = type(request.session)(key)
    tickets = stored.get(KEY, [])
    if used not in tickets:
        return False
    left = [one for one in tickets if one != used]
    stored[KEY] = left
    stored.save()
    # What is refused afterwards is rolled back, and its form can be corrected and sent again.
    transaction.on_commit(lambda: request.session.update({KEY: left}))
    return True
