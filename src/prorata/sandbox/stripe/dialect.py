"""How Stripe's API is spoken: who may call, how a call is read, and the idempotency key around what changes things."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse

from prorata.sandbox.gateway import keys
from prorata.sandbox.gateway.state import gateway
from prorata.sandbox.stripe import form
from prorata.sandbox.stripe.errors import invalid, refuse
from prorata.sandbox.web import Answer, Call, Dialect, View, api

VERSION = "2026-10-28.endive"
STATUS = "_status"
LONGEST_KEY = 255


def check(request: HttpRequest) -> None:
    """The secret key as bearer or as the user of basic authentication, compared in constant time."""
    header = request.headers.get("Authorization", "")
    given = header.removeprefix("Bearer ")
    if header.startswith("Basic "):
        try:
            given = base64.b64decode(header[6:]).decode().partition(":")[0]
        except ValueError:
            given = ""
    if not hmac.compare_digest(given.encode(), gateway().api_key.encode()):
        raise invalid("Invalid API Key provided.", status=401)
    version = request.headers.get("Stripe-Version", VERSION)
    if version != VERSION:
        raise invalid(f"Invalid Stripe API version: {version}", status=400)


def read(request: HttpRequest, path: dict[str, str]) -> Call:
    """Form or query, and the path apart: a parameter can never take the place of an id."""
    if request.method == "GET":
        encoded = request.META.get("QUERY_STRING", "")
    else:
        if request.body and not (request.content_type or "").startswith("application/x-www-form-urlencoded"):
            raise invalid("Send parameters as application/x-www-form-urlencoded.")
        encoded = request.body.decode("utf-8", "strict")
    params = form.read(encoded)
    return Call(request=request, data={**facts(params), **path, "_params": params})


def facts(params: dict[str, Any]) -> dict[str, Any]:
    """What faults can be narrowed down by: the merchant's own name of the payment."""
    notes = params.get("metadata")
    return {f"metadata.{name}": note for name, note in notes.items()} if isinstance(notes, dict) else {}


def answer(result: Answer) -> HttpResponse:
    """A result, with another status than 200 where it says so."""
    return JsonResponse(
        {name: value for name, value in result.items() if name != STATUS}, status=result.get(STATUS, 200)
    )


STRIPE = Dialect(check=check, read=read, answer=answer, refuse=refuse)


def call(name: str, act: Callable[[Call], Answer]) -> View:
    """One address of the API; what changes something is done once for each idempotency key."""
    return api(name, act, STRIPE)


def once(call: Call, act: Callable[[Any], Answer]) -> Answer:
    """Do `act(db)` in one transaction, once for the call's Idempotency-Key.

    Kept by key: where it went, its parameters and what was answered, refusals with an effect included. The same key
    with anything else is an idempotency_error.
    """
    key = call.request.headers.get("Idempotency-Key", "")
    if len(key) > LONGEST_KEY:
        raise invalid(f"Idempotency keys have at most {LONGEST_KEY} characters.")
    with gateway().store.write() as db:
        if not key:
            return act(db)
        content = [call.request.method, call.request.path, call.data["_params"]]
        return keys.once(db, f"stripe:{key}", content, lambda: act(db))[0]
