"""The certificates PayPal signs webhooks with: fetched once each from PayPal alone, and believed only if certified."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import certifi
import httpx
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from prorata.payments.gateways.base import BadSignature

PATH = re.compile(r"/v1/notifications/certs/[A-Za-z0-9._-]{1,200}")
BLOCK = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
LARGEST = 65_536
MOST_KEPT = 20
# Anybody may name an address in a header: so many new ones are looked up a minute, whatever they are.
MOST_FETCHES, A_MINUTE = 10, 60.0


class Certificates:
    """Signing certificates by address.

    origins   where they may be fetched from, such as https://api.paypal.com; nothing else is ever contacted
    host      the name they must be certified for
    roots     PEM of the authorities to believe; the usual ones of the web if it is None
    """

    def __init__(self, origins: Sequence[str], host: str, roots: bytes | None, *, http: httpx.Client) -> None:
        self._origins, self._host, self._http = frozenset(origins), host, http
        pem = roots if roots is not None else Path(certifi.where()).read_bytes()
        self._store = Store(read_authorities(pem))
        self._kept: dict[str, list[x509.Certificate]] = {}
        self._fetched: list[float] = []
        self._lock = threading.Lock()

    def key(self, address: str, now: datetime) -> rsa.RSAPublicKey:
        """The public key behind an address, certified at this moment. Raises BadSignature."""
        if not any(address.startswith(f"{origin}/") for origin in self._origins):
            raise BadSignature("the certificate's address is not PayPal's")
        if not PATH.fullmatch(urlsplit(address).path) or {"?", "#"} & set(address):
            raise BadSignature("the certificate's address is not PayPal's")
        chain = self._chain(address)
        verifier = (
            PolicyBuilder().store(self._store).time(now).build_server_verifier(x509.DNSName(self._host))
        )
        try:
            verifier.verify(chain[0], chain[1:])
        except VerificationError as error:
            raise BadSignature("the certificate is not one that PayPal signs webhooks with") from error
        key = chain[0].public_key()
        if not isinstance(key, rsa.RSAPublicKey):
            raise BadSignature("the certificate holds another kind of key")
        return key

    def _chain(self, address: str) -> list[x509.Certificate]:
        """The certificate and those that lead to its authority; fetched the first time only."""
        with self._lock:
            if address in self._kept:
                return self._kept[address]
            started = time.monotonic()
            self._fetched = [at for at in self._fetched if at > started - A_MINUTE]
            if len(self._fetched) >= MOST_FETCHES:
                raise BadSignature("too many unknown certificates are named; try again in a minute")
            self._fetched.append(started)
        chain = self._fetch(address)
        with self._lock:
            while len(self._kept) >= MOST_KEPT:
                del self._kept[next(iter(self._kept))]
            self._kept[address] = chain
        return chain

    def _fetch(self, address: str) -> list[x509.Certificate]:
        """What cannot be had now is refused: PayPal sends the webhook again."""
        try:
            response = self._http.get(address)
            if response.status_code != 200 or len(response.content) > LARGEST:
                raise BadSignature(f"the certificate cannot be had ({response.status_code})")
            return x509.load_pem_x509_certificates(response.content)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise BadSignature(f"the certificate cannot be had ({type(error).__name__})") from error
        except ValueError as error:
            raise BadSignature("what stands at the certificate's address is none") from error


def read_authorities(pem: bytes) -> list[x509.Certificate]:
    """The authorities of a file. One of the web's many that is malformed is not believed, and hinders no other.

    Raises ValueError if there is none.
    """
    found: list[x509.Certificate] = []
    for block in BLOCK.findall(pem):
        try:
            found.append(x509.load_pem_x509_certificate(block))
        except ValueError:
            continue
    if not found:
        raise ValueError("the file of authorities holds no certificate that can be read")
    return found
