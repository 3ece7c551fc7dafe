"""What an installation says about its Stripe account, all of it or nothing.

A key without signing secrets would take money and never hear of it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from prorata.config.environment.addresses import read_url

KEY = re.compile(r"(?:sk|rk)_(test|live)_[A-Za-z0-9_]{4,}")
NAMES = tuple(f"PRORATA_STRIPE_{name}" for name in ("SECRET_KEY", "WEBHOOK_SECRETS", "SITE", "API_URL"))


@dataclass(frozen=True, kw_only=True)
class Stripe:
    """A Stripe account. `site` tells installations that share it apart; `api_url` is another address, for tests."""

    secret_key: str = field(repr=False)
    webhook_secrets: tuple[str, ...] = field(repr=False)
    site: str
    api_url: str


def read_stripe(
    environ: Mapping[str, str], given: Collection[str], mode: str, mistakes: list[str]
) -> Stripe | None:
    """The account, or None where nothing of it is set. What is wrong is one line each in `mistakes`."""
    if not any(name in given for name in NAMES):
        return None
    key = environ.get(NAMES[0], "").strip()
    secrets = tuple(part.strip() for part in environ.get(NAMES[1], "").split(","))
    site = environ.get(NAMES[2], "prorata").strip()
    _check_key(key, mode, mistakes)
    if not all(secrets):
        mistakes.append(
            f"{NAMES[1]} is empty or holds an empty secret, and an empty secret signs what anybody can sign."
            " Set the signing secret of the webhook endpoint (whsec_...), two with a comma during a rotation."
        )
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,100}", site):
        mistakes.append(f"{NAMES[2]} is {site!r}. Use up to 100 letters, digits, dots and hyphens.")
    return Stripe(
        secret_key=key, webhook_secrets=secrets, site=site, api_url=read_url(NAMES[3], environ, mistakes)
    )


def _check_key(key: str, mode: str, mistakes: list[str]) -> None:
    """Real money in production and nowhere else."""
    kind = KEY.fullmatch(key)
    if kind is None:
        mistakes.append(
            f"{NAMES[0]} is empty or no secret key of Stripe's (sk_test_..., sk_live_... or rk_...)."
            " Copy it from the Dashboard, or unset all of PRORATA_STRIPE_*."
        )
    elif (kind[1] == "live") != (mode == "production"):
        wanted = "live" if mode == "production" else "test"
        mistakes.append(
            f"{NAMES[0]} is a {kind[1]} key, and PRORATA_MODE={mode} takes {wanted} keys only."
            f" Set the key of Stripe's {wanted} mode."
        )
