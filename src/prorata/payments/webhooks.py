"""The door for webhooks: no session, no CSRF, no language; it changes nothing but the inbox.

A processor that waits sends again, and hundreds come at once after an outage; so this stands before everything that only
people's pages need, and a message costs little more than its one INSERT.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable

from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBadRequest,
    HttpResponseNotAllowed,
    HttpResponseNotFound,
)

from prorata.payments.gateways.base import BadSignature
from prorata.payments.inbox import receive
from prorata.payments.registry import UnknownGateway

log = logging.getLogger(__name__)
LARGEST_BODY = 262_144
ADDRESS = re.compile(r"/webhooks/([-a-zA-Z0-9_]+)/")


class WebhookDoor:
    """Middleware: answers whatever is sent to /webhooks/<gateway>/ and lets everything else pass."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        found = ADDRESS.fullmatch(request.path_info)
        if found is None:
            return self.get_response(request)
        answer = webhook(request, found[1])
        answer.headers["Content-Length"] = str(len(answer.content))  # else it would be sent in chunks
        return answer


def webhook(request: HttpRequest, gateway: str) -> HttpResponse:
    """200 once it is kept, also if it was known; 400 for what is not signed by the gateway. A database that is down
    answers 5xx, and the gateway sends it again."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
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
