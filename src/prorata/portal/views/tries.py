"""What is costly is done only so often for one person."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render

from prorata.portal.views.frame import Asked, View
from prorata.tries.spend import spend

TOO_MANY = 429


def at_most(what: str) -> Callable[[View], View]:
    """Of a view for people who are signed in: it counts as one `what` (PRORATA_TRIES), and is not done once too often."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: Asked, *args: Any, **kwargs: Any) -> HttpResponseBase:
            # Staff who view a customer's portal write nothing, not even this count.
            counts = request.user.looks_at is None
            return (
                too_often(request)
                if counts and not spend(what, request.user.pk)
                else view(request, *args, **kwargs)
            )

        return guarded

    return decorate


def too_often(request: Asked) -> HttpResponse:
    """The page that says so; to a script, which asks for nothing else that counts, the panel without a price."""
    template = "portal/parts/estimate_too_often.html" if request.htmx else "429.html"
    return render(request, template, status=TOO_MANY)
