"""How PayPal's API is spoken: JSON in and out, a bearer token, and PayPal-Request-Id around what changes things."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse

from prorata.sandbox.gateway import keys
from prorata.sandbox.gateway.state import gateway
from prorata.sandbox.paypal import token
from prorata.sandbox.paypal.errors import invalid, refuse
from prorata.sandbox.problem import Problem
from prorata.sandbox.web import Answer, Call, Dialect, View, api

STATUS = "_status"
LONGEST_KEY = 108


def read(request: HttpRequest, path: dict[str, str]) -> Call:
    """The JSON body apart from the path, so that a field can never take the place of an id."""
    body: Any = {}
    if request.body:
        if request.content_type != "application/json":
            raise Problem(415, "UNSUPPORTED_MEDIA_TYPE", "Send application/json.")
        try:
            body = json.loads(request.body)
        except ValueError as error:
            raise invalid("/", "MALFORMED_REQUEST_JSON") from error
    return Call(request=request, data={**facts(body), **path, "_body": body})


def facts(body: Any) -> dict[str, Any]:
    """What faults can be narrowed down by: the merchant's own name of the payment."""
    try:
        return {"attempt_id": body["purchase_units"][0]["invoice_id"]}
    except (KeyError, IndexError, TypeError):
        return {}


def answer(result: Answer) -> HttpResponse:
    """A result, with the status it names."""
    status = result.get(STATUS, 200)
    if status == 204:
        return HttpResponse(status=204)
    return JsonResponse({name: value for name, value in result.items() if name != STATUS}, status=status)


def read_form(request: HttpRequest, path: dict[str, str]) -> Call:
    """The token's request is the only one that comes as a form."""
    return Call(request=request, data={"_form": request.POST.dict()})


def refuse_client(problem: Problem) -> HttpResponse:
    """OAuth has words of its own."""
    return JsonResponse({"error": problem.code, "error_description": problem.reason}, status=problem.status)


PAYPAL = Dialect(check=token.check, read=read, answer=answer, refuse=refuse)
OAUTH = Dialect(check=lambda request: None, read=read_form, answer=answer, refuse=refuse_client)


def call(name: str, act: Callable[[Call], Answer]) -> View:
    """One address of the API."""
    return api(name, act, PAYPAL)


def full(call: Call) -> bool:
    """Whether the caller wants the whole resource and not only its id, status and links."""
    return call.request.headers.get("Prefer", "return=minimal") == "return=representation"


def request_id(call: Call) -> str:
    """The caller's own id of this act, or ""."""
    key = call.request.headers.get("PayPal-Request-Id", "")
    if len(key) > LONGEST_KEY:
        raise invalid("PayPal-Request-Id", "INVALID_STRING_LENGTH", location="header")
    return key


def known(db: sqlite3.Connection, call: Call) -> Answer | None:
    """What was done for this id before, at this address; whatever the caller says this time."""
    key = request_id(call)
    if not key:
        return None
    row = db.execute("SELECT body FROM key WHERE key = ?", (place(call, key),)).fetchone()
    return json.loads(row["body"]) if row else None


def once(db: sqlite3.Connection, call: Call, act: Callable[[], Answer]) -> tuple[Answer, bool]:
    """Do `act` once for the call's PayPal-Request-Id; returns what it kept, and whether it had been done before.

    PayPal answers a repeat with the latest status of the first request and does not look at the second one's content.
    """
    key = request_id(call)
    if not key:
        return act(), False
    return keys.once(db, place(call, key), "", act)


def place(call: Call, key: str) -> str:
    """Ids are told apart by the address they came to."""
    return f"paypal:{call.request.path}:{key}"


def write() -> Any:
    """One write transaction of the store."""
    return gateway().store.write()
