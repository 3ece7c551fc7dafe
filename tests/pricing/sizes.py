"""Two sizes of the same properties: a seeded sample on every run, the long form with PRORATA_PROVE=1."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

PROVING = os.environ.get("PRORATA_PROVE") == "1"
_QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


def examples(sample: int, proof: int) -> settings:
    """A decorator: so many examples in the sample (the same every time), so many fresh ones in the proof."""
    return settings(
        max_examples=proof if PROVING else sample,
        derandomize=not PROVING,
        deadline=None,
        suppress_health_check=_QUIET,
    )
