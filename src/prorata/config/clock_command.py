"""`prorata clock`: move the business clock of a demo or a test forward."""

from __future__ import annotations

import argparse
import os
import re
from datetime import timedelta
from pathlib import Path

from prorata.clock import Clock, read_ahead, write_ahead
from prorata.config.environment import EnvironmentMistake, demo_home, load_demo_environment

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def main(arguments: list[str]) -> int:
    """`forward 3d` moves it; `show` tells it. Days are 24 hours."""
    parser = argparse.ArgumentParser(prog="prorata clock", allow_abbrev=False)
    actions = parser.add_subparsers(dest="action", metavar="forward|show", required=True)
    forward = actions.add_parser("forward", help="move the clock forward by 90s, 30m, 12h, 3d or 2w")
    forward.add_argument("by", help="how far, e.g. 3d")
    actions.add_parser("show", help="tell the business time")
    chosen = parser.parse_args(arguments)
    file = clock_file()
    try:
        if chosen.action == "forward":
            write_ahead(file, read_ahead(file) + int(parse_duration(chosen.by).total_seconds()))
        instant = Clock(file).now()
    except (ValueError, OverflowError) as mistake:
        raise EnvironmentMistake([str(mistake)]) from None
    print(f"The business clock now says {instant:%Y-%m-%d %H:%M:%S} UTC.")
    return 0


def parse_duration(text: str) -> timedelta:
    """90s, 30m, 12h, 3d or 2w as a length of time; ValueError in one line otherwise."""
    found = re.fullmatch(r"([0-9]{1,6})([smhdw])", text)
    if not found or int(found[1]) == 0:
        raise ValueError(f"{text!r} is no length of time. Write it like 90s, 30m, 12h, 3d or 2w.")
    return timedelta(**{UNITS[found[2]]: int(found[1])})


def clock_file() -> Path:
    """The clock file of this environment, or else of the demo in this checkout."""
    if os.environ.get("PRORATA_MODE") == "production":
        raise EnvironmentMistake(["The business clock of a production installation cannot be moved."])
    given = os.environ.get("PRORATA_CLOCK_FILE") or load_demo_environment(demo_home(os.environ)).get(
        "PRORATA_CLOCK_FILE"
    )
    if not given:
        raise EnvironmentMistake(["There is no demo whose clock could be moved. Start ./demo first."])
    return Path(given)
