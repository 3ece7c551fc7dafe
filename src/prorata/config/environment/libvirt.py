"""What an installation says about its libvirt hosts, and how much of each is sold."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from fractions import Fraction
from importlib.util import find_spec
from typing import TypeVar

from prorata.provisioning.drivers.kvm.library import MISSING
from prorata.provisioning.drivers.kvm.settings import (
    COMPONENTS,
    HostSettings,
    read_components,
    read_ratio,
    read_size,
)

T = TypeVar("T")
HOST = re.compile(r"(?:([a-z][a-z0-9-]{0,39})=)?([a-z]+(?:\+[a-z0-9]+)?://\S*)")
USUAL_NAME, TAKEN = "libvirt", ("sandbox", "proxmox")
NAMES = (
    "PRORATA_LIBVIRT_URI",
    "PRORATA_LIBVIRT_COMPONENTS",
    "PRORATA_LIBVIRT_BACKUP_POOL",
    "PRORATA_LIBVIRT_CPU_RATIO",
    "PRORATA_LIBVIRT_MEMORY_RESERVE",
    "PRORATA_LIBVIRT_DISK_RATIO",
    "PRORATA_LIBVIRT_SHUTDOWN_SECONDS",
)


@dataclass(frozen=True, kw_only=True)
class Libvirt:
    """libvirt hosts, each an address by the name that services are kept with, and what of each is sold."""

    hosts: Mapping[str, str]
    settings: HostSettings

    @property
    def drivers(self) -> dict[str, str]:
        """Entries for PRORATA_DRIVERS."""
        return {name: f"prorata.config.wiring.libvirt_driver:{name}" for name in self.hosts}


def read_libvirt(
    environ: Mapping[str, str], given: Collection[str], mode: str, mistakes: list[str]
) -> Libvirt | None:
    """The hosts, or None where nothing of them is set. What is wrong is one line each in `mistakes`."""
    if not any(name in given for name in NAMES):
        return None
    uris, components, pool, cpus, memory, disks, seconds = (environ.get(name, "").strip() for name in NAMES)
    hosts = read_hosts(uris, mode, mistakes)
    if not find_spec("libvirt"):
        mistakes.append(f"{NAMES[0]} is set. {MISSING}.")

    def read(name: str, text: str, reader: Callable[[str], T], usual: T) -> T:
        try:
            return reader(text) if text else usual
        except ValueError as mistake:
            mistakes.append(f"{name} {mistake}.")
            return usual

    usual = HostSettings(components=read_components(COMPONENTS if pool else without_backups(COMPONENTS)))
    found = HostSettings(
        components=read(NAMES[1], components, read_components, usual.components),
        backup_pool=pool,
        cpu_ratio=read(NAMES[3], cpus, read_ratio, usual.cpu_ratio),
        memory_reserve=read(NAMES[4], memory, read_size, usual.memory_reserve),
        disk_ratio=read(NAMES[5], disks, read_ratio, usual.disk_ratio),
        shutdown_seconds=float(read(NAMES[6], seconds, read_ratio, Fraction(usual.shutdown_seconds))),
    )
    if not pool and any(component.kind == "backups" for component in found.components.values()):
        mistakes.append(f"{NAMES[1]} names backups. Set {NAMES[2]} to the storage pool that holds them.")
    return Libvirt(hosts=hosts, settings=found)


def read_hosts(text: str, mode: str, mistakes: list[str]) -> dict[str, str]:
    """One address, or several with a name each. What is wrong is one line in `mistakes`."""
    read = [HOST.fullmatch(part) for part in text.split()]
    hosts = {found[1] or USUAL_NAME: found[2] for found in read if found}
    if not read or not all(read):
        mistakes.append(
            f"{NAMES[0]} is {text!r}. Set libvirt's address, such as qemu:///system or"
            " qemu+tls://host.example.com/system, or unset all of PRORATA_LIBVIRT_*."
        )
    elif len(hosts) < len(read) or hosts.keys() & set(TAKEN):
        mistakes.append(
            f"{NAMES[0]} has hosts without a name, or a name twice. Write several as tokyo-1=qemu+tls://... tokyo-2=..."
        )
    elif mode == "production" and any(uri.startswith("test:") for uri in hosts.values()):
        mistakes.append(f"{NAMES[0]} is {text!r}, where no machine is real. Set the address of a host.")
    return hosts


def without_backups(components: str) -> str:
    """Who names no pool for backups sells none."""
    return " ".join(part for part in components.split() if part != "backups=backups")
