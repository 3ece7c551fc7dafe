"""What differs cannot be changed: nobody knows what it would be changed from."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from prorata.changes.limits import Limit
from prorata.changes.refusals import Refusal


def hold_still(found: Mapping[str, Limit], differing: Collection[str]) -> dict[str, Limit]:
    """The limits with nothing to choose where a service's sizes differ; everything else stays as it was."""
    return {code: _still(limit) if code in differing else limit for code, limit in found.items()}


def _still(limit: Limit) -> Limit:
    why = (Refusal("differs", limit.code, {"name": limit.name}),)
    return replace(
        limit, floor=limit.current, ceiling=limit.current, floor_reasons=why, ceiling_reasons=why,
        allowed=(limit.current,),
    )  # fmt: skip
