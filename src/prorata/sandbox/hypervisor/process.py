"""The command line of the sandbox hypervisor."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from prorata.sandbox import process
from prorata.sandbox.hypervisor import settings
from prorata.sandbox.hypervisor.schema import SCHEMA
from prorata.sandbox.store import Store

NAME = "hypervisor"
TOKEN = "PRORATA_SANDBOX_HYPERVISOR_TOKEN"  # noqa: S105

DEMO_STEP_SECONDS = 2.0


def run(argv: Sequence[str] | None) -> int:
    """Parse, check, serve. Returns the exit code."""
    parent = os.getppid()
    parse = process.parser(NAME, "A hypervisor for demos and tests. No real machine is touched.")
    parse.add_argument("--token", help=f"the API token; default: {TOKEN}")
    parse.add_argument(
        "--step-seconds",
        type=duration,
        help="how long one change takes; 2 in a demo, 0 in a test unless given",
    )
    given = parse.parse_args(argv)
    process.guard(NAME)
    if given.die_with_parent:
        process.tie_to_parent(parent)
    token = given.token if given.token is not None else os.environ.get(TOKEN, "")
    if not token.strip():
        process.refuse(NAME, f"the API token is missing or empty; give --token or set {TOKEN}")
    step_seconds = given.step_seconds
    if step_seconds is None:  # a person wants to watch, a test does not want to wait
        step_seconds = DEMO_STEP_SECONDS if os.environ["PRORATA_MODE"] == "demo" else 0.0
    return process.serve(NAME, given.port, lambda: start(given.store, token.strip(), step_seconds))


def duration(given: str) -> float:
    """Seconds, or one clear line."""
    try:
        value = float(given)
    except ValueError:
        value = -1
    if not 0 <= value <= 3600:
        raise argparse.ArgumentTypeError(f"{given!r} is no duration; take 0 to 3600 seconds")
    return value


def start(path: Path, token: str, step_seconds: float) -> Any:
    """Open the store and build the application."""
    from prorata.sandbox import web

    sandbox = web.Sandbox(
        store=Store(path, SCHEMA),
        keys=(token,),
        defaults={**settings.DEFAULTS, "step_seconds": step_seconds},
    )
    return web.build(sandbox, urls="prorata.sandbox.hypervisor.urls", folder=Path(__file__).parent)
