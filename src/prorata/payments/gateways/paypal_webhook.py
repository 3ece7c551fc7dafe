"""PayPal's webhooks: RSA-SHA256 over "transmission id|time|webhook id|CRC-32 of the raw body", and their age.

A CRC is no proof of a body: who holds a genuine message of the last minutes can bend another one to the same sum. So the
message names a payment to look at and nothing more, as everywhere.
"""

from __future__ import annotations

import base64
import json
import re
import zlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from prorata.payments.gateways.base import BadSignature, WebhookEvent
from prorata.payments.gateways.paypal_answers import ref_of
from prorata.payments.gateways.paypal_certificates import Certificates
from prorata.payments.gateways.values import text

HEADERS = {
    "id": "paypal-transmission-id", "time": "paypal-transmission-time", "signature": "paypal-transmission-sig",
    "certificate": "paypal-cert-url", "algorithm": "paypal-auth-algo",
}  # fmt: skip
LONGEST_HEADER = 1000
TOLERANCE = timedelta(minutes=5)
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z", re.ASCII)


def verified(
    webhook_ids: Sequence[str],
    certificates: Certificates,
    *,
    body: bytes,
    headers: Mapping[str, str],
    now: datetime,
) -> WebhookEvent:
    """The message, if PayPal signed it not long ago for one of our webhooks. Raises BadSignature."""
    given = read_headers(headers)
    if given["algorithm"] != "SHA256withRSA":
        raise BadSignature("the signature's algorithm is not SHA256withRSA")
    if not TIME.fullmatch(given["time"]):
        raise BadSignature("the time of the transmission is malformed")
    if abs(now - datetime.fromisoformat(given["time"])) > TOLERANCE:
        raise BadSignature("the message is too old, or of the future")
    try:
        signature = base64.b64decode(given["signature"], validate=True)
    except ValueError as error:
        raise BadSignature("the signature is malformed") from error
    key = certificates.key(given["certificate"], now)
    begin, end = f"{given['id']}|{given['time']}|", f"|{zlib.crc32(body)}"
    if not any(fits(key, signature, f"{begin}{webhook_id}{end}") for webhook_id in webhook_ids):
        raise BadSignature("no signature fits")
    return read(body)


def read_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The five headers, each exactly once."""
    found: dict[str, str] = {}
    for name, header in HEADERS.items():
        values = [value for given, value in headers.items() if given.lower() == header]
        if len(values) != 1 or not 0 < len(values[0]) <= LONGEST_HEADER:
            raise BadSignature(f"the header {header} is missing or malformed")
        found[name] = values[0]
    return found


def fits(key: rsa.RSAPublicKey, signature: bytes, said: str) -> bool:
    """Whether this is the signature of this text."""
    try:
        key.verify(signature, said.encode(), padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True


def read(body: bytes) -> WebhookEvent:
    """A genuine message: which payment to look at. It does not say whether the money is real."""
    try:
        event = json.loads(body)
        return WebhookEvent(id=text(event["id"]), kind=text(event["event_type"]), ref=ref_of(event)[:100])
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise BadSignature("the message is signed but makes no sense") from error
