"""The guest's first file system: busybox, our init and the kernel's drivers in one compressed cpio archive."""

from __future__ import annotations

import gzip
import stat
from pathlib import Path

INIT = Path(__file__).with_name("guest_init.sh")
# What the guest needs of the kernel, each after what it depends on. A driver that is part of the kernel has no file.
MODULES = (
    "virtio_ring", "virtio", "virtio_pci_modern_dev", "virtio_pci_legacy_dev", "virtio_pci", "virtio_blk",
    "virtio_balloon", "button", "evdev",
)  # fmt: skip
FILE, FOLDER, DEVICE = stat.S_IFREG, stat.S_IFDIR, stat.S_IFCHR


def build_initrd(target: Path, busybox: Path, modules: Path) -> None:
    """Write the archive; `busybox` is linked statically, `modules` a folder of *.ko files."""
    found = [name for name in (f"{module}.ko" for module in MODULES) if (modules / name).exists()]
    archive = _Archive()
    for folder in ("bin", "dev", "modules"):
        archive.add(folder, FOLDER | 0o755)
    # The kernel opens it for the first program.
    archive.add("dev/console", DEVICE | 0o600, device=(5, 1))
    archive.add("init", FILE | 0o755, INIT.read_bytes())
    archive.add("bin/busybox", FILE | 0o755, busybox.read_bytes())
    archive.add("modules/order", FILE | 0o644, "\n".join(found).encode())
    for name in found:
        archive.add(f"modules/{name}", FILE | 0o644, (modules / name).read_bytes())
    target.write_bytes(gzip.compress(archive.whole(), 1, mtime=0))


class _Archive:
    """cpio in the format "newc": a header of hexadecimal fields, the name, the content, each filled up to 4 bytes."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []

    def add(self, name: str, mode: int, content: bytes = b"", *, device: tuple[int, int] = (0, 0)) -> None:
        path = name.encode() + b"\0"
        fields = (len(self.parts) + 1, mode, 0, 0, 1, 0, len(content), 0, 0, *device, len(path), 0)
        header = b"070701" + b"".join(b"%08X" % field for field in fields)
        self.parts.append(_filled(header + path) + _filled(content))

    def whole(self) -> bytes:
        self.add("TRAILER!!!", 0)
        return b"".join(self.parts)


def _filled(part: bytes) -> bytes:
    return part + b"\0" * (-len(part) % 4)
