"""The door for webhooks: the only view without CSRF, and it changes nothing but the inbox."""

from __future__ import annotations

import logging

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseNotFound
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from prorata.payments.gateways.base import BadSignature
from prorata.payments.inbox import receive
from prorata.payments.registry import UnknownGateway

log = logging.getLogger(__name__)
LARGEST_BODY = 262_144


@csrf_exempt
@require_POST
def webhook(request: HttpRequest, gateway: str) -> HttpResponse:
    """200 once it is kept, also if it was known; 400 for what is not signed by the gateway. A database that is down
    answers 5xx, and the gateway sends it again."""
    if len(request.body) > LARGEST_BODY:
        return HttpResponseBadRequest("too large")
    try:
        receive(gateway, body=request.body, headers=request.headers)
    except UnknownGateway:
        return HttpResponseNotFound("no such gateway")
    except BadSignature as forged:
        log.warning("webhook refused: %s", forged.reason)
        return HttpResponseBadRequest("bad signature")
    return HttpResponse("kept")


urlpatterns = [path("<slug:gateway>/", webhook, name="webhook")]
