"""Which component of a product is what of a machine, and how much of the host may be sold."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Literal, get_args

Kind = Literal["cpu", "memory", "disk", "snapshots", "backups"]
COMPONENTS = "cpu=cpu memory=memory:GiB disk=disk:vda:GiB snapshots=snapshots backups=backups"
BYTES = {"MiB": 2**20, "GiB": 2**30, "TiB": 2**40}
SIZE = re.compile(r"(\d{0,6})(MiB|GiB|TiB)")


@dataclass(frozen=True)
class Component:
    """One component: its code in the product and what it is of a machine.

    unit   bytes of one unit, of memory and disks; 1 of what is counted
    disk   the disk's name inside the machine (vda)
    """

    code: str
    kind: Kind
    unit: int = 1
    disk: str = ""

    @property
    def counts_objects(self) -> bool:
        """Whether it limits stored objects, which is Prorata's own number and none of libvirt's."""
        return self.kind in ("snapshots", "backups")


@dataclass(frozen=True)
class HostSettings:
    """What one libvirt host sells.

    components       by code
    backup_pool      the storage pool that holds backups; "" for none
    cpu_ratio        how many vCPUs are sold for one processor of the host
    memory_reserve   bytes of the host's memory that no machine gets
    disk_ratio       how much of a storage pool is sold: 1 is all of it, once
    shutdown_seconds how long a machine may take to shut down by itself before it is switched off
    """

    components: dict[str, Component]
    backup_pool: str = ""
    cpu_ratio: Fraction = Fraction(4)
    memory_reserve: int = 2 * 2**30
    disk_ratio: Fraction = Fraction(1)
    shutdown_seconds: float = 60.0


def read_components(text: str) -> dict[str, Component]:
    """Read `code=kind[:disk][:unit]`, separated by spaces or commas. Raises ValueError with one line that helps."""
    found = [_component(part) for part in re.split(r"[\s,]+", text.strip()) if part]
    if not found:
        raise ValueError(f"names no component. Write it like {COMPONENTS}")
    codes = [component.code for component in found]
    whats = [(component.kind, component.disk) for component in found]
    if len(set(codes)) < len(codes) or len(set(whats)) < len(whats):
        raise ValueError("names a component or a part of the machine twice. Name each once")
    return {component.code: component for component in found}


def read_size(text: str) -> int:
    """Bytes of "4GiB", "512MiB", "GiB" (one). Raises ValueError."""
    size = SIZE.fullmatch(text)
    if size is None or size[1] == "0" * len(size[1]) != "":
        raise ValueError(f"holds {text!r}. Write a size like 512MiB, GiB or 4GiB")
    return int(size[1] or 1) * BYTES[size[2]]


def read_ratio(text: str) -> Fraction:
    """A number above zero, exactly. Raises ValueError."""
    if not re.fullmatch(r"\d{1,4}(\.\d{1,4})?", text) or not Decimal(text):
        raise ValueError(f"is {text!r}. Write a number above zero, such as 4 or 1.5")
    return Fraction(text)


def _component(part: str) -> Component:
    code, _, what = part.partition("=")
    kind, *more = what.split(":")
    if not re.fullmatch(r"[a-z][a-z0-9_-]{0,39}", code) or kind not in get_args(Kind):
        raise ValueError(f"holds {part!r}. Write code=kind, where kind is one of {', '.join(get_args(Kind))}")
    disk = more.pop(0) if kind == "disk" and more else ""
    if kind == "disk" and not re.fullmatch(r"[a-z]{2,4}", disk):
        raise ValueError(f"holds {part!r}. Name the disk as the machine does, e.g. disk=disk:vda:GiB")
    sized = kind in ("memory", "disk")
    if len(more) > (1 if sized else 0):
        raise ValueError(f"holds {part!r}, which says too much. Write it like one of {COMPONENTS}")
    unit = read_size(more[0] if more else "GiB") if sized else 1
    return Component(code=code, kind=kind, unit=unit, disk=disk)  # type: ignore[arg-type]
