"""The small web side both sandboxes share: Django without models, one key, calls that can be made to fail."""

from __future__ import annotations

import hmac
import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import django
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from prorata.sandbox import faults
from prorata.sandbox.problem import Problem, bad
from prorata.sandbox.store import Store, read_settings

DROP = "sandbox.drop_connection"
Answer = dict[str, Any]
View = Callable[..., HttpResponse]
PAGE_POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'"


@dataclass
class Sandbox:
    """What a running sandbox process holds besides its store."""

    store: Store
    keys: tuple[str, ...]
    defaults: dict[str, Any]

    def settings(self) -> dict[str, Any]:
        """The present settings, control API included."""
        with self.store.read() as db:
            return read_settings(db, self.defaults)


@dataclass
class Call:
    """One API call: `data` is the JSON body, the query and the path in one; `fault` a kind only this sandbox knows."""

    request: HttpRequest
    data: dict[str, Any]
    fault: str = ""


@dataclass(frozen=True)
class Dialect:
    """How one API speaks: who may call, how a call is read, how an answer and a refusal look.

    check   raises Problem when the caller does not show a key of this sandbox
    read    (request, path) -> Call; raises Problem for what cannot be read
    answer  a result of the core as HTTP
    refuse  a Problem as HTTP
    """

    check: Callable[[HttpRequest], None]
    read: Callable[[HttpRequest, dict[str, str]], Call]
    answer: Callable[[Answer], HttpResponse]
    refuse: Callable[[Problem], HttpResponse]


running: Sandbox | None = None


def build(sandbox: Sandbox, *, urls: str, folder: Path) -> WSGIHandler:
    """The WSGI application of a sandbox process. Configures Django for this process, once."""
    global running
    running = sandbox

    settings.configure(
        ALLOWED_HOSTS=["127.0.0.1", "localhost"],
        DEBUG=False,
        LOGGING_CONFIG=None,
        MIDDLEWARE=["prorata.sandbox.web.guard_pages"],
        ROOT_URLCONF=urls,
        SECRET_KEY="signs nothing: a sandbox has no sessions",  # noqa: S106
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "DIRS": [folder / "templates", Path(__file__).parent / "templates"],
            }
        ],
        TIME_ZONE="UTC",
        USE_TZ=True,
    )
    django.setup()
    logging.getLogger("django.request").setLevel(logging.ERROR)  # a declined card is no news for the terminal
    return WSGIHandler()


def sandbox() -> Sandbox:
    """The sandbox this process runs."""
    if running is None:
        raise RuntimeError("no sandbox was built in this process")
    return running


def guard_pages(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Strict headers on every answer; a page may have set a policy of its own."""

    def answer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Content-Security-Policy", PAGE_POLICY)
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["Cache-Control"] = "no-store"
        return response

    return answer


def methods(**views: View) -> View:
    """One address, one view per HTTP method: methods(GET=..., POST=...)."""

    @csrf_exempt
    def choose(request: HttpRequest, **path: str) -> HttpResponse:
        view = views.get(request.method or "")
        return view(request, **path) if view else HttpResponseNotAllowed(list(views))

    return cast(View, choose)


def api(name: str, act: Callable[[Call], Answer], dialect: Dialect | None = None) -> View:
    """A call of the public API: key checked, counted, slowed down or broken as the control API ordered.

    `name` is what faults and the list of calls know it by, the same in every dialect: "create", "refund" ...
    """
    speak = dialect or OWN

    def view(request: HttpRequest, **path: str) -> HttpResponse:
        try:
            speak.check(request)
            call = speak.read(request, path)
        except Problem as problem:
            return speak.refuse(problem)
        facts = {key: value for key, value in call.data.items() if isinstance(value, str | int)}
        held = sandbox().settings()
        time.sleep(held["latency_seconds"])
        if held["down"]:
            return drop(request)
        with sandbox().store.write() as db:
            fault = faults.take(db, name, facts)
        if fault and fault.effect == "before" and fault.kind in faults.NETWORK_KINDS:
            count(name, facts, f"{fault.kind} before")
            return break_off(request, fault)
        if fault and fault.kind not in faults.NETWORK_KINDS:
            call.fault = fault.kind
        response, outcome = carry_out(act, call, speak)
        if fault and fault.kind in faults.NETWORK_KINDS:
            count(name, facts, f"{fault.kind} after {outcome}")
            return break_off(request, fault)
        count(name, facts, outcome)
        return response

    return view


def control(act: Callable[[Call], Answer]) -> View:
    """A call of the control API: same key, never counted, never broken."""

    def view(request: HttpRequest, **path: str) -> HttpResponse:
        try:
            check_key(request)
            return carry_out(act, read_call(request, path), OWN)[0]
        except Problem as problem:
            return refusal(problem)

    return view


def carry_out(act: Callable[[Call], Answer], call: Call, speak: Dialect) -> tuple[HttpResponse, str]:
    """The answer, and one word about it for the list of calls."""
    try:
        return speak.answer(act(call)), "ok"
    except Problem as problem:
        return speak.refuse(problem), problem.code


def check_key(request: HttpRequest) -> None:
    """Bearer key, compared in constant time."""
    given = request.headers.get("Authorization", "").removeprefix("Bearer ").encode()
    if not any(hmac.compare_digest(given, key.encode()) for key in sandbox().keys):
        raise Problem(401, "unauthorized", "the key in the Authorization header is not one of this sandbox")


def read_call(request: HttpRequest, path: dict[str, str]) -> Call:
    """Body, query and path of one call; the path wins, then the body."""
    body: Any = {}
    if request.body:
        try:
            body = json.loads(request.body)
        except ValueError as error:
            raise bad("the body is not JSON") from error
    if not isinstance(body, dict):
        raise bad("the body must be a JSON object")
    return Call(request=request, data={**request.GET.dict(), **body, **path})


def refusal(problem: Problem) -> HttpResponse:
    """A Problem as the caller sees it."""
    return JsonResponse({"error": {"code": problem.code, "reason": problem.reason}}, status=problem.status)


OWN = Dialect(check=check_key, read=read_call, answer=JsonResponse, refuse=refusal)


def break_off(request: HttpRequest, fault: faults.Fault) -> HttpResponse:
    """Let the caller without a usable answer."""
    if fault.kind == "error":
        return HttpResponse("the sandbox was told to fail", status=500, content_type="text/plain")
    if fault.kind == "hang":
        time.sleep(fault.seconds)
    return drop(request)


def drop(request: HttpRequest) -> HttpResponse:
    """Cut the connection: whatever is answered after this never arrives."""
    request.META[DROP]()
    return HttpResponse(status=500)


def count(name: str, facts: dict[str, Any], outcome: str) -> None:
    """Keep every call, so that tests can ask what really arrived."""
    with sandbox().store.write() as db:
        db.execute(
            "INSERT INTO call (at, call, facts, outcome) VALUES (?, ?, ?, ?)",
            (time.time(), name, json.dumps(facts), outcome),
        )


def list_calls(call: Call) -> Answer:
    """Control: every API call that arrived, oldest first; ?call=... names one kind."""
    with sandbox().store.read() as db:
        rows = db.execute("SELECT * FROM call ORDER BY id").fetchall()
    wanted = call.data.get("call")
    return {
        "calls": [
            {
                "at": row["at"],
                "call": row["call"],
                "facts": json.loads(row["facts"]),
                "outcome": row["outcome"],
            }
            for row in rows
            if wanted in (None, row["call"])
        ]
    }
