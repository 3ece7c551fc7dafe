"""Signing: HMAC-SHA256 over "<unix seconds>.<raw body>", one v1 per secret."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

HEADER = "Sandbox-Signature"


def sign(body: bytes, secrets: Sequence[str], at: int) -> str:
    """The value of the header: t=<unix seconds>,v1=<hex>[,v1=<hex>...]"""
    signed = str(at).encode() + b"." + body
    marks = [hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest() for secret in secrets]
    return ",".join([f"t={at}", *(f"v1={mark}" for mark in marks)])


def api_key(secret: str) -> str:
    """The merchant's API key. Derived, so that one secret is all there is to set up."""
    return hmac.new(secret.encode(), b"sandbox-gateway-api-key", hashlib.sha256).hexdigest()
