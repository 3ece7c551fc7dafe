"""The sandbox hypervisor: machines that are rows in a store. `python -m prorata.sandbox.hypervisor --help`"""

from __future__ import annotations

from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run the process until it is ended."""
    from prorata.sandbox.hypervisor.process import run

    return run(argv)
