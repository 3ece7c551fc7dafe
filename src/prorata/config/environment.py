"""Everything Prorata takes from environment variables, read and checked in one place.

A mistake is one line that says what to do; all mistakes are told at once.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from prorata.clock import read_ahead
from prorata.config.libvirt_environment import Libvirt, read_libvirt
from prorata.config.paypal_environment import PayPal, read_paypal
from prorata.config.proxmox_environment import Proxmox, read_proxmox

MODES = ("production", "demo", "test")
SHORTEST_SECRET = 32
DEMO_ENVIRONMENT = "demo.env"
DATABASE_EXAMPLE = "postgresql://prorata_app:password@127.0.0.1:5432/prorata"
# What a demo or a test may set and an installation that takes real money must not.
ONLY_WITHOUT_REAL_MONEY = (
    "PRORATA_CLOCK_FILE",
    "PRORATA_SANDBOX_GATEWAY_URL",
    "PRORATA_SANDBOX_GATEWAY_SECRETS",
    "PRORATA_SANDBOX_HYPERVISOR_URL",
    "PRORATA_SANDBOX_HYPERVISOR_TOKEN",
    "PRORATA_STRIPE_API_URL",
)
STRIPE_KEY = re.compile(r"(?:sk|rk)_(test|live)_[A-Za-z0-9_]{4,}")


class EnvironmentMistake(ValueError):
    """One or more environment variables are wrong; `lines` says what to do about each."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


@dataclass(frozen=True, kw_only=True)
class Database:
    """One PostgreSQL address, as Django wants it."""

    host: str
    port: int
    name: str
    user: str
    password: str = field(repr=False)
    options: dict[str, str]

    def url(self, name: str = "") -> str:
        """The address as libpq takes it, of this database or of another on the same server."""
        login = f"{quote(self.user, safe='')}:{quote(self.password, safe='')}"
        options = f"?{urlencode(self.options)}" if self.options else ""
        place = f"{quote(self.host, safe='')}:{self.port}/{quote(name or self.name, safe='')}"
        return f"postgresql://{login}@{place}{options}"

    def django(self) -> dict[str, Any]:
        """The entry for DATABASES."""
        return {
            "ENGINE": "django.db.backends.postgresql",
            "HOST": self.host,
            "PORT": self.port,
            "NAME": self.name,
            "USER": self.user,
            "PASSWORD": self.password,
            "OPTIONS": dict(self.options),
        }


