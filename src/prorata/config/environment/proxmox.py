"""What an installation says about its Proxmox VE cluster, all of it or nothing."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from importlib.util import find_spec

from prorata.config.environment.addresses import split
from prorata.config.environment.certificates import read_certificates

NEEDED = {
    "PRORATA_PROXMOX_URL": "https://host:8006 of a node",
    "PRORATA_PROXMOX_TOKEN_ID": "user@realm!name",
    "PRORATA_PROXMOX_TOKEN_SECRET": "the token's secret",
}
OPTIONAL = (
    "PRORATA_PROXMOX_CA",
    "PRORATA_PROXMOX_COMPONENTS",
    "PRORATA_PROXMOX_CPU_RATIO",
    "PRORATA_PROXMOX_MEMORY_RATIO",
    "PRORATA_PROXMOX_SHUTDOWN_SECONDS",
)
COMPONENTS = "cpu=cpu,memory=memory,disk=scsi0,snapshots=snapshots,backups=backups"
COMPONENT = re.compile(
    r"([A-Za-z][A-Za-z0-9_]{0,49})=(?:(cpu|memory|retention|(?:scsi|virtio|sata|ide)\d{1,2})|(snapshots|backups)(?::(\d{1,4}))?)"
)
TOKEN_ID = re.compile(r"[^\s@!:/]+@[A-Za-z][A-Za-z0-9.\-_]*![A-Za-z][A-Za-z0-9.\-_]*")


@dataclass(frozen=True, kw_only=True)
class Proxmox:
    """A Proxmox VE cluster.

    components        code of the price list -> (what it stands for, limit where none was ever set)
    cpu_ratio         virtual CPUs sold per CPU of a node          memory_ratio      memory sold per memory of a node
    """

    url: str
    token_id: str
    token_secret: str = field(repr=False)
    ca: str | None
    components: dict[str, tuple[str, int]]
    cpu_ratio: Decimal
    memory_ratio: Decimal
    shutdown_seconds: int


def read_proxmox(environ: Mapping[str, str], given: Collection[str], mistakes: list[str]) -> Proxmox | None:
    """The cluster, or None where nothing of it is set. What is wrong is one line each in `mistakes`."""
    if not any(name in given for name in (*NEEDED, *OPTIONAL)):
        return None
    url, token_id, secret = (environ.get(name, "").strip() for name in NEEDED)
    missing = [f"{name} ({what})" for name, what in NEEDED.items() if not environ.get(name, "").strip()]
    if missing:
        mistakes.append(
            f"Proxmox VE is half set up. Set {', '.join(missing)}, or unset all of PRORATA_PROXMOX_*."
        )
    if any(find_spec(package) is None for package in ("proxmoxer", "requests")):
        mistakes.append(
            "Proxmox VE is set up, but its driver is not installed. Type: pip install prorata[proxmox]"
        )
    if url and not _is_cluster(url):
        mistakes.append(f"PRORATA_PROXMOX_URL is {url!r}. Give https://host:8006, without a path.")
    if token_id and not TOKEN_ID.fullmatch(token_id):
        mistakes.append(
            "PRORATA_PROXMOX_TOKEN_ID is no token id. Copy it from Permissions, API Tokens: user@realm!name."
        )
    ca = environ.get(OPTIONAL[0], "").strip()
    read_certificates(OPTIONAL[0], ca, mistakes)
    return Proxmox(
        url=url,
        token_id=token_id,
        token_secret=secret,
        ca=ca or None,
        components=_components(environ.get("PRORATA_PROXMOX_COMPONENTS", "").strip() or COMPONENTS, mistakes),
        cpu_ratio=_ratio("PRORATA_PROXMOX_CPU_RATIO", "4", environ, mistakes),
        memory_ratio=_ratio("PRORATA_PROXMOX_MEMORY_RATIO", "1", environ, mistakes),
        shutdown_seconds=_seconds(environ, mistakes),
    )


def _is_cluster(address: str) -> bool:
    """Only over TLS: the token may do much."""
    parts = split(address)
    if parts is None:
        return False
    whole = not (parts.path.strip("/") or parts.query or parts.fragment or parts.username)
    return parts.scheme == "https" and bool(parts.hostname) and whole and parts.port != 0


def _components(given: str, mistakes: list[str]) -> dict[str, tuple[str, int]]:
    """Each code once, each meaning once."""
    found: dict[str, tuple[str, int]] = {}
    for part in given.split(","):
        said = COMPONENT.fullmatch(part.strip())
        means = said[2] or said[3] if said else ""
        if not said or said[1] in found or means in {one for one, _ in found.values()}:
            mistakes.append(
                f"PRORATA_PROXMOX_COMPONENTS has {part.strip()!r}. Write code=meaning, each once, as in {COMPONENTS}."
            )
            break
        found[said[1]] = (means, int(said[4] or 0))
    return found


def _ratio(name: str, usual: str, environ: Mapping[str, str], mistakes: list[str]) -> Decimal:
    """A number above 0 and up to 100."""
    given = environ.get(name, "").strip() or usual
    try:
        ratio = Decimal(given)
    except InvalidOperation:
        ratio = Decimal(0)
    if not ratio.is_finite() or not 0 < ratio <= 100:
        mistakes.append(f"{name} is {given!r}. Give a number above 0, such as {usual}.")
    return ratio


def _seconds(environ: Mapping[str, str], mistakes: list[str]) -> int:
    """Ten seconds to an hour."""
    given = environ.get("PRORATA_PROXMOX_SHUTDOWN_SECONDS", "").strip() or "120"
    if not (given.isascii() and given.isdigit() and 10 <= int(given) <= 3600):
        mistakes.append(f"PRORATA_PROXMOX_SHUTDOWN_SECONDS is {given!r}. Give whole seconds, 10 to 3600.")
        return 120
    return int(given)
