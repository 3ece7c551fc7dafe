"""Sizes of the same properties: a seeded sample on every run, the long form with PRORATA_PROVE=1, and a few examples
for every mistake that `mutation.run` tries."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

MUTANT = os.environ.get("PRORATA_MUTANT") == "1"
PROVING = os.environ.get("PRORATA_PROVE") == "1" and not MUTANT
_QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


def examples(sample: int, proof: int) -> settings:
    """A decorator: so many examples in the sample (the same every time), so many fresh ones in the proof."""
    return settings(
        max_examples=proof if PROVING else sized(sample),
        derandomize=not PROVING,
        deadline=None,
        suppress_health_check=_QUIET,
    )


def sized(sample: int) -> int:
    """So many of a sample as fit in here: a tenth of them where every mistake gets its own run."""
    return max(sample // 10, 10) if MUTANT else sample
