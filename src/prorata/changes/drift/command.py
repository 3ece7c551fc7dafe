"""`prorata drift`: where sold, invoiced and measured differ. Django is set up."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from typing import Any

from prorata import clock
from prorata.changes.drift.compare_all import compare_all
from prorata.changes.drift.models import Comparison, Difference
from prorata.changes.drift.open_now import open_now
from prorata.changes.drift.say import line_of


def main(arguments: Sequence[str]) -> int:
    """Returns 0 when nothing differs, 1 when something does; what staff left until a date counts too."""
    parser = argparse.ArgumentParser(
        prog="prorata drift", allow_abbrev=False,
        description="Where what is sold, what was invoiced and what the machines have differ: a line for each difference.",
    )  # fmt: skip
    parser.add_argument(
        "--now", action="store_true", help="compare first: measures every machine and keeps the result"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    chosen = parser.parse_args(list(arguments))
    if chosen.now:
        compare_all()
    found = list(open_now().order_by("id"))
    last = Comparison.objects.first()
    if chosen.json:
        told = {
            "compared_at": last.at.isoformat() if last else None,
            "differences": [as_json(one) for one in found],
        }
        sys.stdout.write(json.dumps(told, ensure_ascii=False, indent=2) + "\n")
    else:
        sys.stdout.writelines([*(f"{dated(one)}\n" for one in found), f"{_ending(last, len(found))}\n"])
    return 1 if found else 0


def dated(one: Difference) -> str:
    """web-01 (sandbox/vm-1): memory is sold as 4, invoiced as 4 and measured as 6, since 2026-08-16 02:23"""
    left = (
        f", left until {one.left_until:%Y-%m-%d %H:%M}" if one.left_until and one.is_left(clock.now()) else ""
    )
    return f"{line_of(one)}, since {one.first_seen_at:%Y-%m-%d %H:%M}{left}"


def as_json(one: Difference) -> dict[str, Any]:
    return {
        "kind": one.kind, "driver": one.driver, "machine": one.external_id,
        "service": str(one.service) if one.service else None, "component": one.component or None, "sold": one.sold,
        "invoiced": one.invoiced, "invoiced_by": one.invoiced_by or None, "measured": one.measured,
        "since": one.first_seen_at.isoformat(), "last_seen": one.last_seen_at.isoformat(), "times_seen": one.times_seen,
        "left_until": one.left_until.isoformat() if one.left_until else None,
    }  # fmt: skip


def _ending(last: Comparison | None, count: int) -> str:
    if last is None:
        return "Nothing was compared yet: `prorata drift --now` does."
    told = f"compared {last.at:%Y-%m-%d %H:%M}: {last.services} services, {last.in_flight} in flight, "
    told += f"{last.unmeasured} not measured, {last.machines} machines"
    return f"{told}: {'nothing differs' if not count else f'{count} open'}"
