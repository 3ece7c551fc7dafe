"""The server that mail is handed over to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

from prorata.config.environment.addresses import split

SECURITY = {"smtp": "plain", "smtp+starttls": "starttls", "smtps": "tls"}
USUAL_PORTS = {"plain": 25, "starttls": 587, "tls": 465}


@dataclass(frozen=True, kw_only=True)
class Mail:
    """Where mail is handed over."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    security: str  # "plain", "starttls" or "tls"
    sender: str


def read_mail(environ: Mapping[str, str], mistakes: list[str]) -> Mail:
    """The server, this machine's own where none is named. What is wrong is one line in `mistakes`."""
    sender = environ.get("PRORATA_MAIL_FROM") or f"prorata@{_own_host(environ)}"
    parts = split(environ.get("PRORATA_SMTP_URL", "smtp://127.0.0.1:25"))
    security = SECURITY.get(parts.scheme) if parts else None
    if parts is None or security is None or not parts.hostname:
        mistakes.append(
            "PRORATA_SMTP_URL is not a mail address. Write it like smtp+starttls://user:password@mail.example.com:587"
            " (smtp:// for none, smtps:// for TLS from the start)."
        )
        return Mail(host="", port=0, user="", password="", security="plain", sender=sender)
    return Mail(
        host=parts.hostname,
        port=parts.port or USUAL_PORTS[security],
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        security=security,
        sender=sender,
    )


def _own_host(environ: Mapping[str, str]) -> str:
    """The portal's host: what is wrong with its address is said elsewhere."""
    parts = split(environ.get("PRORATA_BASE_URL", ""))
    return (parts and parts.hostname) or "localhost"
