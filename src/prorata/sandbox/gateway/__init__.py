"""The sandbox gateway: a payment processor that takes no real money. `python -m prorata.sandbox.gateway --help`"""

from __future__ import annotations

from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run the process until it is ended."""
    from prorata.sandbox.gateway.process import run

    return run(argv)
