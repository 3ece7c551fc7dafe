"""`prorata demo`: the whole portal on this machine, with a demo customer and pretend money."""

from __future__ import annotations

import argparse
import os
import shutil
import sys

from prorata.config.embedded_postgres import EmbeddedPostgres, PostgresError
from prorata.config.environment import EnvironmentMistake, demo_home
from prorata.config.supervisor import Demo, DemoMistake


def main(arguments: list[str]) -> int:
    """Run until Ctrl-C; 2 and one line if something the person can mend stands in the way."""
    parser = argparse.ArgumentParser(prog="./demo", description=__doc__, allow_abbrev=False)
    parser.add_argument(
        "--port", type=_port, default=8000, help="port of the portal (default 8000, or the next free one)"
    )
    parser.add_argument(
        "--reset", action="store_true", help="forget everything that was done in the demo, then start anew"
    )
    chosen = parser.parse_args(arguments)
    if os.environ.get("PRORATA_MODE", "demo") != "demo":
        print(
            "./demo: PRORATA_MODE is set to something else. Unset it: a demo must never touch real data.",
            file=sys.stderr,
        )
        return 2
    home = demo_home(os.environ)
    try:
        demo = Demo(home, port=chosen.port)
        with demo.alone():
            if chosen.reset:
                _forget(demo)
            return demo.run()
    except EnvironmentMistake as mistake:
        for line in mistake.lines:
            print(f"./demo: {line}", file=sys.stderr)
    except (DemoMistake, PostgresError) as mistake:
        print(f"./demo: {mistake}", file=sys.stderr)
    return 2


def _forget(demo: Demo) -> None:
    if os.environ.get("DATABASE_URL"):
        raise DemoMistake(
            "--reset forgets only the embedded database. Drop and create the one in DATABASE_URL yourself."
        )
    print(f"Forgetting everything in {demo.home}.", flush=True)
    EmbeddedPostgres(demo.home / "postgres").remove()
    for found in demo.home.iterdir():
        if found != demo.lock_file:
            shutil.rmtree(found) if found.is_dir() and not found.is_symlink() else found.unlink()


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65_536:
        raise argparse.ArgumentTypeError(f"{text!r} is no port. Give a number from 1 to 65535.")
    return int(text)
