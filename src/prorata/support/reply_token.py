"""Who may answer a ticket by mail: a signed token in the reply address and in the subject of the mails about it.

It names ticket and person and is signed with the installation's secret, so it can be neither guessed nor moved to another
ticket or person. It holds as long as the secret; a person who leaves the customer's team loses it all the same, because the
reply is checked like one in the portal.
"""

from __future__ import annotations

import base64
import hmac
import re

from django.conf import settings

# Mail servers may change the case of an address, so the signature has one case: 80 bits of it.
SIGNATURE = 16
TOKEN = re.compile(
    rf"\b(t-[a-z0-9]{{4}}-[a-z0-9]{{4}})-(\d{{1,12}})-([a-z2-7]{{{SIGNATURE}}})(?![a-z0-9])", re.IGNORECASE
)


def token(reference: str, person_id: int) -> str:
    """E.g. "t-7f3k-2mx9-12-kq3vtz5ck2h7mwpa": fits before the @ of an address with what stands before the +."""
    named = f"{reference.lower()}-{person_id}"
    return f"{named}-{_signature(named)}"


def read_token(text: str) -> tuple[str, int] | None:
    """The ticket's reference and the person of the first true token in a text; None without one."""
    for found in TOKEN.finditer(text):
        named = f"{found[1].lower()}-{found[2]}"
        if hmac.compare_digest(_signature(named), found[3].lower()):
            return found[1].upper(), int(found[2])
    return None


def reply_address(reference: str, person_id: int) -> str:
    """Where this person's answer goes; empty where the installation takes no mail."""
    local, _at, domain = settings.PRORATA_SUPPORT_ADDRESS.partition("@")
    return f"{local}+{token(reference, person_id)}@{domain}" if domain else ""


def _signature(named: str) -> str:
    made = hmac.digest(settings.SECRET_KEY.encode(), f"reply to a ticket:{named}".encode(), "sha256")
    return base64.b32encode(made[:10]).decode().lower()
