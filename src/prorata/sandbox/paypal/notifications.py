"""Webhooks' other side: their certificate, the list of what was sent, and the processor's own check of a signature."""

from __future__ import annotations

import base64
import json
import time
import zlib
from datetime import datetime
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound

from prorata.sandbox.gateway.state import gateway
from prorata.sandbox.paypal import objects, rules
from prorata.sandbox.paypal.errors import invalid
from prorata.sandbox.paypal.face import CERTIFICATE, signer
from prorata.sandbox.web import Answer, Call

PAGE, LARGEST_PAGE = 10, 300
SIGNED = rules.parts(
    {
        "auth_algo": rules.text(100),
        "cert_url": rules.text(500),
        "transmission_id": rules.text(50),
        "transmission_sig": rules.text(500),
        "transmission_time": rules.text(100),
        "webhook_id": rules.text(50),
        "webhook_event": lambda value, field: value,
    }
)


def certificate(request: HttpRequest, id: str) -> HttpResponse:
    """GET /v1/notifications/certs/<id>: open to everybody."""
    if id != CERTIFICATE:
        return HttpResponseNotFound()
    with gateway().store.write() as db:
        db.execute(
            "INSERT INTO call (at, call, facts, outcome) VALUES (?, 'certificate', '{}', 'ok')",
            (time.time(),),
        )
    return HttpResponse(signer().pem, content_type="application/x-pem-file")


def verify(call: Call) -> Answer:
    """POST /v1/notifications/verify-webhook-signature"""
    asked = SIGNED(call.data["_body"], "")
    body = json.dumps(asked["webhook_event"]).encode()
    said = f"{asked['transmission_id']}|{asked['transmission_time']}|{asked['webhook_id']}|{zlib.crc32(body)}"
    key = x509.load_pem_x509_certificate(signer().pem).public_key()
    good = asked["webhook_id"] in gateway().secrets and isinstance(key, rsa.RSAPublicKey)
    try:
        assert isinstance(key, rsa.RSAPublicKey)
        key.verify(
            base64.b64decode(asked["transmission_sig"]), said.encode(), padding.PKCS1v15(), hashes.SHA256()
        )
    except (InvalidSignature, ValueError):
        good = False
    return {"verification_status": "SUCCESS" if good else "FAILURE"}


def listed(call: Call) -> Answer:
    """GET /v1/notifications/webhooks-events?start_time=&end_time=&page_size=: newest first, sent or not"""
    asked = call.request.GET.dict()
    start, size = asked.get("start_time", ""), asked.get("page_size", str(PAGE))
    before = asked.get("start_id", "")
    if set(asked) - {"start_time", "page_size", "start_id"}:
        raise invalid("/", "INVALID_PARAMETER_SYNTAX", location="query")
    if not (size.isascii() and size.isdigit() and 1 <= int(size) <= LARGEST_PAGE):
        raise invalid("page_size", "INVALID_PARAMETER_VALUE", location="query")
    try:
        since = datetime.fromisoformat(start).timestamp() if start else 0
    except ValueError as error:
        raise invalid("start_time", "INVALID_PARAMETER_SYNTAX", location="query") from error
    floor = int(before) if before.isascii() and before.isdigit() else 2**62
    with gateway().store.read() as db:
        rows = db.execute(
            "SELECT * FROM event WHERE body <> '' AND CAST(created_at AS INTEGER) >= ? AND seq < ?"
            " ORDER BY seq DESC LIMIT ?",
            (since, floor, int(size) + 1),
        ).fetchall()
    shown: list[Any] = [json.loads(row["body"]) for row in rows[: int(size)]]
    links = [objects.link(call.request.get_full_path(), "self", "GET")]
    if len(rows) > int(size):
        query = call.request.GET.copy()
        query["start_id"] = str(rows[int(size) - 1]["seq"])
        links.append(objects.link(f"{call.request.path}?{query.urlencode()}", "next", "GET"))
    return {"events": shown, "count": len(shown), "links": links}
