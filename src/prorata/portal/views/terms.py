"""The terms of a service that staff sold, and the way out of one that is not paid."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from prorata.changes.models import SoldTerm
from prorata.changes.terms.close import cancel as cancel_it
from prorata.changes.terms.refused import CannotSell
from prorata.changes.terms.words import status_words
from prorata.customers.scope import may, my_one
from prorata.portal.views.frame import Asked, signed_in
from prorata.services.models import Service

SIGNS = {"awaiting_payment": "need", "paid": "ok", "cancelled": "off", "expired": "off"}


def terms_of(service: Service) -> list[dict[str, Any]]:
    """Every term of a service that is mine, newest first, with the words of its state."""
    rows = SoldTerm.objects.filter(service=service).select_related("invoice").order_by("-id")
    return [{"term": one, "words": status_words(one), "sign": SIGNS[one.status]} for one in rows]


@require_POST
@signed_in
def cancel(request: Asked, reference: str) -> HttpResponse:
    """Give up my unpaid term: nothing is owed."""
    found = my_one(request.user, SoldTerm.objects.select_related("invoice"), reference=reference)
    back = redirect("portal:service_changes", found.service_id)
    if found.invoice is not None:
        back = redirect("portal:invoice", found.invoice.reference)
    if not may(request.user, found.customer_id, "change"):
        messages.error(
            request, _("You may look at this term, but not cancel it. Ask somebody of your team who may.")
        )
        return back
    try:
        cancel_it(found.pk, request.user)
        messages.success(request, _("It was cancelled. Nothing is owed."))
    except CannotSell as refused:
        messages.error(request, str(refused))
    return back
