"""`prorata verify`: prove on live data that the books hold. Django is set up; nothing is written."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from typing import Any

from prorata import clock
from prorata.verify.promise import Asked, Finding, Promise
from prorata.verify.says import SAYS
from prorata.verify.walk import Walk, walk


def main(arguments: Sequence[str]) -> int:
    """Returns 0 when everything holds, 1 when something is broken. What could not run raises."""
    parser = argparse.ArgumentParser(
        prog="prorata verify", allow_abbrev=False,
        description="Prove on live data that every cent can be traced: one line for each row that breaks a promise.",
    )  # fmt: skip
    parser.add_argument("--all", action="store_true", help="price every stored quote again, not a sample")
    parser.add_argument(
        "--sample", type=int, default=200, metavar="N", help="how many quotes to price again (default 200)"
    )
    parser.add_argument(
        "--seed", type=int, default=0, metavar="N", help="which quotes: another number draws others"
    )
    parser.add_argument("--promises", action="store_true", help="list what is promised, and check nothing")
    parser.add_argument("--json", action="store_true", help="print JSON")
    chosen = parser.parse_args(list(arguments))
    if chosen.promises:
        sys.stdout.writelines(f"{key:<32}{says}\n" for key, says in SAYS.items())
        return 0
    if chosen.sample < 0:
        parser.error("--sample is a number of quotes: 0 or more")
    asked = Asked(now=clock.now(), every_quote=chosen.all, sample=chosen.sample, seed=chosen.seed)
    shown = sys.stderr.isatty()
    done = walk(asked, progress=_progress if shown else None)
    if shown:
        sys.stderr.write("\r\x1b[K")
    sys.stdout.write(
        json.dumps(as_json(done), ensure_ascii=False, indent=2) + "\n" if chosen.json else as_text(done)
    )
    return 0 if done.holds else 1


def as_text(done: Walk) -> str:
    """A line for each finding and one at the end with the figures."""
    lines = [line_of(finding) for finding in done.findings]
    count = len(done.findings)
    ending = (
        "everything holds"
        if done.holds
        else f"{count} {'row breaks' if count == 1 else 'rows break'} a promise"
    )
    lines.append(
        f"{done.promises} promises, {done.rows:,} rows ({done.unsealed:,} not sealed yet), {done.seconds:.1f} s: {ending}"
    )
    return "\n".join(lines) + "\n"


def line_of(finding: Finding) -> str:
    where = f"{finding.place} ({finding.reference})" if finding.reference else finding.place
    return f"{finding.promise}: {where}: {finding.what}"


def as_json(done: Walk) -> dict[str, Any]:
    return {
        "holds": done.holds, "promises": done.promises, "rows": done.rows, "seconds": round(done.seconds, 3),
        "unsealed": done.unsealed, "last_hash": done.last_hash,
        "findings": [vars(finding) | {"says": SAYS[finding.promise]} for finding in done.findings],
    }  # fmt: skip


def _progress(promise: Promise) -> None:
    sys.stderr.write(f"\r\x1b[K{promise.says}")
    sys.stderr.flush()
