"""OAuth 2.0 client credentials: a token that says until when it is good, signed by the processor itself."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time

from django.http import HttpRequest

from prorata.sandbox.gateway.state import gateway
from prorata.sandbox.paypal.errors import unauthorized
from prorata.sandbox.problem import Problem
from prorata.sandbox.web import Answer, Call

LASTS = 32_400
SCOPE = (
    "https://uri.paypal.com/services/payments/payment https://uri.paypal.com/services/disputes/read-seller"
)


def mark(until: int) -> str:
    """The signature of a token."""
    said = f"{until}".encode()
    return hmac.new(gateway().api_key.encode(), said, hashlib.sha256).hexdigest()


def issue(call: Call) -> Answer:
    """POST /v1/oauth2/token: grant_type=client_credentials, the client as basic authentication."""
    given = call.request.headers.get("Authorization", "").removeprefix("Basic ")
    try:
        client = base64.b64decode(given, validate=True)
    except ValueError:
        client = b""
    if not hmac.compare_digest(client, gateway().api_key.encode()):
        raise Problem(401, "invalid_client", "Client Authentication failed")
    if call.data["_form"].get("grant_type") != "client_credentials":
        raise Problem(400, "unsupported_grant_type", "unsupported grant_type")
    lasts = int(gateway().settings()["token_seconds"])
    until = int(time.time()) + lasts
    return {
        "scope": SCOPE,
        "access_token": f"A21AA{until}.{mark(until)}",
        "token_type": "Bearer",
        "app_id": "APP-STRICTPROCESSOR",
        "expires_in": lasts,
        "nonce": f"{until}",
    }


def check(request: HttpRequest) -> None:
    """A bearer token of ours that is still good, compared in constant time."""
    given = request.headers.get("Authorization", "").removeprefix("Bearer A21AA")
    until, _, signed = given.partition(".")
    sound = until.isascii() and until.isdigit() and len(until) < 12
    if not sound or not hmac.compare_digest(signed.encode(), mark(int(until)).encode()):
        raise unauthorized()
    if int(until) < time.time():
        raise unauthorized()
