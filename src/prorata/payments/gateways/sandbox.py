"""The adapter of the sandbox gateway. It refuses to exist in production: no real money moves there."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import ssl
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx

from prorata.payments.gateways.base import (
    BadSignature,
    Checkout,
    CheckoutRequest,
    GatewayPayment,
    GatewayRefund,
    GatewayRefused,
    GatewayUnreachable,
    Happening,
    RefundRequest,
    SavedCharge,
    WebhookEvent,
)
from prorata.payments.gateways.sandbox_answers import (
    read_happenings,
    read_made_refund,
    read_payment,
)
from prorata.payments.gateways.values import text

HEADER = "sandbox-signature"
TOLERANCE = timedelta(minutes=5)
MOST_SIGNATURES = 10
REF = re.compile(r"[A-Za-z0-9_-]{1,100}")
# Only these answers are a certain no. A wrong API key is none of them: it says nothing about the payment.
CERTAIN_NO = {
    "bad_request", "currency_unknown", "key_conflict", "unknown_payment", "unknown_capture", "over_refund",
    "unknown_method",
}  # fmt: skip


class SandboxGateway:
    """One account at a sandbox gateway process.

    url      where the process listens, such as http://127.0.0.1:40123
    secrets  webhook secrets; the first also gives the API key, all verify (two during a rotation)
    payee    the account at the gateway that payments of ours must name
    mode     PRORATA_MODE unless given; anything but demo or test is refused with ValueError
    """

    code = "sandbox"

    def __init__(
        self,
        url: str,
        secrets: Sequence[str],
        payee: str,
        *,
        mode: str | None = None,
        connect_timeout: float = 2.0,
        read_timeout: float = 10.0,
    ) -> None:
        if (mode if mode is not None else os.environ.get("PRORATA_MODE")) not in ("demo", "test"):
            raise ValueError("the sandbox gateway is for PRORATA_MODE=demo or PRORATA_MODE=test only")
        if isinstance(secrets, str) or not secrets or not all(secret.strip() for secret in secrets):
            raise ValueError("the sandbox gateway needs webhook secrets, and none of them may be empty")
        if not payee.strip():
            raise ValueError("the sandbox gateway needs the payee that its payments must name")
        if urlsplit(url).scheme != "http" or not urlsplit(url).hostname:
            raise ValueError("the address of the sandbox gateway must begin with http://")
        self.payee = payee
        self._secrets = tuple(secrets)
        key = hmac.new(secrets[0].encode(), b"sandbox-gateway-api-key", hashlib.sha256).hexdigest()
        self._http = httpx.Client(
            base_url=url,
            headers={"Authorization": f"Bearer {key}"},
            timeout=httpx.Timeout(read_timeout, connect=connect_timeout),
            follow_redirects=False,
            trust_env=False,
            # It is reached by http:// alone, and reading the certificates of the world takes longer than asking it.
            verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
        )

    def create_checkout(self, request: CheckoutRequest) -> Checkout:
        """See Gateway."""
        body: dict[str, Any] = {
            "amount_minor": request.amount_minor,
            "currency": request.currency,
            "description": request.description,
            "return_url": request.return_url,
            "cancel_url": request.cancel_url,
            "customer_ref": request.customer_ref,
        }
        if request.save_method:
            body["save_method"] = True
        answer = self._call("POST", "/v1/checkouts", body=body, key=request.attempt_id)
        payment = read_payment(answer)
        if payment.attempt_id != request.attempt_id:
            raise GatewayUnreachable("the gateway answered about another attempt")
        return Checkout(ref=payment.ref, redirect_url=read_address(answer))

    def fetch(self, ref: str) -> GatewayPayment:
        """See Gateway."""
        return self._about(ref, self._call("GET", payment_path(ref)))

    def find(self, attempt_id: str, *, since: datetime | None = None) -> GatewayPayment | None:
        """See Gateway. The sandbox keeps our id beside the payment, so `since` is not needed."""
        answer = self._call("GET", "/v1/payments/find", query={"attempt_id": attempt_id})
        if "payment" not in answer:
            raise GatewayUnreachable("the gateway's answer cannot be understood")
        if answer["payment"] is None:
            return None
        payment = read_payment(answer["payment"])
        if payment.attempt_id != attempt_id:
            raise GatewayUnreachable("the gateway answered about another attempt")
        return payment

    def expire(self, ref: str) -> GatewayPayment:
        """See Gateway."""
        return self._about(ref, self._call("POST", f"{payment_path(ref)}/expire"))

    def refund(self, request: RefundRequest) -> GatewayRefund:
        """See Refunds."""
        body = {"capture_id": request.capture_id, "amount_minor": request.amount_minor}
        made = read_made_refund(self._call("POST", "/v1/refunds", body=body, key=request.key))
        if (made.capture_id, made.amount_minor) != (request.capture_id, request.amount_minor):
            raise GatewayUnreachable("the gateway answered about another refund")
        return made

    def happened_since(self, since: datetime) -> tuple[Happening, ...]:
        """See Listing."""
        found: list[Happening] = []
        query = {"since": since.isoformat()}
        while True:
            lines, after = read_happenings(self._call("GET", "/v1/happenings", query=query))
            found += lines
            if not after:
                return tuple(found)
            query["after"] = after

    def charge_saved(self, request: SavedCharge) -> GatewayPayment:
        """See SavedMethods."""
        body = {
            "saved": request.method_ref,
            "amount_minor": request.amount_minor,
            "currency": request.currency,
            "description": request.description,
        }
        payment = read_payment(self._call("POST", "/v1/charges", body=body, key=request.attempt_id))
        if payment.attempt_id != request.attempt_id:
            raise GatewayUnreachable("the gateway answered about another attempt")
        return payment

    def detach(self, method_ref: str) -> None:
        """See SavedMethods."""
        if not REF.fullmatch(method_ref):
            raise GatewayRefused("there is no saved card of this reference")
        self._call("DELETE", f"/v1/methods/{method_ref}")

    def verify_webhook(self, *, body: bytes, headers: Mapping[str, str], now: datetime) -> WebhookEvent:
        """See Gateway. Header: Sandbox-Signature: t=<unix seconds>,v1=<hex of HMAC-SHA256 over "t.body">."""
        at, given = read_signature(headers)
        signed = str(at).encode() + b"." + body
        genuine = False
        for secret in self._secrets:
            expected = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
            for mark in given:
                genuine |= hmac.compare_digest(expected, mark)
        if not genuine:
            raise BadSignature("no signature fits")
        if abs(now.timestamp() - at) > TOLERANCE.total_seconds():
            raise BadSignature("the message is too old, or of the future")
        return read_event(body)

    def _about(self, ref: str, answer: dict[str, Any]) -> GatewayPayment:
        """The payment that was asked for, and no other."""
        payment = read_payment(answer)
        if payment.ref != ref:
            raise GatewayUnreachable("the gateway answered about another payment")
        return payment

    def _call(
        self,
        method: str,
        path: str,
        *,
        body: dict[str, Any] | None = None,
        query: dict[str, str] | None = None,
        key: str = "",
    ) -> dict[str, Any]:
        """One call; every doubt about its effect is GatewayUnreachable."""
        try:
            headers = {"Idempotency-Key": key} if key else {}
            response = self._http.request(method, path, json=body, params=query, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            raise GatewayUnreachable(
                f"no answer from the sandbox gateway ({type(error).__name__})"
            ) from error
        answer = read_json(response)
        if response.status_code == 200 and isinstance(answer, dict):
            return answer
        code, reason = read_refusal(answer)
        if 400 <= response.status_code < 500 and code in CERTAIN_NO:
            raise GatewayRefused(reason)
        raise GatewayUnreachable(f"the sandbox gateway answered {response.status_code} without an outcome")


def payment_path(ref: str) -> str:
    """The payment's address; a reference is data, never a path."""
    if not REF.fullmatch(ref):
        raise GatewayRefused("there is no payment of this reference")
    return f"/v1/payments/{ref}"


