"""What an installation says about its PayPal account, all of it or nothing."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from prorata.config.environment.addresses import split
from prorata.config.environment.certificates import read_certificates

LIVE, SANDBOX = "https://api-m.paypal.com", "https://api-m.sandbox.paypal.com"
PAGES = {LIVE: "https://www.paypal.com", SANDBOX: "https://www.sandbox.paypal.com"}
NEEDED = {
    "PRORATA_PAYPAL_CLIENT_ID": "the client id of the app",
    "PRORATA_PAYPAL_SECRET": "the secret of the app",
    "PRORATA_PAYPAL_WEBHOOK_IDS": "the id of the webhook, two with a comma during a rotation",
    "PRORATA_PAYPAL_MERCHANT_ID": "the merchant id of the account that gets the money",
}
OPTIONAL = ("PRORATA_PAYPAL_API_URL", "PRORATA_PAYPAL_CA_FILE")
MERCHANT = re.compile(r"[2-9A-HJ-NP-Z]{13}")


@dataclass(frozen=True, kw_only=True)
class PayPal:
    """A PayPal account. `roots`: PEM of the authorities that certify its webhooks, where it is not the web's own."""

    url: str
    client_id: str = field(repr=False)
    secret: str = field(repr=False)
    webhook_ids: tuple[str, ...]
    merchant_id: str
    roots: bytes | None = field(repr=False)

    @property
    def page(self) -> str:
        """The origin of the page where customers approve; "" in a test, whose processor is on this machine."""
        return PAGES.get(self.url, "")


def read_paypal(
    environ: Mapping[str, str], given: Collection[str], mode: str, mistakes: list[str]
) -> PayPal | None:
    """The account, or None where nothing of it is set. What is wrong is one line each in `mistakes`."""
    if not any(name in given for name in (*NEEDED, *OPTIONAL)):
        return None
    found = {name: environ.get(name, "").strip() for name in NEEDED}
    missing = [f"{name} ({what})" for name, what in NEEDED.items() if not found[name]]
    if missing:
        mistakes.append(f"PayPal is half set up. Set {', '.join(missing)}, or unset all of PRORATA_PAYPAL_*.")
    client_id, secret, webhooks, merchant_id = found.values()
    webhook_ids = tuple(part.strip() for part in webhooks.split(","))
    if webhooks and not all(re.fullmatch(r"[A-Za-z0-9]{1,50}", id) for id in webhook_ids):
        mistakes.append(
            "PRORATA_PAYPAL_WEBHOOK_IDS holds what is no webhook id. Copy it from the app's page at PayPal."
        )
    if merchant_id and not MERCHANT.fullmatch(merchant_id):
        mistakes.append(
            "PRORATA_PAYPAL_MERCHANT_ID is no merchant id. Copy the 13 capitals and digits from PayPal's account settings."
        )
    return PayPal(
        url=_url(environ.get(OPTIONAL[0], "").rstrip("/"), mode, mistakes),
        client_id=client_id,
        secret=secret,
        webhook_ids=webhook_ids,
        merchant_id=merchant_id,
        roots=read_certificates(OPTIONAL[1], environ.get(OPTIONAL[1], ""), mistakes),
    )


def _url(given: str, mode: str, mistakes: list[str]) -> str:
    """Real money in production and nowhere else."""
    if mode == "production":
        if given not in ("", LIVE):
            mistakes.append(
                f"PRORATA_PAYPAL_API_URL is {given!r}, and production takes real money. Unset it."
            )
        return LIVE
    if given == LIVE:
        mistakes.append(
            f"PRORATA_PAYPAL_API_URL is PayPal's live address, and PRORATA_MODE={mode} must take no real money. Unset it."
        )
    elif given not in ("", SANDBOX) and not _on_this_machine(given):
        mistakes.append(f"PRORATA_PAYPAL_API_URL is {given!r}. Unset it for {SANDBOX}.")
    return given or SANDBOX


def _on_this_machine(address: str) -> bool:
    parts = split(address)
    return (
        parts is not None
        and parts.scheme == "http"
        and parts.hostname in ("127.0.0.1", "localhost")
        and bool(parts.port)
    )
