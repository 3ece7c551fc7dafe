"""Light or dark, kept in a cookie; for readers without a script."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from prorata.portal.views.frame import safe_next

YEAR = 365 * 24 * 3600


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    answer = redirect(safe_next(request))
    # Which of the two the reader's system prefers is not known here: from "system" the first step is dark.
    chosen = "light" if request.COOKIES.get("theme") == "dark" else "dark"
    answer.set_cookie("theme", chosen, max_age=YEAR, samesite="Lax", secure=request.is_secure())
    return answer