def read_json(response: httpx.Response) -> Any:
    """The body, or None when it is no JSON."""
    try:
        return response.json()
    except ValueError:
        return None


def read_refusal(answer: Any) -> tuple[str, str]:
    """Code and one line of a refusal."""
    error = answer.get("error") if isinstance(answer, dict) else None
    return (str(error.get("code")), str(error.get("reason", ""))) if isinstance(error, dict) else ("", "")


def read_address(answer: dict[str, Any]) -> str:
    """The payment page; the customer is sent nowhere but to http(s)."""
    address = answer.get("redirect_url")
    if not isinstance(address, str) or not address.startswith(("http://", "https://")):
        raise GatewayUnreachable("the gateway named no payment page")
    return address


def read_signature(headers: Mapping[str, str]) -> tuple[int, list[str]]:
    """The time and the v1 marks of the signature header."""
    values = [value for name, value in headers.items() if name.lower() == HEADER]
    if len(values) != 1:
        raise BadSignature("the signature header is missing")
    parts = [part.strip().partition("=") for part in values[0].split(",")]
    times = [value for name, _, value in parts if name == "t"]
    marks = [value for name, _, value in parts if name == "v1" and re.fullmatch("[0-9a-f]{64}", value)]
    if len(times) != 1 or not re.fullmatch("[0-9]{1,12}", times[0]) or not 1 <= len(marks) <= MOST_SIGNATURES:
        raise BadSignature("the signature header is malformed")
    return int(times[0]), marks


def read_event(body: bytes) -> WebhookEvent:
    """The message of a genuine webhook."""
    try:
        event = json.loads(body)
        return WebhookEvent(
            id=text(event["id"]),
            kind=text(event["kind"]),
            ref=text(event["ref"]),
            live=event.get("live"),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise BadSignature("the message is signed but makes no sense") from error
