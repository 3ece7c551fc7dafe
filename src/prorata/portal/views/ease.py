"""Was this easy? Asked on the page of a change that has been carried out."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from prorata.changes.models import Change
from prorata.customers.models import User
from prorata.customers.scope import my_one
from prorata.guides.ease_words import ease_words
from prorata.guides.models import ChangeReaction
from prorata.guides.react import CARRIED_OUT, NotAsked, NotUnderstood
from prorata.guides.react import say_how_easy as say
from prorata.language import language
from prorata.portal.views.frame import Asked, sent_from, signed_in


def asked(reader: User, change: Change) -> dict[str, Any]:
    """What the question is shown with: the three answers, and the reader's own; nothing where it is not asked."""
    if change.status not in CARRIED_OUT:
        return {}
    given = ChangeReaction.objects.filter(change=change, reader=reader).first()
    return {"feelings": ease_words(), "reaction": given}


@sent_from("portal:show_change", "reference")
@signed_in
def say_how_easy(request: Asked, reference: str) -> HttpResponse:
    change = my_one(request.user, Change.objects.all(), reference=reference)
    try:
        say(
            request.user, change, request.POST.get("feeling", ""), language=language(),
            comment=request.POST.get("comment", ""),
        )  # fmt: skip
    except NotUnderstood:
        messages.error(request, _("Choose Easy, So-so or Difficult."))
    except NotAsked:
        messages.error(request, _("How easy it was is asked when a change has been carried out."))
        return redirect("portal:show_change", reference=reference)
    return redirect(f"{reverse('portal:show_change', args=[reference])}#easy")
