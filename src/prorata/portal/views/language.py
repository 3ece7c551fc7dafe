"""The language switch at the foot of every page; works before sign-in and without a script."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from prorata.customers.models import User
from prorata.language import spoken
from prorata.portal.views.frame import safe_next


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Keep the choice in a cookie, and with the person who is signed in, whose mails follow it."""
    answer = redirect(safe_next(request))
    chosen = request.POST.get("language", "")
    if chosen not in spoken():
        return answer
    remember(answer, chosen)
    if request.user.is_authenticated:
        User.objects.filter(pk=request.user.pk).update(language=chosen)
    return answer


def remember(answer: HttpResponse, chosen: str) -> None:
    """For the pages that are read before sign-in. Empty: the browser is asked again."""
    if not chosen:
        answer.delete_cookie(settings.LANGUAGE_COOKIE_NAME, samesite="Lax")
        return
    answer.set_cookie(
        settings.LANGUAGE_COOKIE_NAME, chosen, max_age=settings.LANGUAGE_COOKIE_AGE,
        samesite="Lax", secure=settings.LANGUAGE_COOKIE_SECURE,
    )  # fmt: skip
