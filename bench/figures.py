"""Quantiles, ratios, and the circumstances a figure belongs to."""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

# Rounds that differ by more than this measured the neighbours rather than the portal.
NOISY = 0.10


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -int(-share * len(ordered) // 1) - 1)]


def spread(values: Sequence[float]) -> float:
    """How far the rounds lie apart: half the distance of highest and lowest, by the median."""
    return (max(values) - min(values)) / 2 / statistics.median(values)


def ratio_line(what: str, ratios: Sequence[float]) -> str:
    """One line: median, lowest and highest, and whether the rounds agree."""
    agrees = "" if spread(ratios) <= NOISY else "  (noisy: measure again on a quieter machine)"
    return (
        f"{what:<58} {statistics.median(ratios):7.3f}   {min(ratios):.3f} to {max(ratios):.3f}"
        f" in {len(ratios)} rounds, +-{spread(ratios):.0%}{agrees}"
    )


def flush_seconds(folder: Path, times: int = 50) -> float:
    """What it takes to bring one 8 kB page to the disk, the median of `times`: the floor under every commit."""
    found = []
    file = folder / "flush"
    with file.open("wb", buffering=0) as page:
        for _ in range(times):
            page.seek(0)
            page.write(bytes(8192))
            before = time.perf_counter()
            os.fsync(page.fileno())
            found.append(time.perf_counter() - before)
    file.unlink()
    return statistics.median(found)


def circumstances(folder: Path, settings: dict[str, str]) -> str:
    """When, where, and under what load: a figure without them is worth nothing."""
    durable = " ".join(f"{name}={value}" for name, value in settings.items())
    return f"{moment()}\none 8 kB flush {flush_seconds(folder) * 1000:.2f} ms; {durable}"


def moment() -> str:
    """The circumstances of what needs no disk."""
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    return f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {os.cpu_count()} cores, load {load}, Python {platform.python_version()}"
