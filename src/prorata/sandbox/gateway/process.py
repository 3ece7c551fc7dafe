"""The command line of the sandbox gateway."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from prorata.sandbox import process
from prorata.sandbox.gateway import settings
from prorata.sandbox.gateway.schema import ADDED, SCHEMA
from prorata.sandbox.gateway.signature import api_key
from prorata.sandbox.problem import Problem
from prorata.sandbox.store import Store, write_setting

if TYPE_CHECKING:
    from prorata.sandbox.gateway.face import Face

NAME = "gateway"
# The APIs it can speak, each in files of its own. A further one is a line here.
FACES = {
    "own": "prorata.sandbox.gateway.own_face.OwnFace",
    "stripe": "prorata.sandbox.stripe.face.StripeFace",
}
SECRETS = "PRORATA_SANDBOX_GATEWAY_SECRETS"


def run(argv: Sequence[str] | None) -> int:
    """Parse, check, serve. Returns the exit code."""
    parent = os.getppid()
    parse = process.parser(NAME, "A payment processor for demos and tests. No real money moves.")
    parse.add_argument("--payee", default="prorata-sandbox", help="the account that gets the money")
    parse.add_argument("--webhook-url", help="where signed webhooks go; none are sent without it")
    parse.add_argument(
        "--secret", action="append", help=f"signs webhooks; repeat during a rotation; default: {SECRETS}"
    )
    parse.add_argument(
        "--face",
        choices=sorted(FACES),
        default="own",
        help="which API it speaks: its own, or one that is published",
    )
    parse.add_argument("--api-key", default="", help="what the merchant shows, where the face is not its own")
    given = parse.parse_args(argv)
    process.guard(NAME)
    if given.die_with_parent:
        process.tie_to_parent(parent)
    secrets = [secret.strip() for secret in given.secret or os.environ.get(SECRETS, "").split(",")]
    if not all(secrets):
        process.refuse(NAME, f"a webhook secret is missing or empty; give --secret or set {SECRETS}")
    if not given.payee.strip():
        process.refuse(NAME, "the payee is empty; name it with --payee")
    if given.face != "own" and not given.api_key.strip():
        process.refuse(NAME, f"the face {given.face} needs the key its merchant shows; give --api-key")
    face = FACES[given.face]
    return process.serve(
        NAME,
        given.port,
        lambda: start(given.store, secrets, given.payee, given.webhook_url, face, given.api_key.strip()),
    )


def start(
    path: Path, secrets: list[str], payee: str, webhook_url: str | None, face: str, merchant_key: str
) -> Any:
    """Open the store, take up undelivered webhooks, and build the application."""
    from django.utils.module_loading import import_string

    from prorata.sandbox import web
    from prorata.sandbox.gateway.delivery import Courier
    from prorata.sandbox.gateway.events import retry_now
    from prorata.sandbox.gateway.state import GatewaySandbox

    store = Store(path, SCHEMA, ADDED)
    with store.write() as db:
        retry_now(db)
        if webhook_url is not None:
            try:
                write_setting(db, "webhook_url", settings.url({"webhook_url": webhook_url}, "webhook_url"))
            except Problem as problem:
                process.refuse(NAME, problem.reason)
    sandbox = GatewaySandbox(
        store=store,
        keys=tuple(api_key(secret) for secret in secrets),
        defaults=settings.DEFAULTS,
        secrets=tuple(secrets),
        payee=payee,
        started_at=time.time(),
        face=cast("type[Face]", import_string(face))(),
        api_key=merchant_key,
    )
    application = web.build(sandbox, urls="prorata.sandbox.gateway.urls", folder=Path(__file__).parent)
    sandbox.courier = Courier(sandbox)
    sandbox.courier.start()
    return application
