"""The PostgreSQL addresses: the application's, and the owner's for what changes tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode

from prorata.config.environment.addresses import split

EXAMPLE = "postgresql://prorata_app:password@127.0.0.1:5432/prorata"


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


def read_databases(environ: Mapping[str, str], mode: str, mistakes: list[str]) -> tuple[Database, Database]:
    """The application's and the owner's address. What is wrong is one line each in `mistakes`."""
    application = _read("DATABASE_URL", environ, mode, mistakes)
    if environ.get("PRORATA_OWNER_DATABASE_URL"):
        return application, _read("PRORATA_OWNER_DATABASE_URL", environ, mode, mistakes)
    return application, application


def _read(name: str, environ: Mapping[str, str], mode: str, mistakes: list[str]) -> Database:
    value = environ.get(name, "")
    if not value and mode == "test":
        # Commands that only read the code (types, migrations) need settings but no database.
        value = "postgresql://prorata_app:none@127.0.0.1:1/prorata"
    nowhere = Database(host="", port=0, name="", user="", password="", options={})
    if not value:
        hint = "Start ./demo first" if mode == "demo" else f"Set it, e.g. {name}={EXAMPLE}"
        mistakes.append(f"{name} is not set. {hint}.")
        return nowhere
    database = _database(value)
    if database is None:
        mistakes.append(f"{name} is not a PostgreSQL address. Write it like {EXAMPLE}")
        return nowhere
    return database


def _database(value: str) -> Database | None:
    parts = split(value)
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
