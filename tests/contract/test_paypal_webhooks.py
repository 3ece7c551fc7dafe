"""Forged, old, foreign and bent webhooks of PayPal: refused, whoever signed them. Nothing here is a network."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from prorata.payments.gateways.base import BadSignature, WebhookEvent
from prorata.payments.gateways.paypal_certificates import MOST_FETCHES, Certificates, read_authorities
from prorata.payments.gateways.paypal_webhook import verified
from prorata.sandbox.paypal.certificates import HOST, Authority, Signer, new_authority, new_signer
from prorata.sandbox.paypal.face import headers as sign

ORIGIN = "https://api.sandbox.paypal.com"
ADDRESS = f"{ORIGIN}/v1/notifications/certs/CERT-360caa42"
OURS, SECOND, FOREIGN = "9JH20871M03126712", "4JH86294D6297924G", "8SB03226UM0183423"
NOW = datetime.now(UTC).replace(microsecond=0)
BODY = json.dumps(
    {"id": "WH-1", "event_type": "CHECKOUT.ORDER.APPROVED", "resource": {"id": "5O190127TN364715T"}}
).encode()
AUTHORITY, STRANGER = new_authority(), new_authority()
SIGNER = new_signer(AUTHORITY)


class Web:
    """What stands at each address, and what was asked for."""

    def __init__(self, **pages: bytes) -> None:
        self.pages: dict[str, bytes] = {ADDRESS: SIGNER.pem, **pages}
        self.asked: list[str] = []
        self.status = 200

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(str(request.url))
        if self.status == 302:
            return httpx.Response(302, headers={"Location": f"{ORIGIN}/v1/notifications/certs/other"})
        found = self.pages.get(str(request.url))
        return httpx.Response(self.status if found else 404, content=found or b"")

    def certificates(self, authority: Authority = AUTHORITY) -> Certificates:
        roots = authority.certificate.public_bytes(Encoding.PEM)
        http = httpx.Client(transport=httpx.MockTransport(self.answer))
        return Certificates((ORIGIN, "https://api-m.sandbox.paypal.com"), HOST, roots, http=http)


def check(
    headers: dict[str, str], *, web: Web | None = None, body: bytes = BODY, now: datetime = NOW
) -> WebhookEvent:
    certificates = (web or Web()).certificates()
    return verified((OURS, SECOND), certificates, body=body, headers=headers, now=now)


def signed(
    by: Signer = SIGNER,
    *,
    webhook_id: str = OURS,
    body: bytes = BODY,
    at: datetime = NOW,
    address: str = ADDRESS,
    **changed: str,
) -> dict[str, str]:
    """The headers of a transmission; `changed` are set afterwards."""
    found = sign(by, webhook_id, body, int(at.timestamp()), address)
    return {**found, **{f"PAYPAL-{name.replace('_', '-').upper()}": value for name, value in changed.items()}}


@pytest.mark.parametrize("webhook_id", [OURS, SECOND])
def test_a_genuine_message_of_either_webhook_is_believed(webhook_id: str) -> None:
    event = check(signed(webhook_id=webhook_id))
    assert event == WebhookEvent(id="WH-1", kind="CHECKOUT.ORDER.APPROVED", ref="5O190127TN364715T")


@pytest.mark.parametrize(
    ("forge", "why"),
    [
        (dict, "is missing"),
        (lambda: signed(webhook_id=FOREIGN), "no signature fits"),
        (lambda: signed(body=BODY + b" "), "no signature fits"),
        (lambda: signed(transmission_id="another"), "no signature fits"),
        (lambda: signed(new_signer(AUTHORITY)), "no signature fits"),
        (lambda: signed(transmission_sig="bm8="), "no signature fits"),
        (lambda: signed(transmission_sig="%%%"), "signature is malformed"),
        (lambda: signed(auth_algo="SHA1withRSA"), "algorithm"),
        (lambda: signed(auth_algo="none"), "algorithm"),
        (lambda: signed(at=NOW - timedelta(minutes=5, seconds=1)), "too old"),
        (lambda: signed(at=NOW + timedelta(minutes=5, seconds=1)), "of the future"),
        (lambda: signed(transmission_time="yesterday"), "malformed"),
        (lambda: signed(transmission_time="2026-01-31T00:00:00+00:00"), "malformed"),
        (lambda: signed(transmission_id="x" * 2000), "malformed"),
        (lambda: {**signed(), "paypal-cert-url": ADDRESS}, "missing or malformed"),
    ],
)
def test_a_forged_one_is_refused(forge: Callable[[], dict[str, str]], why: str) -> None:
    with pytest.raises(BadSignature) as refusal:
        check(forge())
    assert why in refusal.value.reason


@pytest.mark.parametrize(
    "missing",
    ["TRANSMISSION-ID", "TRANSMISSION-TIME", "TRANSMISSION-SIG", "CERT-URL", "AUTH-ALGO"],
)
def test_each_header_is_needed(missing: str) -> None:
    headers = signed()
    del headers[f"PAYPAL-{missing}"]
    with pytest.raises(BadSignature, match="is missing"):
        check(headers)


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/v1/notifications/certs/CERT-1",
        "https://api.sandbox.paypal.com.evil.example/v1/notifications/certs/CERT-1",
        "https://api.sandbox.paypal.com@evil.example/v1/notifications/certs/CERT-1",
        "https://api.sandbox.paypal.com:8443/v1/notifications/certs/CERT-1",
        "http://api.sandbox.paypal.com/v1/notifications/certs/CERT-1",
        "https://api.paypal.com/v1/notifications/certs/CERT-1",
        f"{ORIGIN}/v1/notifications/certs/",
        f"{ORIGIN}/v1/notifications/certs/../../../other",
        f"{ORIGIN}/other/CERT-1",
        f"{ADDRESS}?next=1",
        f"{ADDRESS}#x",
        "file:///etc/passwd",
        "//evil.example/v1/notifications/certs/CERT-1",
        "https://[",
    ],
)
def test_a_certificate_is_fetched_from_paypal_alone(address: str) -> None:
    """Another host, another environment, another path: refused, and nobody is asked."""
    web = Web(**{address: SIGNER.pem})
    with pytest.raises(BadSignature, match="not PayPal's"):
        check(signed(address=address), web=web)
    assert web.asked == []


@pytest.mark.parametrize(
    "signer",
    [
        new_signer(STRANGER),
        new_signer(AUTHORITY, "www.evil.example"),
        new_signer(AUTHORITY, "messageverificationcerts.paypal.com"),
        new_signer(AUTHORITY, lasts=timedelta(hours=-1)),
        Signer(AUTHORITY.key, AUTHORITY.certificate.public_bytes(Encoding.PEM)),
    ],
    ids=["another authority", "another host", "the live environment's", "ended", "the authority itself"],
)
def test_a_certificate_must_be_certified_for_paypals_signer(signer: Signer) -> None:
    with pytest.raises(BadSignature, match="not one that PayPal signs webhooks with"):
        check(signed(signer), web=Web(**{ADDRESS: signer.pem}))


def test_a_certificate_is_fetched_once() -> None:
    web = Web()
    certificates = web.certificates()
    for _ in range(3):
        verified((OURS,), certificates, body=BODY, headers=signed(), now=NOW)
    assert web.asked == [ADDRESS]


def test_a_kept_certificate_that_has_ended_since_is_refused() -> None:
    web = Web()
    certificates = web.certificates()
    verified((OURS,), certificates, body=BODY, headers=signed(), now=NOW)
    later = NOW + timedelta(days=366)
    with pytest.raises(BadSignature, match="not one that PayPal signs"):
        verified((OURS,), certificates, body=BODY, headers=signed(at=later), now=later)


@pytest.mark.parametrize("status", [404, 500, 302])
def test_one_that_cannot_be_had_is_refused_and_asked_for_again(status: int) -> None:
    web = Web()
    certificates = web.certificates()
    web.status = status
    with pytest.raises(BadSignature, match="cannot be had"):
        verified((OURS,), certificates, body=BODY, headers=signed(), now=NOW)
    assert web.asked == [ADDRESS], "a redirect is not followed"
    web.status = 200
    assert verified((OURS,), certificates, body=BODY, headers=signed(), now=NOW).id == "WH-1"


@pytest.mark.parametrize(
    "page", [b"", b"<html>", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", b"x" * 70_000]
)
def test_what_is_no_certificate_is_refused(page: bytes) -> None:
    with pytest.raises(BadSignature):
        check(signed(), web=Web(**{ADDRESS: page}))


def test_a_malformed_authority_hinders_no_other() -> None:
    broken = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    good = AUTHORITY.certificate.public_bytes(Encoding.PEM)
    assert read_authorities(broken + good) == [AUTHORITY.certificate]
    for none in (b"", broken):
        with pytest.raises(ValueError, match="no certificate"):
            read_authorities(none)


def test_strangers_cannot_make_us_ask_without_end() -> None:
    web = Web()
    certificates = web.certificates()
    verified((OURS,), certificates, body=BODY, headers=signed(), now=NOW)
    for number in range(3 * MOST_FETCHES):
        with pytest.raises(BadSignature):
            verified((OURS,), certificates, body=BODY, headers=signed(address=f"{ADDRESS}-{number}"), now=NOW)
    assert len(web.asked) == MOST_FETCHES
    assert verified((OURS,), certificates, body=BODY, headers=signed(), now=NOW).id == "WH-1"


@pytest.mark.parametrize(
    "said",
    [
        "no JSON",
        [],
        {},
        {"id": "", "event_type": "CHECKOUT.ORDER.APPROVED", "resource": {"id": "A"}},
        {"id": "WH-1", "event_type": 7, "resource": {"id": "A"}},
        {"id": "WH-1", "event_type": "CHECKOUT.ORDER.APPROVED", "resource": None},
        {"id": "WH-1", "event_type": "PAYMENT.CAPTURE.REFUNDED", "resource": {"id": "A", "links": []}},
        {"id": "WH-1", "event_type": "CUSTOMER.DISPUTE.CREATED", "resource": {"disputed_transactions": []}},
    ],
)
def test_a_signed_one_that_makes_no_sense_is_refused(said: Any) -> None:
    body = said.encode() if isinstance(said, str) else json.dumps(said).encode()
    with pytest.raises(BadSignature, match="makes no sense"):
        check(signed(body=body), body=body)


@pytest.mark.parametrize(
    ("kind", "resource", "ref"),
    [
        ("CHECKOUT.ORDER.COMPLETED", {"id": "ORDER1"}, "ORDER1"),
        (
            "PAYMENT.CAPTURE.COMPLETED",
            {"id": "C1", "supplementary_data": {"related_ids": {"order_id": "O1"}}},
            "O1",
        ),
        ("PAYMENT.CAPTURE.DECLINED", {"id": "C1"}, "capture-C1"),
        (
            "PAYMENT.CAPTURE.REFUNDED",
            {"id": "R1", "links": [{"rel": "up", "href": f"{ORIGIN}/v2/payments/captures/C1"}]},
            "capture-C1",
        ),
        (
            "CUSTOMER.DISPUTE.CREATED",
            {"disputed_transactions": [{"seller_transaction_id": "C1"}]},
            "capture-C1",
        ),
        ("MERCHANT.ONBOARDING.COMPLETED", {}, "WH-1"),
    ],
)
def test_each_kind_names_its_payment(kind: str, resource: dict[str, Any], ref: str) -> None:
    body = json.dumps({"id": "WH-1", "event_type": kind, "resource": resource}).encode()
    assert check(signed(body=body), body=body).ref == ref
