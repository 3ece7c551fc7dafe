"""The whole environment, and what no part of it reads by itself."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from prorata.clock import read_ahead
from prorata.config.environment.addresses import is_loopback, read_url, split
from prorata.config.environment.database import Database, read_databases
from prorata.config.environment.demo import checkout, demo_home, load_demo_environment
from prorata.config.environment.libvirt import Libvirt, read_libvirt
from prorata.config.environment.mail import Mail, read_mail
from prorata.config.environment.mistake import EnvironmentMistake
from prorata.config.environment.paypal import PayPal, read_paypal
from prorata.config.environment.proxmox import Proxmox, read_proxmox
from prorata.config.environment.stripe import Stripe, read_stripe

MODES = ("production", "demo", "test")
SHORTEST_SECRET = 32
# What a demo or a test may set and an installation that takes real money must not.
ONLY_WITHOUT_REAL_MONEY = (
    "PRORATA_CLOCK_FILE",
    "PRORATA_SANDBOX_GATEWAY_URL",
    "PRORATA_SANDBOX_GATEWAY_SECRETS",
    "PRORATA_SANDBOX_HYPERVISOR_URL",
    "PRORATA_SANDBOX_HYPERVISOR_TOKEN",
    "PRORATA_STRIPE_API_URL",
)


@dataclass(frozen=True, kw_only=True)
class Environment:
    """The checked environment of this process."""

    mode: str
    home: Path
    secret_key: str = field(repr=False)
    base_url: str
    database: Database
    application_role: str
    owner_role: str
    mail: Mail
    staff_mfa: str  # "required" or "optional"
    staff_email: str
    support_address: str  # where replies to mails about tickets arrive; empty: only in the portal
    unpaid_room_percent: int  # of a host's free room, for the unpaid changes of one customer together
    estimates_a_minute: int  # of one person, as the two below
    refreshes_a_minute: int
    pdfs_a_minute: int
    clock_file: Path | None
    sandbox_gateway_url: str
    sandbox_gateway_secrets: tuple[str, ...] = field(repr=False)
    sandbox_hypervisor_url: str
    sandbox_hypervisor_token: str = field(repr=False)
    stripe: Stripe | None
    paypal: PayPal | None
    libvirt: Libvirt | None
    proxmox: Proxmox | None

    @property
    def sandboxes_allowed(self) -> bool:
        """Demo and test only: the sandboxes pay with money that does not exist."""
        return self.mode in ("demo", "test")

    @property
    def host(self) -> str:
        """The host name of the base URL."""
        return urlsplit(self.base_url).hostname or ""

    @property
    def https(self) -> bool:
        """Whether the portal is reached over https."""
        return self.base_url.startswith("https://")


def read_environment(environ: Mapping[str, str] | None = None) -> Environment:
    """Read and check. Raises EnvironmentMistake with one line per mistake."""
    return _Reader(os.environ if environ is None else environ).read()


class _Reader:
    def __init__(self, environ: Mapping[str, str]) -> None:
        self.mistakes: list[str] = []
        self.mode = environ.get("PRORATA_MODE") or "production"
        saved = load_demo_environment(demo_home(environ)) if self.mode == "demo" else {}
        # Set but empty is a mistake where half a configuration would lose money.
        self.given = {*saved, *environ}
        self.environ = {**saved, **{name: value for name, value in environ.items() if value}}

    def read(self) -> Environment:
        if self.mode not in MODES:
            raise EnvironmentMistake(
                [
                    f"PRORATA_MODE is {self.mode!r}. Set it to production, demo or test, or unset it for production."
                ]
            )
        self.refuse_pretend_parts_in_production()
        application, owner = read_databases(self.environ, self.mode, self.mistakes)
        found = Environment(
            mode=self.mode,
            home=self.home(),
            secret_key=self.secret("PRORATA_SECRET_KEY"),
            base_url=self.base_url(),
            database=owner if self.connect_as_owner() else application,
            application_role=application.user,
            owner_role=owner.user,
            mail=read_mail(self.environ, self.mistakes),
            staff_mfa=self.staff_mfa(),
            staff_email=self.environ.get("PRORATA_STAFF_EMAIL", ""),
            support_address=self.support_address(),
            unpaid_room_percent=self.number("PRORATA_UNPAID_ROOM_PERCENT", 50, most=100),
            estimates_a_minute=self.number("PRORATA_ESTIMATES_A_MINUTE", 1500),
            refreshes_a_minute=self.number("PRORATA_REFRESHES_A_MINUTE", 20),
            pdfs_a_minute=self.number("PRORATA_PDFS_A_MINUTE", 60),
            clock_file=self.clock_file(),
            sandbox_gateway_url=read_url("PRORATA_SANDBOX_GATEWAY_URL", self.environ, self.mistakes),
            sandbox_gateway_secrets=self.gateway_secrets(),
            sandbox_hypervisor_url=read_url("PRORATA_SANDBOX_HYPERVISOR_URL", self.environ, self.mistakes),
            sandbox_hypervisor_token=self.environ.get("PRORATA_SANDBOX_HYPERVISOR_TOKEN", ""),
            stripe=read_stripe(self.environ, self.given, self.mode, self.mistakes),
            paypal=read_paypal(self.environ, self.given, self.mode, self.mistakes),
            libvirt=read_libvirt(self.environ, self.given, self.mode, self.mistakes),
            proxmox=read_proxmox(self.environ, self.given, self.mistakes),
        )
        if self.mistakes:
            raise EnvironmentMistake(self.mistakes)
        return found

    def refuse_pretend_parts_in_production(self) -> None:
        if self.mode == "production":
            for name in ONLY_WITHOUT_REAL_MONEY:
                if self.environ.get(name):
                    self.mistakes.append(f"{name} belongs to a demo. Unset it, or set PRORATA_MODE=demo.")

    def home(self) -> Path:
        if given := self.environ.get("PRORATA_HOME"):
            return Path(given).absolute()
        return {
            "production": Path("/var/lib/prorata"),
            "demo": demo_home(self.environ),
            "test": checkout() / ".prorata-test",
        }[self.mode]

    def secret(self, name: str) -> str:
        value = self.environ.get(name, "")
        if self.mode == "test" and not value:
            return "a test signs nothing that anybody else believes"
        if len(value) < SHORTEST_SECRET:
            state = "is not set" if not value else f"is shorter than {SHORTEST_SECRET} characters"
            self.mistakes.append(
                f"{name} {state}. Make one with:"
                " python3 -c 'import secrets; print(secrets.token_urlsafe(50))' and keep it to yourself."
            )
        return value

    def base_url(self) -> str:
        value = self.environ.get(
            "PRORATA_BASE_URL", "http://localhost" if self.mode == "test" else ""
        ).rstrip("/")
        parts = split(value)
        if parts is None or parts.scheme not in ("http", "https") or not parts.hostname or parts.path:
            self.mistakes.append(
                f"PRORATA_BASE_URL is {value!r}. Set it to the address customers type, e.g. https://portal.example.com"
            )
        elif self.mode == "production" and parts.scheme == "http" and not is_loopback(parts.hostname):
            self.mistakes.append(
                f"PRORATA_BASE_URL is {value!r}. Real customers need https: put a reverse proxy in front."
            )
        return value

    def connect_as_owner(self) -> bool:
        role = self.environ.get("PRORATA_DATABASE_ROLE", "application")
        if role not in ("application", "owner"):
            self.mistakes.append(
                f"PRORATA_DATABASE_ROLE is {role!r}. Set it to application or owner, or unset it."
            )
        return role == "owner"

    def staff_mfa(self) -> str:
        value = self.environ.get("PRORATA_STAFF_MFA") or (
            "required" if self.mode == "production" else "optional"
        )
        if value not in ("required", "optional"):
            self.mistakes.append(f"PRORATA_STAFF_MFA is {value!r}. Set it to required or optional.")
        return value

    def support_address(self) -> str:
        value = self.environ.get("PRORATA_SUPPORT_ADDRESS", "").strip()
        # What comes before the @ grows by the reply's token, and mail servers end it at 64 characters.
        if value and not re.fullmatch(r"[A-Za-z0-9._-]{1,16}@[A-Za-z0-9.-]+", value):
            self.mistakes.append(
                f"PRORATA_SUPPORT_ADDRESS is {value!r}. Write it like support@example.com, at most 16 characters before"
                " the @, or unset it: then tickets are answered in the portal alone."
            )
        return value

    def number(self, name: str, usual: int, most: int = 1_000_000) -> int:
        value = self.environ.get(name) or str(usual)
        if not re.fullmatch(r"[0-9]{1,7}", value) or not 1 <= int(value) <= most:
            self.mistakes.append(f"{name} is {value!r}. Set it to a whole number from 1 to {most}.")
            return usual
        return int(value)

    def clock_file(self) -> Path | None:
        value = self.environ.get("PRORATA_CLOCK_FILE")
        if not value or self.mode == "production":
            return None
        try:
            read_ahead(Path(value))
        except ValueError as mistake:
            self.mistakes.append(str(mistake))
        return Path(value).absolute()

    def gateway_secrets(self) -> tuple[str, ...]:
        value = self.environ.get("PRORATA_SANDBOX_GATEWAY_SECRETS", "")
        secrets = tuple(part.strip() for part in value.split(","))
        if value and not all(secrets):
            # An empty secret signs what anybody can sign.
            self.mistakes.append(
                "PRORATA_SANDBOX_GATEWAY_SECRETS holds an empty secret. Remove the stray comma."
            )
        return tuple(secret for secret in secrets if secret)