@dataclass(frozen=True, kw_only=True)
class Mail:
    """Where mail is handed over."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    security: str  # "plain", "starttls" or "tls"
    sender: str


@dataclass(frozen=True, kw_only=True)
class Stripe:
    """A Stripe account. `site` tells installations that share it apart; `api_url` is another address, for tests."""

    secret_key: str = field(repr=False)
    webhook_secrets: tuple[str, ...] = field(repr=False)
    site: str
    api_url: str


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


def checkout() -> Path:
    """The folder of the checkout, or where the command was started if Prorata is installed as a package."""
    root = Path(__file__).resolve().parents[3]
    return root if (root / "pyproject.toml").is_file() else Path.cwd()


def demo_home(environ: Mapping[str, str]) -> Path:
    """Where a demo keeps its state."""
    return Path(environ.get("PRORATA_HOME") or checkout() / ".prorata").absolute()


def read_environment(environ: Mapping[str, str] | None = None) -> Environment:
    """Read and check. Raises EnvironmentMistake with one line per mistake."""
    return _Reader(os.environ if environ is None else environ).read()


def save_demo_environment(home: Path, values: Mapping[str, str]) -> None:
    """Keep what a running demo uses, readable by its owner alone, so that other commands reach the same demo."""
    file = home / DEMO_ENVIRONMENT
    draft = file.with_name(f"{file.name}.new")
    draft.touch(mode=0o600)
    draft.write_text("".join(f"{name}={value}\n" for name, value in sorted(values.items())), encoding="utf-8")
    draft.replace(file)


def load_demo_environment(home: Path) -> dict[str, str]:
    """What the demo at `home` uses; empty if it was never started."""
    try:
        text = (home / DEMO_ENVIRONMENT).read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)


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
        application, owner = self.databases()
        found = Environment(
            mode=self.mode,
            home=self.home(),
            secret_key=self.secret("PRORATA_SECRET_KEY"),
            base_url=self.base_url(),
            database=owner if self.connect_as_owner() else application,
            application_role=application.user,
            owner_role=owner.user,
            mail=self.mail(),
            staff_mfa=self.staff_mfa(),
            staff_email=self.environ.get("PRORATA_STAFF_EMAIL", ""),
            support_address=self.support_address(),
            unpaid_room_percent=self.percent("PRORATA_UNPAID_ROOM_PERCENT", 50),
            clock_file=self.clock_file(),
            sandbox_gateway_url=self.local_url("PRORATA_SANDBOX_GATEWAY_URL"),
            sandbox_gateway_secrets=self.gateway_secrets(),
            sandbox_hypervisor_url=self.local_url("PRORATA_SANDBOX_HYPERVISOR_URL"),
            sandbox_hypervisor_token=self.environ.get("PRORATA_SANDBOX_HYPERVISOR_TOKEN", ""),
            stripe=self.stripe(),
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
        parts = _split(value)
        if parts is None or parts.scheme not in ("http", "https") or not parts.hostname or parts.path:
            self.mistakes.append(
                f"PRORATA_BASE_URL is {value!r}. Set it to the address customers type, e.g. https://portal.example.com"
            )
        elif self.mode == "production" and parts.scheme == "http" and not _loopback(parts.hostname):
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

    def databases(self) -> tuple[Database, Database]:
        application = self.database("DATABASE_URL")
        if self.environ.get("PRORATA_OWNER_DATABASE_URL"):
            return application, self.database("PRORATA_OWNER_DATABASE_URL")
        return application, application

    def database(self, name: str) -> Database:
        value = self.environ.get(name, "")
        if not value and self.mode == "test":
            # Commands that only read the code (types, migrations) need settings but no database.
            value = "postgresql://prorata_app:none@127.0.0.1:1/prorata"
        nowhere = Database(host="", port=0, name="", user="", password="", options={})
        if not value:
            hint = "Start ./demo first" if self.mode == "demo" else f"Set it, e.g. {name}={DATABASE_EXAMPLE}"
            self.mistakes.append(f"{name} is not set. {hint}.")
            return nowhere
        database = _database(value)
        if database is None:
            self.mistakes.append(f"{name} is not a PostgreSQL address. Write it like {DATABASE_EXAMPLE}")
            return nowhere
        return database

    def mail(self) -> Mail:
        value = self.environ.get("PRORATA_SMTP_URL", "smtp://127.0.0.1:25")
        sender = (
            self.environ.get("PRORATA_MAIL_FROM")
            or f"prorata@{urlsplit(self.base_url_or_localhost()).hostname}"
        )
        parts = _split(value)
        security = {"smtp": "plain", "smtp+starttls": "starttls", "smtps": "tls"}.get(
            parts.scheme if parts else ""
        )
        if parts is None or security is None or not parts.hostname:
            self.mistakes.append(
                "PRORATA_SMTP_URL is not a mail address. Write it like smtp+starttls://user:password@mail.example.com:587"
                " (smtp:// for none, smtps:// for TLS from the start)."
            )
            return Mail(host="", port=0, user="", password="", security="plain", sender=sender)
        return Mail(
            host=parts.hostname,
            port=parts.port or {"plain": 25, "starttls": 587, "tls": 465}[security],
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            security=security,
            sender=sender,
        )

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

    def percent(self, name: str, usual: int) -> int:
        value = self.environ.get(name) or str(usual)
        if not re.fullmatch(r"[0-9]{1,3}", value) or not 1 <= int(value) <= 100:
            self.mistakes.append(f"{name} is {value!r}. Set it to a whole number from 1 to 100.")
            return usual
        return int(value)

    def base_url_or_localhost(self) -> str:
        parts = _split(self.environ.get("PRORATA_BASE_URL", ""))
        return parts.geturl() if parts and parts.hostname else "http://localhost"

    def clock_file(self) -> Path | None:
        value = self.environ.get("PRORATA_CLOCK_FILE")
        if not value or self.mode == "production":
            return None
        try:
            read_ahead(Path(value))
        except ValueError as mistake:
            self.mistakes.append(str(mistake))
        return Path(value).absolute()

    def stripe(self) -> Stripe | None:
        """All of it or nothing: a key without signing secrets would take money and never hear of it."""
        names = [f"PRORATA_STRIPE_{name}" for name in ("SECRET_KEY", "WEBHOOK_SECRETS", "SITE", "API_URL")]
        if not any(name in self.given for name in names):
            return None
        key = self.environ.get(names[0], "").strip()
        secrets = tuple(part.strip() for part in self.environ.get(names[1], "").split(","))
        site = self.environ.get(names[2], "prorata").strip()
        kind = STRIPE_KEY.fullmatch(key)
        if kind is None:
            self.mistakes.append(
                f"{names[0]} is empty or no secret key of Stripe's (sk_test_..., sk_live_... or rk_...)."
                " Copy it from the Dashboard, or unset all of PRORATA_STRIPE_*."
            )
        elif (kind[1] == "live") != (self.mode == "production"):
            wanted = "live" if self.mode == "production" else "test"
            self.mistakes.append(
                f"{names[0]} is a {kind[1]} key, and PRORATA_MODE={self.mode} takes {wanted} keys only."
                f" Set the key of Stripe's {wanted} mode."
            )
        if not all(secrets):
            self.mistakes.append(
                f"{names[1]} is empty or holds an empty secret, and an empty secret signs what anybody can sign."
                " Set the signing secret of the webhook endpoint (whsec_...), two with a comma during a rotation."
            )
        if not re.fullmatch(r"[A-Za-z0-9._-]{1,100}", site):
            self.mistakes.append(f"{names[2]} is {site!r}. Use up to 100 letters, digits, dots and hyphens.")
        return Stripe(secret_key=key, webhook_secrets=secrets, site=site, api_url=self.local_url(names[3]))

    def gateway_secrets(self) -> tuple[str, ...]:
        value = self.environ.get("PRORATA_SANDBOX_GATEWAY_SECRETS", "")
        secrets = tuple(part.strip() for part in value.split(","))
        if value and not all(secrets):
            # An empty secret signs what anybody can sign.
            self.mistakes.append(
                "PRORATA_SANDBOX_GATEWAY_SECRETS holds an empty secret. Remove the stray comma."
            )
        return tuple(secret for secret in secrets if secret)

    def local_url(self, name: str) -> str:
        value = self.environ.get(name, "").rstrip("/")
        parts = _split(value)
        if value and (parts is None or parts.scheme not in ("http", "https") or not parts.hostname):
            self.mistakes.append(f"{name} is {value!r}. Write it like http://127.0.0.1:8001")
        return value


def _split(value: str) -> Any:
    """The parts of an address, or None where Python cannot read it (a port that is no number, say)."""
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        return None
    return parts


def _database(value: str) -> Database | None:
    parts = _split(value)
    name = unquote(parts.path.lstrip("/")) if parts else ""
    if parts is None or parts.scheme not in ("postgres", "postgresql") or not name or not parts.username:
        return None
    return Database(
        host=unquote(parts.hostname or ""),
        port=parts.port or 5432,
        name=name,
        user=unquote(parts.username),
        password=unquote(parts.password or ""),
        options=dict(parse_qsl(parts.query)),
    )


def _loopback(host: str) -> bool:
    return host in ("localhost", "::1") or bool(re.fullmatch(r"127(\.\d{1,3}){3}", host))
